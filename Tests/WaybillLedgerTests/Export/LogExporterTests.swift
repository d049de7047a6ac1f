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

@Suite("Exports by cursor")
struct LogExporterCursorTests {
    private func pages(_ reader: any LogReader, _ filter: LogExporter.Filter = .init(), entriesMax: Int, bytesMax: Int, fresh: Bool) throws
        -> [ExportRecord]
    {
        var exporter = LogExporter(reader: reader, filter: filter)
        var records = [ExportRecord]()
        var cursor: ExportCursor?
        while true {
            if fresh { exporter = LogExporter(reader: reader, filter: filter) }
            let batch = try exporter.records(from: cursor, entriesMax: entriesMax, bytesMax: bytesMax)
            records += batch.records
            cursor = batch.next
            if batch.isAtEnd { return records }
            guard records.count < 10_000 else { throw CancellationError() }
        }
    }

    private func same(_ a: [ExportRecord], _ b: [ExportRecord]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.index == $1.index && $0.entry == $1.entry && $0.intent == $1.intent }
    }

    @Test(
        "Pages of any size are together the whole, by an exporter that goes on and by one begun anew each time",
        arguments: [1, 2, 3, 7, 1_000], [true, false])
    func anyPage(size: Int, fresh: Bool) throws {
        for store in [try ReadingFixture.shared.get().store, try ExportFixture.shared.get().log.store] {
            let whole = try pages(store, entriesMax: .max, bytesMax: .max, fresh: false)
            #expect(whole.map(\.index) == (0..<UInt64(whole.count)).map { $0 })
            #expect(whole.count { $0.kind == .outcome && $0.intent != nil } == whole.count { $0.kind == .outcome })
            #expect(same(try pages(store, entriesMax: size, bytesMax: .max, fresh: fresh), whole))
            #expect(same(try pages(store, entriesMax: .max, bytesMax: size * 700, fresh: fresh), whole))
            var filter = LogExporter.Filter()
            filter.vendor = "hubspot"
            let ofVendor = try pages(store, filter, entriesMax: .max, bytesMax: .max, fresh: false)
            #expect(!ofVendor.isEmpty)
            #expect(same(try pages(store, filter, entriesMax: size, bytesMax: .max, fresh: fresh), ofVendor))
        }
    }

    @Test("An intent in the same commit as the cursor is found for an outcome behind it")
    func sameCommit() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        // The outcome rides with the second intent: both stand in one commit.
        log.record(TransferOutcome(xid: .testing(1), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        log.record(.testing(2), ticket: 2, for: fixture.listener)
        log.close()
        for from in 0..<log.size {
            var exporter = LogExporter(reader: fixture.store)
            let batch = try exporter.records(from: ExportCursor(origin: "acme.example/waybill", next: from), entriesMax: 99, bytesMax: .max)
            #expect(batch.records.first?.index == from)
            for record in batch.records where record.kind == .outcome { #expect(record.intent != nil, "from \(from)") }
        }
    }

    @Test("With no room to hold intents they are read again")
    func bounded() throws {
        let store = try ReadingFixture.shared.get().store
        let whole = try pages(store, entriesMax: .max, bytesMax: .max, fresh: false)
        var exporter = LogExporter(reader: store, heldBytesMax: 1_500)
        #expect(same(try exporter.records(from: nil, entriesMax: .max, bytesMax: .max).records, whole))
    }

    @Test(
        "A cursor of another log, or beyond the end, is refused with the remedy",
        arguments: [
            ("3@other.example/waybill", "is of the log other.example/waybill"), ("9999@acme.example/waybill", "run waybill log verify"),
        ])
    func foreign(text: String, sentence: String) throws {
        let store = try ReadingFixture.shared.get().store
        let cursor = try #require(ExportCursor(text))
        var exporter = LogExporter(reader: store)
        let error = #expect(throws: ExportError.self) { _ = try exporter.records(from: cursor, entriesMax: 1, bytesMax: 1) }
        #expect(error?.message.contains(sentence) == true)
        #expect(throws: ExportError.self) {
            _ = try exporter.write(try #require(ExportFormats.named("csv")), from: cursor) { _ in }
        }
    }

    @Test("An empty log has nothing to give and no cursor")
    func empty() throws {
        var exporter = LogExporter(reader: MemoryLogStore())
        let batch = try exporter.records(from: nil, entriesMax: 1, bytesMax: 1)
        #expect(batch.records.isEmpty && batch.next == nil && batch.isAtEnd)
    }

    @Test("At the end the cursor stays, and new entries come from there")
    func follow() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        var exporter = LogExporter(reader: fixture.store)
        let first = try exporter.records(from: nil, entriesMax: 99, bytesMax: .max)
        let again = try exporter.records(from: first.next, entriesMax: 99, bytesMax: .max)
        #expect(first.records.count == 2 && again.records.isEmpty && again.next == first.next && again.isAtEnd)
        log.record(TransferOutcome(xid: .testing(1), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        log.close()
        let rest = try exporter.records(from: again.next, entriesMax: 99, bytesMax: .max)
        #expect(rest.records.map(\.kind) == [.outcome, .seal])
        #expect(rest.records.first?.intent == first.records.last?.entry)
    }

    @Test("A damaged entry is said to be so")
    func damaged() throws {
        var contents = try ReadingFixture.shared.get().store.contents
        contents.commits[1].body[40] = 0
        var exporter = LogExporter(reader: MemoryLogStore(contents))
        #expect(throws: LogStoreError.self) { _ = try exporter.records(from: nil, entriesMax: 99, bytesMax: .max) }
    }
}
