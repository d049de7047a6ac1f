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

    @Test func oneTransferShowsItsEntriesLinesAndSubjects() throws {
        let (reader, fixture) = try reader()
        let xids = try fixture.entries.filter { $0.contains("\"vendor\":") && !$0.contains("\"heads\"") }
            .map { try #require(TransferID(String($0.suffix(38).prefix(36)))) }
        #expect(xids.count == 30)
        for xid in xids {
            let detail = try #require(try reader.show(xid))
            let transfer = detail.summary
            #expect(transfer.xid == xid.description)
            #expect((transfer.ending == nil) == (transfer.decision == .deny || transfer.records == 28))
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
