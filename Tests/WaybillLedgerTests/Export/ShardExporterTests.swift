import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("Exports over shards")
struct ShardExporterTests {
    /// Logs of their own, each with an intent, an outcome and a seal.
    private func logs() throws -> [MemoryLogStore] {
        try ["acme.example/waybill", "acme.example/waybill/2026h2", "acme.example/waybill/2027h1"].enumerated().map { i, origin in
            let fixture = LogFixture()
            let log = try fixture.open { $0.origin = origin }
            log.record(.testing(UInt64(i)), ticket: 1, for: fixture.listener)
            #expect(fixture.listener.wait(for: 1))
            log.record(TransferOutcome(xid: .testing(UInt64(i)), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
            log.close()
            return fixture.store
        }
    }

    private func entries(_ logs: [MemoryLogStore]) throws -> [String] {
        var entries = [String]()
        for log in logs { try log.forEachEntry(from: 0) { entries.append(String(decoding: $1, as: UTF8.self)) } }
        return entries
    }

    @Test("Pages of any size are together all logs, oldest first", arguments: [1, 2, 3, 4, 99])
    func pages(size: Int) throws {
        let logs = try logs()
        var exporter = ShardExporter(logs: logs)
        var (records, cursor) = ([ExportRecord](), ExportCursor?.none)
        while true {
            let batch = try exporter.records(from: cursor, entriesMax: size, bytesMax: .max)
            records += batch.records
            cursor = batch.next
            guard !batch.isAtEnd, records.count < 99 else { break }
        }
        #expect(try records.map { String(decoding: $0.entry, as: UTF8.self) } == entries(logs))
        #expect(Set(records.map(\.origin)).count == 3)
        #expect(records.filter { $0.kind == .outcome }.allSatisfy { $0.intent != nil })
        #expect(cursor == ExportCursor(origin: "acme.example/waybill/2027h1", next: 4))
        let again = try exporter.records(from: cursor, entriesMax: size, bytesMax: .max)
        #expect(again.isAtEnd && again.records.isEmpty && again.next == cursor)
    }

    @Test("Bytes go on from a cursor of a closed shard through all that follow")
    func bytes() throws {
        let logs = try logs()
        let all = try entries(logs)
        let format = try #require(ExportFormats.named("ndjson"))
        func export(_ cursor: String?, _ change: (inout LogExporter.Filter) -> Void = { _ in }) throws -> [String] {
            var filter = LogExporter.Filter()
            change(&filter)
            var exporter = ShardExporter(logs: logs, filter: filter)
            var bytes = [UInt8]()
            let next = try exporter.write(format, from: cursor.flatMap { ExportCursor($0) }) { bytes += $0 }
            #expect(next?.origin == "acme.example/waybill/2027h1")
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        #expect(try export(nil) == all)
        #expect(try export("4@acme.example/waybill") == Array(all[4...]))
        #expect(try export("3@acme.example/waybill/2026h2") == Array(all[7...]))
        #expect(try export(nil) { $0.fromIndex = 1 } == Array(all[9...]))
    }

    @Test("A cursor of none of them is refused, and no logs are nothing")
    func refused() throws {
        var exporter = ShardExporter(logs: try logs())
        #expect(throws: ExportError.self) {
            _ = try exporter.records(from: ExportCursor(origin: "other.example/x", next: 0), entriesMax: 1, bytesMax: 1)
        }
        #expect(throws: ExportError.self) {
            _ = try exporter.records(from: ExportCursor(origin: "acme.example/waybill", next: 5), entriesMax: 1, bytesMax: 1)
        }
        var none = ShardExporter(logs: [])
        #expect(try none.records(from: nil, entriesMax: 1, bytesMax: 1).isAtEnd)
    }
}
