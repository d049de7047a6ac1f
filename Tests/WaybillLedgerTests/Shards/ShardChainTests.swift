import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// Two shards as a rollover leaves them, each with two transfers.
private struct TwoShards {
    var first: MemoryLogStore.Contents
    var second: MemoryLogStore.Contents
    var outside: [UInt8]

    init(between act: LogNotice? = nil) throws {
        let old = LogFixture()
        let log = try old.open { $0.origin = "acme.example/waybill/2026h1" }
        try Self.transfers(1...2, log, old)
        log.record(ShardAct.end(next: "acme.example/waybill/2026h2"))
        log.close()
        let new = LogFixture(copy: old.copy, clock: old.clock)
        let last = try #require(try old.store.head())
        let next = try new.open {
            $0.origin = "acme.example/waybill/2026h2"
            $0.previous = Checkpoint(origin: "acme.example/waybill/2026h1", size: last.size, root: last.root)
        }
        #expect(next.state == .open, "\(next.state)")
        if let act { next.record(act) }
        try Self.transfers(3...4, next, new)
        next.close()
        (first, second) = (old.store.contents, new.store.contents)
        outside = try old.copy.read() ?? []
    }

    private static func transfers(_ numbers: ClosedRange<UInt64>, _ log: TransferLog, _ fixture: LogFixture) throws {
        for number in numbers { log.record(.testing(number), ticket: number, for: fixture.listener) }
        try #require(fixture.listener.wait(for: numbers.count))
        for number in numbers {
            log.record(TransferOutcome(xid: .testing(number), result: .ok, status: 200, sentBytes: 28, milliseconds: 5))
        }
    }

    func verify(_ names: [String] = ["first", "second"]) throws -> ShardChainVerifier.Report {
        let keys = try LogKeys.testing()
        let all = ["first": first, "second": second]
        return try ShardChainVerifier(
            shards: names.compactMap { name in all[name].map { .init(name: name, reader: MemoryLogStore($0)) } },
            publicKeys: keys.publicKeys(), outside: outside, keys: keys
        ).verify()
    }
}

@Suite struct ShardChainTests {
    @Test func aShardBeginsWhereTheOneBeforeEnds() throws {
        let shards = try TwoShards()
        let report = try shards.verify()
        #expect(report.faults == [])
        #expect(report.shards.map(\.report.openIntents) == [0, 0])
        #expect(report.shards[1].report.shard.cited?.size == report.shards[0].report.entries)
    }

    @Test func aShardThatLostItsEndIsNotWhatTheNextOneCites() throws {
        var shards = try TwoShards()
        let gone = shards.first.commits.removeLast()
        shards.first.checkpoints.removeAll { $0.size > gone.first }
        let report = try shards.verify()
        #expect(report.faults.contains { $0.shard == "second" && $0.what.contains("does not begin where the one before it (first) ends") })
    }

    @Test func aShardThatIsGoneIsMissedUnlessAnEntrySaysSo() throws {
        let silent = try TwoShards()
        let report = try silent.verify(["second"])
        #expect(
            report.faults.map(\.what) == [
                "The shard before it (acme.example/waybill/2026h1) is missing, and no entry says that it was deleted."
            ])
        let last = try #require(report.shards[0].report.shard.cited)
        #expect(try TwoShards(between: ShardAct.deleted(last)).verify(["second"]).faults == [])
    }

    @Test func aShardThatCitesNothingDoesNotFollow() throws {
        var shards = try TwoShards()
        shards.second = shards.first
        let what = try shards.verify().faults.first { $0.shard == "second" }?.what
        #expect(what == "The shard does not cite the one before it (first).")
    }

    @Test func aNewShardStartsOnlyFromTheCheckpointThatIsOutside() throws {
        let old = LogFixture()
        try old.open().close()
        let new = LogFixture(copy: old.copy, clock: old.clock)
        let log = try new.open { $0.previous = Checkpoint(origin: "acme.example/waybill", size: 1, root: MerkleHashing.leaf([1])) }
        guard case .refusing = log.state else { return #expect(Bool(false), "\(log.state)") }
        #expect(new.store.contents.commits.isEmpty)
    }
}

@Suite struct SideRetentionVerificationTests {
    /// The fixture's month.
    private let month = LogMonth(Timestamp(seconds: 1_780_000_000))

    private func verify(_ contents: MemoryLogStore.Contents, later: Set<LogMonth> = []) throws -> [String] {
        let keys = try LogKeys.testing()
        var all = LaterShards()
        all.prunedMonths = later
        return try LogVerifier(reader: MemoryLogStore(contents), publicKeys: keys.publicKeys(), keys: keys, later: all).verify()
            .faults.map(\.what)
    }

    @Test func aMissingSideRowIsNoticedUnlessItsMonthWasNamed() throws {
        var shards = try TwoShards()
        #expect(try verify(shards.second) == [])
        shards.second.side.removeFirst()
        #expect(
            try verify(shards.second) == ["1 rows of side records are missing from \(month), and no entry says that the month was deleted."]
        )
        #expect(try verify(shards.second, later: [month]) == [])
        #expect(try verify(shards.second, later: [month.earlier(by: 1)]).count == 1)
    }

    @Test func anEntryExplainsItsOwnShardAndEarlierOnes() throws {
        var shards = try TwoShards(between: ShardAct.sidePruned(month, keptMonths: 24))
        shards.first.side = []
        shards.second.side = []
        #expect(try shards.verify().faults == [])
        #expect(try verify(shards.second) == [])
        #expect(try verify(shards.first).count == 1)
    }
}
