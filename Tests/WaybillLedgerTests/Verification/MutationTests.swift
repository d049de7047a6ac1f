import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// Same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// A log of two epochs and three vendors; a large one has a full tile.
struct MutationBase: Sendable {
    var contents: MemoryLogStore.Contents
    var outside: [UInt8]

    static let small: Result<MutationBase, any Error> = Result { try MutationBase(intents: 12) }
    static let large: Result<MutationBase, any Error> = Result { try MutationBase(intents: 75) }

    /// `intents` of each epoch: a multiple of four, or three more.
    private init(intents: Int) throws {
        let fixture = LogFixture()
        for epoch in 0..<2 {
            let log = try fixture.open { $0.checkpointEveryMilliseconds = 1 }
            for i in 0..<intents {
                let number = UInt64(epoch * 100 + i)
                fixture.clock.advance(milliseconds: 7)
                log.record(
                    .testing(number, vendor: ["hubspot", "mailchimp", "segment"][i % 3], email: "p\(i)@example.com"), ticket: number,
                    for: fixture.listener)
                if i % 5 == 0 { log.recordDenial(.testing(number + 1_000)) }
                guard i % 4 == 3 else { continue }
                guard fixture.listener.wait(for: 4) else { throw CancellationError() }
                for k in 0..<3 {
                    log.record(TransferOutcome(xid: .testing(number - UInt64(k)), result: .ok, status: 200, sentBytes: 28, milliseconds: 5))
                }
            }
            guard fixture.listener.wait(for: intents % 4) else { throw CancellationError() }
            if epoch == 1 { log.close() }
        }
        contents = fixture.store.contents
        outside = try fixture.copy.read() ?? []
    }
}

@Suite struct MutationTests {
    enum Kind: String, CaseIterable, Sendable {
        case flipEntry, deleteEntry, insertEntry, swapEntries, deleteCommit, swapCommits, truncate, rollBack, flipTile, dropTile,
            flipCheckpoint
        case flipRoot, changeTime, changeMarks, changeEpoch, flipCommitment, flipLine, forgeEntry, forgeDeletion, forgeTail
    }

    static let perKind = 60

    private func verify(_ contents: MemoryLogStore.Contents, outside: [UInt8]) throws -> VerificationReport {
        let keys = try LogKeys.testing()
        return try LogVerifier(reader: MemoryLogStore(contents), publicKeys: keys.publicKeys(), outside: outside, keys: keys).verify()
    }

    @Test func theLogItselfIsSound() throws {
        let base = try MutationBase.large.get()
        let report = try verify(base.contents, outside: base.outside)
        #expect(report.faults == [])
        #expect(report.entries > 300 && report.checkpoints > 1)
        #expect(report.openIntents > 0)
    }

    @Test(arguments: Kind.allCases) func everyMutationIsNoticed(kind: Kind) throws {
        let base = try (kind == .flipTile || kind == .dropTile ? MutationBase.large : MutationBase.small).get()
        var generator = SeededGenerator(seed: kind.rawValue.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        for round in 0..<Self.perKind {
            var contents = base.contents
            let what = mutate(&contents, kind, &generator)
            let report = try verify(contents, outside: base.outside)
            #expect(!report.isSound, "\(kind) \(round): \(what)")
        }
    }

    private func mutate(_ c: inout MemoryLogStore.Contents, _ kind: Kind, _ g: inout SeededGenerator) -> String {
        let at = Int.random(in: 0..<c.commits.count, using: &g)
        switch kind {
        case .flipEntry:
            let bit = Int.random(in: 0..<c.commits[at].body.count * 8, using: &g)
            c.commits[at].body[bit / 8] ^= 1 << UInt8(bit % 8)
            return "bit \(bit) of commit \(at)"
        case .deleteEntry, .insertEntry, .swapEntries: return mutateEntries(&c.commits[at], kind, &g)
        case .deleteCommit: c.commits.remove(at: min(at, c.commits.count - 2))
        case .swapCommits:
            let other = (at + 1) % c.commits.count
            (c.commits[at].body, c.commits[other].body) = (c.commits[other].body, c.commits[at].body)
            (c.commits[at].count, c.commits[other].count) = (c.commits[other].count, c.commits[at].count)
        case .truncate: c.commits.removeLast(Int.random(in: 1..<c.commits.count, using: &g))
        case .rollBack: rollBack(&c, to: at)
        case .flipTile:
            guard let name = c.tiles.keys.randomElement(using: &g) else { return "no tile" }
            c.tiles[name]?[Int.random(in: 0..<8_192, using: &g)] ^= 1
        case .dropTile: c.tiles = [:]
        case .flipCheckpoint:
            let i = Int.random(in: 0..<c.checkpoints.count, using: &g)
            var note = Array(c.checkpoints[i].note.utf8)
            note[Int.random(in: 0..<note.count - 3, using: &g)] ^= 1 << UInt8.random(in: 0..<7, using: &g)
            c.checkpoints[i].note = String(decoding: note, as: UTF8.self)
        case .flipRoot: c.commits[at].root = MerkleHashing.leaf(c.commits[at].root.bytes)
        case .changeTime: c.commits[at].time.nanoseconds += Int64.random(in: 1...9, using: &g) * 1_000_000
        case .changeMarks:
            if Bool.random(using: &g) { c.commits[at].oldestOpen += 1 } else { c.commits[at].sealedTo += 1 }
        case .changeEpoch: c.commits[at].epoch += 1
        case .flipCommitment, .flipLine: return flipSide(&c, line: kind == .flipLine, &g)
        case .forgeEntry, .forgeDeletion, .forgeTail: return forge(&c, kind, at, &g)
        }
        return "commit \(at)"
    }

    private func mutateEntries(_ commit: inout StoredCommit, _ kind: Kind, _ g: inout SeededGenerator) -> String {
        var entries = Tile.entries(ofBundle: commit.body) ?? []
        let i = Int.random(in: 0..<entries.count, using: &g)
        switch kind {
        case .deleteEntry: entries.remove(at: i)
        case .insertEntry: entries.insert(entries[i], at: i)
        default:
            if entries.count > 1 { entries.swapAt(i, (i + 1) % entries.count) } else { entries.append(entries[i]) }
        }
        if Bool.random(using: &g) { commit.count = entries.count }
        commit.body = Tile.bundle(entries) ?? []
        return "entry \(i)"
    }

    /// Everything as it was after commit `at`, checkpoints included: only the copy outside knows better.
    private func rollBack(_ c: inout MemoryLogStore.Contents, to at: Int) {
        c.commits.removeLast(c.commits.count - min(at, c.commits.count - 2) - 1)
        let size = c.commits.last?.end ?? 0
        c.checkpoints.removeAll { $0.size > size }
        c.tiles = c.tiles.filter { ($0.key.index + 1) << UInt64(8 * ($0.key.level + 1)) <= size }
        c.side.removeAll { $0.first >= size }
    }

    private func flipSide(_ c: inout MemoryLogStore.Contents, line: Bool, _ g: inout SeededGenerator) -> String {
        let rows = c.side.indices.filter { i in
            (SideRecord.records(inRow: c.side[i].body, first: 0)?.first.map { line ? !$0.lines.isEmpty : !$0.commitments.isEmpty }) ?? false
        }
        let i = rows.randomElement(using: &g) ?? 0
        // A row begins with offset, length, and the number of commitments; a record ends with its last line.
        let at = line ? c.side[i].body.count - Int.random(in: 1...40, using: &g) : 12 + Int.random(in: 0..<32, using: &g)
        c.side[i].body[at] ^= 1
        return "side row \(i)"
    }

    /// Changes entries and then everything in the store that the change would show in, except what needs the key.
    private func forge(_ c: inout MemoryLogStore.Contents, _ kind: Kind, _ at: Int, _ g: inout SeededGenerator) -> String {
        var entries = c.commits.map { Tile.entries(ofBundle: $0.body) ?? [] }
        let i = Int.random(in: 0..<entries[at].count, using: &g)
        switch kind {
        case .forgeEntry:
            let text = String(decoding: entries[at][i], as: UTF8.self)
            entries[at][i] = Array(text.replacing("\"ms\":5", with: "\"ms\":6").replacing("example", with: "elpmaxe").utf8)
        case .forgeDeletion: entries[at].remove(at: i)
        default: entries[entries.count - 1].removeLast()
        }
        var tree = TreeBuilder()
        c.tiles = [:]
        for k in entries.indices {
            c.commits[k].first = tree.size
            c.commits[k].count = entries[k].count
            c.commits[k].body = Tile.bundle(entries[k]) ?? []
            for entry in entries[k] { tree.append(MerkleHashing.leaf(entry)) }
            for (name, body) in tree.takeFullTiles() { c.tiles[name] = body }
            c.commits[k].root = tree.root
        }
        c.commits.removeAll { $0.count == 0 }
        return "entry \(i) of commit \(at)"
    }
}
