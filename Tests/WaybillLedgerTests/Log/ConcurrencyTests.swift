import Dispatch
import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct ConcurrencyTests {
    @Test func manyProducersGetEachTheirOwnAnswersAndTheLogIsSound() throws {
        let fixture = LogFixture()
        let log = try fixture.open { $0.batchEntriesMax = 64 }
        let producers = (0..<8).map { _ in CollectingListener() }
        DispatchQueue.concurrentPerform(iterations: 8) { producer in
            for i in 0..<150 {
                let number = UInt64(producer * 1_000 + i)
                log.record(
                    .testing(number, vendor: "v\(producer % 3)", email: "p\(number)@example.com"), ticket: number, for: producers[producer])
                if i % 10 == 0 { log.recordDenial(.testing(number + 500)) }
                log.count(refused: "request_malformed")
                if i % 7 == 6 {
                    _ = producers[producer].wait(for: 7)
                    log.record(TransferOutcome(xid: .testing(number - 3), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
                }
            }
        }
        for producer in producers { #expect(producer.wait(for: 150 % 7)) }
        log.close()
        var indexes = Set<UInt64>()
        for (number, producer) in producers.enumerated() {
            #expect(producer.all.count == 150)
            #expect(producer.batchCount < 150)
            #expect(Set(producer.all.map(\.ticket)) == Set((0..<150).map { UInt64(number * 1_000 + $0) }))
            for result in producer.all { indexes.insert(try result.result.get().index) }
        }
        #expect(indexes.count == 1_200)
        let keys = try LogKeys.testing()
        let report = try LogVerifier(reader: fixture.store, publicKeys: keys.publicKeys(), outside: fixture.copy.read(), keys: keys)
            .verify()
        #expect(report.faults == [])
        #expect(report.openIntents == 1_200 - 8 * (150 / 7))
        let refused = try fixture.entries.compactMap { $0.firstMatch(of: /"request_malformed":([0-9]+)/).flatMap { Int($0.1) } }
        #expect(refused.reduce(0, +) == 1_200)
    }

    @Test func draftsInFlightForOneUnknownIdentifierEndWithOneNumberAndOneSalt() throws {
        let fixture = LogFixture()
        let sighted = Mutex<[Sighting]>([])
        let log = try fixture.open(observer: LogObserver(sighted: { new in sighted.withLock { $0.append(contentsOf: new) } }))
        DispatchQueue.concurrentPerform(iterations: 8) { producer in
            for i in 0..<25 {
                let number = UInt64(producer * 1_000 + i)
                log.record(.testing(number, email: "p\(i % 5)@example.com"), ticket: number, for: fixture.listener)
            }
        }
        #expect(fixture.listener.wait(for: 200))
        log.close()
        let keys = try LogKeys.testing()
        let stored = fixture.store.contents.sightings
        #expect(stored.count == 5)
        #expect(Set(stored.map(\.number)) == Set((0..<5).map { 1 << 31 + UInt32($0) }))
        #expect(sighted.withLock { Set($0.map(\.number)) } == Set(stored.map(\.number)))
        var saltOf = [UInt32: [UInt8]]()
        for sighting in stored {
            saltOf[sighting.number] = sighting.salt
            let identifiers = try keys.open(sighting.sealed, number: sighting.number)
            #expect(identifiers.count == 1)
            let print = keys.fingerprint(identifiers[0])
            #expect(withUnsafeBytes(of: print.bytes) { Array($0) } == sighting.fingerprints)
            #expect(throws: (any Error).self) { try keys.open(sighting.sealed, number: sighting.number + 1) }
        }
        // Every commitment opens with the one salt that was stored.
        let reader = TransferReader(reader: fixture.store)
        for producer in 0..<8 {
            for i in 0..<25 {
                let xid = TransferID.testing(UInt64(producer * 1_000 + i))
                let detail = try #require(try reader.show(xid))
                let number = try #require(detail.subjects.first)
                let stored = try #require(saltOf[number])
                var salt = InlineArray<16, UInt8>(repeating: 0)
                for k in 0..<16 { salt[k] = stored[k] }
                let opening = LogKeys.opening(subjectKey: keys.subjectKey(salt: salt), xid: xid)
                let commitment = LogKeys.commitment(opening: opening, identifier: Array("email:p\(i % 5)@example.com".utf8))
                let root = MerkleHashing.root(of: [MerkleHashing.leaf(commitment.bytes)]).description
                #expect(String(decoding: detail.entry.bytes, as: UTF8.self).contains("\"subj\":{\"n\":1,\"root\":\"\(root)\"}"))
            }
        }
    }

    @Test func aSightingWhoseCommitWasRolledBackGoesWithTheNextIntentThatNeedsIt() throws {
        let fixture = LogFixture()
        let store = FailingLogStore(fixture.store)
        let log = try fixture.open(store)
        store.fail(.beforeWriting(.rolledBack(.busy, "busy")))
        log.record(.testing(1), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(fixture.store.contents.sightings.isEmpty)
        log.record(.testing(2), ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        log.record(.testing(3), ticket: 3, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        #expect(fixture.store.contents.sightings.map(\.number) == [1 << 31])
        log.close()
        // Numbers go on where they stopped.
        let next = try fixture.open()
        next.record(.testing(4, email: "other@example.com"), ticket: 4, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        next.close()
        #expect(fixture.store.contents.sightings.map(\.number) == [1 << 31, 1 << 31 + 1])
    }
}
