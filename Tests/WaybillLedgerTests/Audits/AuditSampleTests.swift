import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("A sample of a vendor's transfers")
struct AuditSampleTests {
    /// A log of 60 transfers to two vendors.
    private func fixture() throws -> LogFixture {
        let fixture = LogFixture()
        let log = try fixture.open()
        for number in 1...60 {
            let draft = TransferDraft.testing(UInt64(number), vendor: number % 3 == 0 ? "other" : "hubspot")
            log.record(draft, ticket: UInt64(number), for: fixture.listener)
        }
        #expect(fixture.listener.wait(for: 60))
        log.close()
        return fixture
    }

    @Test("It is what SHA-256 over seed and leaf ranks lowest, drawn again from the bare lines")
    func redrawn() throws {
        let fixture = try fixture()
        let size = try #require(try fixture.store.head()).size
        let lines = try fixture.entries.filter { $0.contains(#""kind":"intent""#) && !$0.contains(#""vendor":"other""#) }
        let scope = Engagement.Scope(
            vendor: "hubspot", subject: "all", from: Timestamp(seconds: 0), until: Timestamp(seconds: 4_000_000_000), hook: "x")
        for (seed, count) in [("dice 4711", 7), ("another", 7), ("all", 500)] {
            let drawn = try AuditSample(.init(seed: seed, count: count, origin: "x", size: size), of: scope, from: fixture.store)
            let expected = lines.map { line in
                let leaf = SHA256.hash(data: [0] + Array(line.utf8))
                return SHA256.hash(data: Array(seed.utf8) + Array(leaf)).map { String(format: "%02x", $0) }.joined()
            }.sorted().prefix(count)
            #expect(drawn.draws.map(\.rank.description) == Array(expected))
            #expect(drawn.population == 40)
        }
    }

    @Test("What came after the seed was entered, or lies outside the period, is not drawn")
    func bounds() throws {
        let fixture = try fixture()
        let head = try #require(try fixture.store.head())
        func population(size: UInt64, from: Timestamp, until: Timestamp) throws -> Int {
            let scope = Engagement.Scope(vendor: "other", subject: "all", from: from, until: until, hook: "x")
            return try AuditSample(.init(seed: "s", count: 5, origin: "x", size: size), of: scope, from: fixture.store).population
        }
        let (early, late) = (Timestamp(seconds: 0), Timestamp(seconds: 4_000_000_000))
        #expect(try population(size: head.size, from: early, until: late) == 20)
        #expect(try population(size: 0, from: early, until: late) == 0)
        #expect(try population(size: 7, from: early, until: late) == 2)
        #expect(try population(size: head.size, from: head.time.adding(seconds: 1), until: late) == 0)
        #expect(try population(size: head.size, from: early, until: early) == 0)
    }
}
