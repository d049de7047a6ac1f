import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct RollbackDetectionTests {
    enum Loss: String, CaseIterable, Sendable { case tail, everything, otherLog, copyMissing, copyDamaged, copyForged }

    /// A log of two intents that has then suffered the loss.
    private func suffered(_ loss: Loss) throws -> LogFixture {
        let fixture = LogFixture()
        let log = try fixture.open()
        for i in 1...2 { log.record(.testing(UInt64(i)), ticket: UInt64(i), for: fixture.listener) }
        #expect(fixture.listener.wait(for: 2))
        log.close()
        switch loss {
        case .tail: fixture.store.contents.commits.removeLast()
        case .everything: fixture.store.contents = MemoryLogStore.Contents()
        case .otherLog:
            let other = LogFixture()
            let log = try other.open()
            for i in 5...9 { log.record(.testing(UInt64(i)), ticket: UInt64(i), for: other.listener) }
            #expect(other.listener.wait(for: 5))
            log.close()
            fixture.store.contents = other.store.contents
        case .copyMissing: fixture.copy.remove()
        case .copyDamaged: try fixture.copy.write(Array("acme.example/waybill\n".utf8))
        case .copyForged:
            let other = LogFixture()
            try other.open(keys: .testing(signing: 9)).close()
            try fixture.copy.write(try other.copy.read() ?? [])
        }
        return fixture
    }

    @Test(arguments: Loss.allCases) func aStoreThatDoesNotExtendItsCheckpointRefusesUntilAcknowledged(loss: Loss) throws {
        let fixture = try suffered(loss)
        let before = fixture.store.contents.commits.count
        let log = try fixture.open()
        guard case .refusing(let message) = log.state else { return #expect(Bool(false), "\(log.state)") }
        #expect(message.contains("waybill log acknowledge"))
        let listener = CollectingListener()
        log.record(.testing(50), ticket: 1, for: listener)
        #expect(listener.wait(for: 1))
        #expect(throws: RecordError.self) { try listener.all[0].result.get() }
        #expect(fixture.store.contents.commits.count == before)

        try log.acknowledge()
        #expect(log.state == .open)
        log.record(.testing(51), ticket: 2, for: listener)
        #expect(listener.wait(for: 1))
        #expect(throws: Never.self) { try listener.all[1].result.get() }
        log.close()
        let entry = try #require(try fixture.entries.first { $0.contains("\"act\":\"acknowledge\"") })
        #expect(entry.contains("\"log\":\"acme.example/waybill/r1\""))
        #expect(entry.contains("\"cited_size\":") == ![.copyMissing, .copyDamaged].contains(loss))
        let keys = try LogKeys.testing()
        let report = try LogVerifier(reader: fixture.store, publicKeys: keys.publicKeys(), outside: fixture.copy.read(), keys: keys)
            .verify()
        // The new origin is sound; of the old one, only what was lost is missing.
        #expect(report.faults.allSatisfy { $0.what.contains("checkpoint") } || report.faults.isEmpty, "\(report.faults)")

        // The next start is an ordinary one.
        let next = try fixture.open()
        #expect(next.state == .open)
        #expect(throws: LogOpenError.self) { try next.acknowledge() }
        next.close()
    }

    @Test func anotherOriginInTheConfigurationBeginsANewOneThatCitesTheOld() throws {
        let fixture = LogFixture()
        try fixture.open().close()
        try fixture.open { $0.origin = "acme.example/waybill/2027h1" }.close()
        let entries = try fixture.entries
        #expect(
            entries[2].contains("\"act\":\"origin\"") && entries[2].contains("\"cited_origin\":\"acme.example/waybill\",\"cited_root\":"))
        let keys = try LogKeys.testing()
        let report = try LogVerifier(reader: fixture.store, publicKeys: keys.publicKeys(), outside: fixture.copy.read()).verify()
        #expect(report.faults == [])
        let last = try #require(fixture.store.contents.checkpoints.last)
        #expect(last.origin == "acme.example/waybill/2027h1")
    }

    @Test func aChangeOfKeysIsEnteredAndBothSignDuringTheOverlap() throws {
        let fixture = LogFixture()
        try fixture.open(keys: .testing(signing: 7)).close()
        try fixture.open(keys: .testing(signing: 8, overlapping: 7)).close()
        #expect(try fixture.kinds == ["config", "seal", "keychange", "config", "seal"])
        let note = try SignedNote(try fixture.copy.read() ?? [])
        #expect(note.signatures.count == 2)
        let both = try LogKeys.testing(signing: 8, overlapping: 7).publicKeys()
        #expect(try LogVerifier(reader: fixture.store, publicKeys: both, outside: fixture.copy.read()).verify().faults == [])
        // Afterwards the new key alone opens the log.
        try fixture.open(keys: .testing(signing: 8)).close()
        #expect(try fixture.kinds.count { $0 == "keychange" } == 1)
    }

    @Test func aStoreWhoseTreeDoesNotFitItsEntriesIsNotOpened() throws {
        let fixture = LogFixture()
        try fixture.open().close()
        fixture.store.contents.commits[0].body[10] ^= 1
        #expect(throws: LogOpenError.self) { try fixture.open() }
    }
}
