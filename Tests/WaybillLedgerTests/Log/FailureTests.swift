import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct FailureTests {
    private func code(_ listener: CollectingListener, _ ticket: UInt64) -> RecordError.Code? {
        listener.all.first { $0.ticket == ticket }.flatMap { if case .failure(let error) = $0.result { error.code } else { nil } }
    }

    private func verified(_ fixture: LogFixture) throws -> VerificationReport {
        let keys = try LogKeys.testing()
        return try LogVerifier(reader: fixture.store, publicKeys: keys.publicKeys(), outside: fixture.copy.read(), keys: keys).verify()
    }

    @Test(arguments: [RecordError.Code.diskFull, .busy]) func aCleanRollbackFailsTheIntentAndWorkGoesOn(code expected: RecordError.Code)
        async throws
    {
        let fixture = LogFixture()
        let store = FailingLogStore(fixture.store)
        let log = try fixture.open(store)
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        store.failAlways(.beforeWriting(.rolledBack(expected, "The disk is full; free space.")))
        log.record(.testing(2), ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 2) == expected)
        #expect(log.state == .refusing("The disk is full; free space."))
        // Outcomes wait for the store; nothing is lost.
        log.record(TransferOutcome(xid: .testing(1), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        store.failAlways(nil)
        #expect(try await eventually { try fixture.kinds.contains("outcome") }, "the outcome never came")
        #expect(try await eventually { log.state == .open }, "the log never opened")
        log.record(.testing(3), ticket: 3, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 3) == nil)
        log.close()
        #expect(try verified(fixture).faults == [])
        #expect(try fixture.kinds == ["config", "intent", "outcome", "intent", "seal"])
    }

    @Test func aRefusingLogOpensAgainByItself() async throws {
        let fixture = LogFixture()
        let store = FailingLogStore(fixture.store)
        let log = try fixture.open(store)
        store.failAlways(.beforeWriting(.rolledBack(.diskFull, "full")))
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(log.state == .refusing("full"))
        store.failAlways(nil)
        #expect(try await eventually { log.state == .open }, "the log never opened")
        log.close()
    }

    static let fatal: [FailingLogStore.Fault] = [
        .beforeWriting(.broken("The log's store failed; check the disk and restart.")),
        .afterWriting(.broken("The log's store failed; check the disk and restart.")),
        .afterWriting(.rolledBack(.diskFull, "said to be rolled back, but it was not")),
    ]

    @Test(arguments: 0..<3) func anErrorOfUnknownFateClosesTheLogUntilRestart(fault: Int) async throws {
        let fixture = LogFixture()
        let store = FailingLogStore(fixture.store)
        let log = try fixture.open(store)
        store.fail(Self.fatal[fault])
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 1) == .closed)
        guard case .closed = log.state else { return #expect(Bool(false), "\(log.state)") }
        log.record(.testing(2), ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 2) == .closed)
        log.close()
        // A restart finds out what really happened, and the log is sound either way.
        try fixture.open().close()
        let report = try verified(fixture)
        #expect(report.faults == [])
        #expect(report.openIntents == 0)
        #expect(try fixture.kinds.contains("intent") == (fault != 0))
        #expect(try fixture.entries.contains { $0.contains("\"reason\":\"crash\"") } == (fault != 0))
    }

    @Test func aClockBehindTheLastEntryIsNotTrusted() async throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        fixture.clock.advance(milliseconds: -4_000)
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 1) == nil)
        fixture.clock.advance(milliseconds: -2_000)
        log.record(.testing(2), ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 2) == .clock)
        guard case .refusing = log.state else { return #expect(Bool(false), "\(log.state)") }
        fixture.clock.advance(milliseconds: 7_000)
        #expect(try await eventually { log.state == .open }, "the log never opened")
        log.record(.testing(3), ticket: 3, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 3) == nil)
        log.close()
        let times = try fixture.entries.map { try #require($0.firstMatch(of: /"t":"([^"]+)"/)).1 }
        #expect(times == times.sorted())
    }

    @Test func anEntryTooLongIsRefusedAndTheOthersAreNot() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        var draft = TransferDraft.testing(1)
        draft.fields = (0..<2_000).map { "field_\($0)" }
        log.record(draft, ticket: 1, for: fixture.listener)
        log.record(.testing(2), ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 2))
        #expect(code(fixture.listener, 1) == .tooLarge)
        #expect(code(fixture.listener, 2) == nil)
        log.close()
        #expect(try fixture.kinds == ["config", "intent", "seal"])
    }

    @Test func moreThanTheQueueHoldsIsRefusedAtOnce() throws {
        let fixture = LogFixture()
        let log = try fixture.open { $0.queuedBytesMax = 10 }
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 1) == .overloaded)
        log.close()
    }

    @Test func anIdWithAnOpenIntentTakesNoSecondOne() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        log.record(.testing(1), ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 2) == .busy)
        // Decided again: the first intent's outcome comes before the second intent.
        log.record(
            TransferOutcome(xid: .testing(1), result: .aborted, status: 0, sentBytes: 0, milliseconds: 0, reason: "superseded_decision"))
        log.record(.testing(1), ticket: 3, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(code(fixture.listener, 3) == nil)
        log.close()
        #expect(try fixture.kinds == ["config", "intent", "outcome", "intent", "seal"])
        #expect(try verified(fixture).faults == [])
    }
}
