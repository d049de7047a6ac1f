import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct PacingTests {
    @Test func outcomesAndDenialsRideWithTheNextIntent() throws {
        let fixture = LogFixture()
        let log = try fixture.open { $0.rideMillisecondsMax = 60_000 }
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        log.record(TransferOutcome(xid: .testing(1), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        log.recordDenial(.testing(2))
        log.record(.testing(3), ticket: 3, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(fixture.store.contents.commits.map(\.count) == [1, 1, 3])
        log.close()
    }

    @Test func withoutAnIntentTheyWaitNoLongerThanTheyMay() async throws {
        let fixture = LogFixture()
        let log = try fixture.open { $0.rideMillisecondsMax = 30 }
        log.recordDenial(.testing(2))
        log.recordDenial(.testing(3))
        #expect(try await eventually { fixture.store.contents.commits.count == 2 }, "the denials never came")
        #expect(fixture.store.contents.commits[1].count == 2)
        log.close()
    }

    @Test func whatQueuesWhileACommitSyncsGoesWithTheNextOne() throws {
        let fixture = LogFixture()
        let slow = FailingLogStore(fixture.store, delayMilliseconds: 5)
        let log = try fixture.open(slow)
        for i in 0..<50 { log.record(.testing(UInt64(i), email: "p\(i)@example.com"), ticket: UInt64(i), for: fixture.listener) }
        #expect(fixture.listener.wait(for: 50))
        #expect(fixture.store.contents.commits.count < 20)
        #expect(fixture.listener.batchCount == fixture.store.contents.commits.count - 1)
        log.close()
    }

    @Test func aBatchHoldsNoMoreThanItMay() throws {
        let fixture = LogFixture()
        let slow = FailingLogStore(fixture.store, delayMilliseconds: 5)
        let log = try fixture.open(slow) { $0.batchEntriesMax = 7 }
        for i in 0..<50 { log.record(.testing(UInt64(i), email: "p\(i)@example.com"), ticket: UInt64(i), for: fixture.listener) }
        #expect(fixture.listener.wait(for: 50))
        #expect(fixture.store.contents.commits.allSatisfy { $0.count <= 7 })
        log.close()
    }

    @Test func trafficIsSealedAndQuietIsNot() async throws {
        let fixture = LogFixture()
        let log = try fixture.open { $0.sealEverySeconds = 0 }
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(try await eventually { try fixture.kinds.contains("seal") }, "no seal came")
        let count = try fixture.kinds.count
        try await Task.sleep(for: .milliseconds(60))
        #expect(try fixture.kinds.count == count)
        log.count(refused: "request_malformed")
        let isSealed = try await eventually {
            try fixture.entries.last?.contains("\"refused\":{\"request_malformed\":1}") ?? false
        }
        #expect(isSealed, "counts were not sealed")
        log.close()
        let keys = try LogKeys.testing()
        #expect(try LogVerifier(reader: fixture.store, publicKeys: keys.publicKeys(), outside: fixture.copy.read()).verify().faults == [])
    }

    @Test func checkpointsFollowTrafficInTheStoreAndOutside() async throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        for i in 1...3 {
            log.record(.testing(UInt64(i)), ticket: UInt64(i), for: fixture.listener)
            #expect(fixture.listener.wait(for: 1))
            let isThere = try await eventually {
                let note = try SignedNote(try fixture.copy.read() ?? [])
                return Checkpoint(text: note.text)?.size == UInt64(i + 1)
                    && fixture.store.contents.checkpoints.last?.size == UInt64(i + 1)
            }
            #expect(isThere, "no checkpoint of \(i + 1) entries")
        }
        log.close()
    }
}
