import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct LogExporterTests {
    private func export(_ fixture: LogFixture, _ change: (inout LogExporter.Filter) -> Void) throws -> (lines: [String], next: UInt64) {
        var filter = LogExporter.Filter()
        change(&filter)
        var bytes = [UInt8]()
        var exporter = LogExporter(reader: fixture.store, filter: filter)
        let next = try exporter.write(try #require(ExportFormats.named("ndjson")), from: nil) { bytes += $0 }
        return (String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init), try #require(next).next)
    }

    @Test func everyLineIsOneLeafAndAnExportGoesOnFromItsCursor() throws {
        let fixture = try ReadingFixture.shared.get()
        let entries = try fixture.entries
        let whole = try export(fixture) { _ in }
        #expect(whole.lines == entries && whole.next == UInt64(entries.count))
        for from in [0, 1, 17, entries.count - 1, entries.count] {
            let part = try export(fixture) { $0.fromIndex = UInt64(from) }
            #expect(part.lines == Array(entries[from...]) && part.next == UInt64(entries.count))
        }
        #expect(MerkleHashing.root(of: whole.lines.map { MerkleHashing.leaf(Array($0.utf8)) }) == fixture.store.contents.commits.last?.root)
    }

    @Test(arguments: [0, 1, 10, 20]) func aVendorsExportHoldsItsTransfersAndTheirOutcomes(from: UInt64) throws {
        let fixture = try ReadingFixture.shared.get()
        let entries = try fixture.entries
        let ids = Set(entries.filter { $0.contains(#""vendor":"mailchimp""#) && $0.contains("xid") }.map { $0.suffix(40) })
        let expected = entries.enumerated().filter { $0.offset >= from && ids.contains($0.element.suffix(40)) }.map(\.element)
        let lines = try export(fixture) { ($0.vendor, $0.fromIndex) = ("mailchimp", from) }.lines
        #expect(lines == expected)
        #expect(!lines.isEmpty)
    }

    @Test func aTimeRangeIsHalfOpen() throws {
        let fixture = try ReadingFixture.shared.get()
        let end = fixture.clock.now()
        let entries = try fixture.entries
        let part = try export(fixture) { ($0.since, $0.until) = (end.adding(seconds: -300), end.adding(seconds: -60)) }.lines
        func time(_ entry: String) -> String { entry.firstMatch(of: /"t":"([^"]+)"/).map { String($0.1) } ?? "" }
        let (low, high) = (EntryTime.text(end.adding(seconds: -300)), EntryTime.text(end.adding(seconds: -60)))
        let expected = entries.filter {
            time($0) >= String(decoding: low, as: UTF8.self) && time($0) < String(decoding: high, as: UTF8.self)
        }
        #expect(part == expected && !part.isEmpty)
    }
}
