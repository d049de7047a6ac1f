import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("A change of the log's key") struct KeyChangeTests {
    private func key(_ byte: UInt8) throws -> Curve25519.Signing.PublicKey { try LogKeys.testing(signing: byte).publicKeys()[0] }

    /// Keys 7 → 8 → 9, with an overlap each.
    private func changedTwice() throws -> LogFixture {
        let fixture = LogFixture()
        for (signing, overlapping) in [(7, nil), (8, 7), (8, nil), (9, 8), (9, nil)] as [(UInt8, UInt8?)] {
            let log = try fixture.open(keys: .testing(signing: signing, overlapping: overlapping))
            log.record(.testing(UInt64(signing) * 10 + (overlapping == nil ? 0 : 1)), ticket: 1, for: fixture.listener)
            #expect(fixture.listener.wait(for: 1))
            log.close()
        }
        return fixture
    }

    private func verify(_ fixture: LogFixture, _ present: [UInt8], retired: [UInt8]) throws -> [String] {
        LogVerifier(
            reader: fixture.store, publicKeys: try present.map(key), retiredKeys: try retired.map(key), outside: try fixture.copy.read()
        ).verify().faults.map(\.what)
    }

    @Test func oldCheckpointsVerifyByTheRetiredKeysAndTheNewestByThePresentOne() throws {
        let fixture = try changedTwice()
        #expect(try fixture.kinds.count { $0 == "keychange" } == 2)
        #expect(try verify(fixture, [9], retired: [7, 8]) == [])
        #expect(try verify(fixture, [9], retired: [8]).contains { $0.contains("is not signed by the log's key") })
        #expect(try verify(fixture, [9], retired: []).contains { $0.contains("is not signed by") })
    }

    @Test func aLogThatEndsUnderAReplacedKeyIsNotWhole() throws {
        // What somebody with the stolen key could make: another history that never heard of the change.
        let forged = LogFixture()
        try forged.open(keys: .testing(signing: 7)).close()
        #expect(try verify(forged, [8], retired: [7]).contains { $0.hasPrefix("The log ends under a key that was replaced") })
        #expect(try verify(forged, [7], retired: []) == [])
    }

    @Test func afterTheChangeTheOldKeyAloneSignsNothing() throws {
        let fixture = LogFixture()
        try fixture.open(keys: .testing(signing: 7)).close()
        try fixture.open(keys: .testing(signing: 8, overlapping: 7)).close()
        let last = try #require(fixture.store.contents.checkpoints.last)
        let (note, checkpoint) = try LogProofs.read(last.note)
        #expect(note.signatures.count == 2)
        let old = try LogKeys.testing(signing: 7).signers(origin: checkpoint.origin)
        fixture.store.contents.checkpoints[fixture.store.contents.checkpoints.count - 1].note = try checkpoint.signed(by: old).string
        // Even during the overlap, when both keys are known as present ones.
        for (present, retired) in [([8, 7], []), ([8], [7])] as [([UInt8], [UInt8])] {
            #expect(
                try verify(fixture, present, retired: retired).contains { $0.contains("is not signed by the key in force at its size") })
        }
    }

    @Test func aChangeThatTheEntriesDoNotTellIsNoticed() throws {
        let fixture = LogFixture()
        try fixture.open(keys: .testing(signing: 7)).close()
        // The copy is replaced by one of another key, so that the next start owes no keychange.
        let (_, checkpoint) = try LogProofs.read(try #require(fixture.store.contents.checkpoints.last).note)
        try fixture.copy.write(Array(try checkpoint.signed(by: LogKeys.testing(signing: 8).signers(origin: checkpoint.origin)).string.utf8))
        try fixture.open(keys: .testing(signing: 8)).close()
        #expect(try verify(fixture, [8], retired: [7]).contains("The log's key changed without a keychange entry."))
    }

    @Test func aCrashBetweenTheEntryAndItsCheckpointEntersTheChangeAgainAndVerifies() throws {
        let fixture = LogFixture()
        try fixture.open(keys: .testing(signing: 7)).close()
        let before = try fixture.copy.read() ?? []
        do {
            _ = try fixture.open(keys: .testing(signing: 8, overlapping: 7))
            try fixture.copy.write(before)
        }
        try fixture.open(keys: .testing(signing: 8, overlapping: 7)).close()
        #expect(try fixture.kinds.count { $0 == "keychange" } == 2)
        #expect(try verify(fixture, [8, 7], retired: []) == [])
    }

    @Test func aCopySignedByAReplacedKeyAloneOpensNothing() throws {
        let fixture = try changedTwice()
        let (_, checkpoint) = try LogProofs.read(try #require(fixture.store.contents.checkpoints.last).note)
        try fixture.copy.write(Array(try checkpoint.signed(by: LogKeys.testing(signing: 8).signers(origin: checkpoint.origin)).string.utf8))
        let log = try fixture.open(keys: .testing(signing: 9))
        guard case .refusing(let message) = log.state else { return #expect(Bool(false), "\(log.state)") }
        #expect(message.contains("is not signed by this log's key"))
        log.close()
    }
}
