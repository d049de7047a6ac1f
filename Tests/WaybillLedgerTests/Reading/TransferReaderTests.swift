import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// Two days of transfers: vendors in turn, one a minute, each third denied, each intent but the last with an outcome.
struct ReadingFixture {
    static let shared: Result<LogFixture, any Error> = Result { try make() }
    static let count: UInt64 = 30

    static func make() throws -> LogFixture {
        let fixture = LogFixture()
        fixture.clock.advance(milliseconds: -15 * 60_000)
        let log = try fixture.open()
        for i in 0..<count {
            fixture.clock.advance(milliseconds: 60_000)
            let vendor = ["hubspot", "mailchimp"][Int(i % 2)]
            var draft = TransferDraft.testing(
                i, vendor: vendor, caller: i < 10 ? "crm" : "erp", email: "p\(i % 4)@example.com", records: Int(i))
            draft.xid = xid(i, fixture)
            if i % 3 == 2 {
                log.recordDenial(draft)
            } else {
                if i % 4 == 0 { (draft.codes, draft.droppedFields, draft.droppedMembers) = ([:], [], 0) }
                log.record(draft, ticket: i, for: fixture.listener)
                guard fixture.listener.wait(for: 1) else { throw CancellationError() }
                if i != count - 2 {
                    log.record(TransferOutcome(xid: draft.xid, result: .ok, status: 200, sentBytes: 28, milliseconds: Int(i)))
                }
            }
            while log.size < (i + 1) * 2 - min(i + 1, (i + 1) / 3) - (i >= count - 2 ? 1 : 0) { usleep(500) }
        }
        log.close()
        return fixture
    }

    static func xid(_ i: UInt64, _ fixture: LogFixture) -> TransferID { .testing(i, now: fixture.clock.now()) }
}

@Suite struct TransferReaderTests {
    private func reader() throws -> (TransferReader, LogFixture) {
        let fixture = try ReadingFixture.shared.get()
        return (TransferReader(reader: fixture.store), fixture)
    }

    @Test func everythingIsListedNewestFirstWithItsOutcome() throws {
        let (reader, _) = try reader()
        let page = try reader.list(limit: 100)
        #expect(page.cursor == nil)
        #expect(page.transfers.count == 30)
        #expect(page.transfers.map(\.index) == page.transfers.map(\.index).sorted(by: >))
        for transfer in page.transfers {
            if transfer.decision == .deny || transfer.records == 28 {
                #expect(transfer.ending == nil)
            } else {
                #expect(transfer.ending?.milliseconds == transfer.records)
            }
        }
        #expect(page.transfers.count { $0.decision == .deny } == 10)
        #expect(page.transfers.filter { $0.decision == .allow }.map(\.records) == [28, 24, 16, 12, 4, 0])
    }

    @Test(arguments: [1, 2, 7, 29, 30, 31]) func pagesTogetherAreTheWholeList(limit: Int) throws {
        let (reader, _) = try reader()
        let whole = try reader.list(limit: 100).transfers
        var pages = [TransferSummary]()
        var cursor: UInt64?
        repeat {
            let page = try reader.list(limit: limit, cursor: cursor)
            #expect(page.transfers.count <= limit)
            pages += page.transfers
            cursor = page.cursor
        } while cursor != nil
        #expect(pages == whole)
    }

    @Test func filtersNarrowTheList() throws {
        let (reader, fixture) = try reader()
        let end = fixture.clock.now()
        func records(_ change: (inout TransferReader.Filter) -> Void) throws -> [Int] {
            var filter = TransferReader.Filter()
            change(&filter)
            return try reader.list(filter, limit: 100).transfers.map(\.records)
        }
        #expect(try records { $0.vendor = "hubspot" } == (0..<30).filter { $0 % 2 == 0 }.reversed())
        #expect(try records { $0.caller = "crm" } == (0..<10).reversed())
        #expect(try records { $0.decision = .deny } == (0..<30).filter { $0 % 3 == 2 }.reversed())
        #expect(try records { $0.since = end.adding(seconds: -120) } == [29, 28, 27])
        #expect(try records { $0.until = end.adding(seconds: -26 * 60) } == [2, 1, 0])
        let middle = try records {
            $0.vendor = "mailchimp"
            $0.decision = .allowRedacted
            ($0.since, $0.until) = (end.adding(seconds: -20 * 60), end.adding(seconds: -10 * 60))
        }
        #expect(middle == [15, 13, 9])
        #expect(try records { $0.vendor = "nobody" } == [])
    }

    @Test func oneTransferShowsItsEntriesLinesAndSubjects() throws {
        let (reader, fixture) = try reader()
        let list = try reader.list(limit: 100).transfers
        for transfer in list {
            let xid = try #require(TransferID(transfer.xid))
            let detail = try #require(try reader.show(xid))
            #expect(detail.summary == transfer)
            #expect(detail.entry.leaf == MerkleHashing.leaf(detail.entry.bytes))
            #expect((detail.outcome == nil) == (transfer.ending == nil))
            #expect(
                detail.lines.map { String(decoding: $0, as: UTF8.self) } == [
                    #"{"b":"consent","c":["field_not_agreed"],"d":"allow_redacted","f":["email"],"i":0,"s":[0]}"#
                ])
            #expect(detail.subjects.count == (transfer.decision == .deny ? 0 : 1))
            guard case .object(let members) = detail.json else { return #expect(Bool(false)) }
            #expect(members["xid"] == .string(transfer.xid) && members["entry"] != nil)
        }
        #expect(try reader.show(.testing(9_999, now: fixture.clock.now())) == nil)
        #expect(try TransferReader(reader: MemoryLogStore()).show(.testing(1)) == nil)
    }

    @Test func volumesOfTheDayCountRecordsAndSubjectsOnce() throws {
        let (reader, fixture) = try reader()
        // The fixture's half hour lies around 20:26 UTC, within one day.
        let volumes = try reader.recordsToday(now: fixture.clock.now())
        let sent = (0..<30).filter { $0 % 3 != 2 }
        #expect(volumes.keys.sorted() == ["hubspot-newsletter"])
        #expect(volumes["hubspot-newsletter"]?.records == sent.reduce(0, +))
        #expect(volumes["hubspot-newsletter"]?.subjects.count == 4)
        #expect(try reader.recordsToday(now: fixture.clock.now().adding(seconds: 86_400)) == [:])
    }
}
