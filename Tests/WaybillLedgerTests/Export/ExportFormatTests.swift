import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// What holds for every format of the list.
@Suite("Every export format")
struct ExportFormatTests {
    private static let names = ExportFormats.all.map(\.name)

    private func setUp(_ name: String) throws -> (format: any ExportFormat, fixture: ExportFixture, records: [ExportRecord]) {
        let fixture = try ExportFixture.shared.get()
        return (try #require(ExportFormats.named(name)), fixture, try fixture.records())
    }

    @Test("The list is the one the documents name, each once")
    func list() {
        #expect(Self.names == ["ndjson", "csv", "ocsf", "cef", "ecs", "cloudevents", "otlp"])
        #expect(Set(ExportFormats.all.map(\.fileExtension)).count == Self.names.count)
        #expect(ExportFormats.named("xml") == nil)
    }

    @Test("The fixture has every kind and every result")
    func fixture() throws {
        let records = try ExportFixture.shared.get().records()
        #expect(Set(records.map(\.kind)) == Set(EntryKind.allCases))
        #expect(records.filter { $0.kind == .outcome }.allSatisfy { $0.intent != nil })
        #expect(records.filter { $0.kind != .outcome }.allSatisfy { $0.intent == nil })
    }

    @Test("Says something about every entry, in whole lines of UTF-8, and finds it again by its leaf hash", arguments: names)
    func lines(name: String) throws {
        let (format, _, records) = try setUp(name)
        for record in records {
            var bytes = [UInt8]()
            format.append(record, to: &bytes)
            let text = try #require(String(validating: bytes, as: UTF8.self))
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.last == "" && lines.count >= 2, "\(name) of \(record.kind)")
            if name == "ndjson" {
                #expect(MerkleHashing.leaf(Array(lines[0].utf8)) == record.leaf)
            } else {
                #expect(text.contains(record.leaf.description))
            }
        }
    }

    @Test("Bytes written straight from the log are those made of records", arguments: names)
    func bothPaths(name: String) throws {
        let (format, fixture, records) = try setUp(name)
        var fromRecords = [UInt8]()
        for record in records { format.append(record, to: &fromRecords) }
        var exporter = LogExporter(reader: fixture.log.store)
        var straight = [UInt8]()
        let next = try exporter.write(format, from: nil) { straight += $0 }
        #expect(straight == fromRecords)
        // For acceptance/export_reader.py, which reads them with software that is not ours.
        if let folder = ProcessInfo.processInfo.environment["WAYBILL_KEEP_EXPORTS"] {
            try Data(format.header + straight).write(to: URL(filePath: folder).appending(path: "export.\(name)"))
        }
        #expect(next == ExportCursor(origin: "acme.example/waybill", next: UInt64(records.count)))
    }

    @Test("An outcome whose intent is gone is told without it", arguments: names)
    func withoutIntent(name: String) throws {
        let (format, _, records) = try setUp(name)
        var record = try #require(records.first { $0.kind == .outcome })
        record.intent = nil
        var bytes = [UInt8]()
        format.append(record, to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("\n") && !text.contains("newsletter"))
        if Self.json.contains(name) { _ = try JSONSerialization.jsonObject(with: Data(bytes)) }
    }

    @Test("Nothing personal comes out, and nothing that opens a commitment", arguments: names)
    func silence(name: String) throws {
        let (format, fixture, records) = try setUp(name)
        var bytes = [UInt8]()
        for record in records { format.append(record, to: &bytes) }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains(ExportFixture.email))
        for row in try fixture.log.store.sideRows(from: 0, limit: 1_000) {
            for record in try #require(SideRecord.records(inRow: row.body, first: row.first)) {
                for commitment in record.commitments { #expect(!text.contains(hex(commitment.hash.bytes))) }
            }
        }
    }

    private static let json = ["ndjson", "ocsf", "ecs", "cloudevents", "otlp"]

    @Test("JSON stays JSON whatever stands in an entry, and says it unchanged", arguments: json)
    func hostileJSON(name: String) throws {
        let (format, _, records) = try setUp(name)
        for record in records {
            var bytes = [UInt8]()
            format.append(record, to: &bytes)
            for line in bytes.split(separator: 0x0a) {
                let object = try JSONSerialization.jsonObject(with: Data(line))
                #expect(object is [String: Any])
                if record.kind == .intent, String(decoding: record.entry, as: UTF8.self).contains("=cmd()") {
                    #expect(texts(in: object).contains { $0 == ExportFixture.hostile || ($0.first == "{" && $0.contains("=cmd()")) })
                }
            }
        }
    }

    private func texts(in value: Any) -> [String] {
        switch value {
        case let text as String: [text]
        case let array as [Any]: array.flatMap { texts(in: $0) }
        case let object as [String: Any]: object.values.flatMap { texts(in: $0) }
        default: []
        }
    }
}
