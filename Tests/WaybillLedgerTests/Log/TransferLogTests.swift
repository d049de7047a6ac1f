import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// One log over a memory store, as most tests want it.
struct LogFixture {
    var store = MemoryLogStore()
    var copy = MemoryCheckpointCopy()
    var clock = ManualClock()
    var listener = CollectingListener()

    func configuration(_ change: (inout LogConfiguration) -> Void = { _ in }) -> LogConfiguration {
        var configuration = LogConfiguration(origin: "acme.example/waybill", node: "n1")
        configuration.rideMillisecondsMax = 5
        configuration.checkpointEveryMilliseconds = 10
        configuration.retryMilliseconds = 20
        // None by the clock, however slow the machine is.
        configuration.sealEverySeconds = 3_600
        change(&configuration)
        return configuration
    }

    func open(
        _ store: (any LogStore)? = nil, keys: LogKeys? = nil, observer: LogObserver = LogObserver(),
        _ change: (inout LogConfiguration) -> Void = { _ in }
    ) throws -> TransferLog {
        try TransferLog.open(
            store: store ?? self.store, keys: keys ?? .testing(), configuration: configuration(change), clock: clock, copy: copy,
            observer: observer)
    }

    var entries: [String] {
        get throws {
            var lines = [String]()
            try store.forEachEntry(from: 0) { lines.append(String(decoding: $1, as: UTF8.self)) }
            return lines
        }
    }

    var kinds: [String] {
        get throws { try entries.map { $0.firstMatch(of: /"kind":"([a-z]+)"/).map { String($0.1) } ?? "?" } }
    }
}

@Suite struct TransferLogTests {
    @Test func anIntentIsDurableBeforeItsListenerHearsOfIt() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        log.record(.testing(1), ticket: 99, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        let result = try #require(fixture.listener.all.first)
        let receipt = try result.result.get()
        #expect(result.ticket == 99)
        #expect(receipt.index == 1)
        #expect(receipt.xid == .testing(1))
        #expect(try fixture.kinds == ["config", "intent"])
        let recorded = receipt.redeem()
        #expect(recorded.index == 1)
        log.close()
    }

    @Test func aCleanEndWritesWhatIsQueuedThenSealsAndSigns() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        log.record(TransferOutcome(xid: .testing(1), result: .ok, status: 201, sentBytes: 28, milliseconds: 12))
        log.recordDenial(.testing(2))
        log.count(refused: "request_malformed")
        log.close()
        #expect(try fixture.kinds == ["config", "intent", "outcome", "denied", "seal"])
        let seal = try #require(try fixture.entries.last)
        #expect(seal.contains(#""refused":{"request_malformed":1}"#))
        #expect(seal.contains(#""why":"stop""#))
        #expect(seal.contains(#""of":{"ep":1,"node":"n1","nseq":4}"#))
        let checkpoint = try #require(fixture.store.contents.checkpoints.last)
        #expect(checkpoint.size == 5)
        #expect(try fixture.copy.read() == Array(checkpoint.note.utf8))
        guard case .closed = log.state else { return #expect(Bool(false), "still \(log.state)") }
    }

    @Test func aStoppedLogAnswersEveryoneAndRecordsNothing() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        log.close()
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        guard case .failure(let error) = fixture.listener.all[0].result else { return #expect(Bool(false)) }
        #expect(error.code == .closed)
        #expect(try fixture.kinds == ["config", "seal"])
    }

    @Test func lettingGoIsACrashAndTheNextStartSealsTheDeadEpochAndClosesItsIntents() async throws {
        let fixture = LogFixture()
        var log: TransferLog? = try fixture.open()
        for i in 1...3 { log?.record(.testing(UInt64(i)), ticket: UInt64(i), for: fixture.listener) }
        #expect(fixture.listener.wait(for: 3))
        log?.record(TransferOutcome(xid: .testing(2), result: .ok, status: 200, sentBytes: 28, milliseconds: 3))
        while try !fixture.kinds.contains("outcome") { try await Task.sleep(for: .milliseconds(2)) }
        log = nil
        let next = try fixture.open()
        next.close()
        #expect(
            try fixture.kinds == ["config", "intent", "intent", "intent", "outcome", "seal", "outcome", "outcome", "config", "seal"])
        let entries = try fixture.entries
        #expect(entries[5].contains(#""of":{"ep":1,"node":"n1","nseq":5},"refused":{},"#))
        #expect(entries[5].contains(#""ep":2,"heads":[{"h":""#))
        #expect(entries[5].contains(#""vendor":"hubspot","vseq":3}"#))
        for (i, xid) in [(6, TransferID.testing(1)), (7, .testing(3))] {
            #expect(entries[i].contains(#""reason":"crash","res":"unknown""#))
            #expect(entries[i].contains(xid.description))
        }
    }

    @Test func aCleanlyEndedEpochIsNotSealedAgain() throws {
        let fixture = LogFixture()
        try fixture.open().close()
        try fixture.open().close()
        #expect(try fixture.kinds == ["config", "seal", "config", "seal"])
    }
}
