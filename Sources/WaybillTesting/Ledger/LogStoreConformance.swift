import WaybillCore
package import WaybillLedger

/// What every `LogStore` must do. Gives one sentence for each thing a store does not.
package struct LogStoreConformance {
    private let store: any LogStore
    private var problems: [String] = []

    /// `store` must be new.
    package static func problems(of store: any LogStore) throws -> [String] {
        var suite = LogStoreConformance(store: store)
        try suite.emptyStoreHoldsNothing()
        try suite.commitsComeBackAsTheyWere()
        try suite.checkpointsReplaceOneAnotherUnlessKept()
        try suite.entriesAreFoundByIndexAndTime()
        try suite.rowsAreOverwrittenWhereTheyStand()
        return suite.problems
    }

    private init(store: any LogStore) { self.store = store }

    private mutating func check(_ isSo: Bool, _ problem: String) { if !isSo { problems.append(problem) } }

    private static func commit(_ first: UInt64, _ count: Int, second: Int64) -> LogCommit {
        let entries = (0..<count).map { Array("entry \(first + UInt64($0))".utf8) }
        let stored = StoredCommit(
            first: first, count: count, epoch: 3, node: "n1", time: Timestamp(seconds: second), root: MerkleHashing.leaf([UInt8(count)]),
            oldestOpen: first, sealedTo: first / 2, body: Tile.bundle(entries) ?? [])
        let tile = Tile.Name(level: 1, index: first)
        let sighting = StoredSighting(row: 0, number: 1 << 31 + UInt32(first), salt: [1, 2], fingerprints: [3], sealed: [4, 0, 5])
        let identity = LogIdentity(origin: "o/\(first)", configured: "o", generation: Int(first), previous: "p\n")
        return LogCommit(
            stored: stored, tiles: [(tile, [UInt8](repeating: UInt8(first), count: Tile.fullBytes))], sideRow: first == 2 ? [] : [9, 8, 7],
            sightings: [sighting], identity: identity)
    }

    private mutating func emptyStoreHoldsNothing() throws {
        check(try store.head() == nil, "an empty store has a head")
        check(try store.identity() == nil, "an empty store has an identity")
        check(try store.commits(from: 0, limit: 10).isEmpty, "an empty store has commits")
        check(try store.commits(before: .max, limit: 10).isEmpty, "an empty store has commits before the end")
        check(try store.time(ofEntry: 0) == nil, "an empty store has a first entry")
        check(try store.storedTile(Tile.Name(level: 0, index: 0)) == nil, "an empty store has a tile")
        check(try store.checkpoints().isEmpty, "an empty store has checkpoints")
        check(try store.sideRows(from: 0, limit: 10).isEmpty, "an empty store has side rows")
        check(try store.lastSubjectNumber() == nil, "an empty store has given a number")
    }

    private mutating func commitsComeBackAsTheyWere() throws {
        let commits = [Self.commit(0, 2, second: 10), Self.commit(2, 1, second: 10), Self.commit(3, 4, second: 20)]
        for commit in commits { try store.append(commit) }
        check(try store.head() == LogHead(commits[2].stored), "the head is not the last commit")
        check(try store.identity() == commits[2].identity, "the identity is not the last one")
        check(try store.commits(from: 0, limit: 10) == commits.map(\.stored), "commits differ from what was appended")
        check(try store.storedTile(Tile.Name(level: 1, index: 3)) == commits[2].tiles[0].body, "a tile differs")
        check(try store.storedTileCount() == 3, "tiles are miscounted")
        check(try store.sideRows(from: 0, limit: 10).map(\.first) == [0, 3], "side rows are not those that were given")
        check(try store.sideRows(from: 1, limit: 10).map(\.body) == [[9, 8, 7]], "a side row differs")
        let sightings = try store.sightings(after: 0, limit: 10)
        check(sightings.map(\.number) == [1 << 31, 1 << 31 + 2, 1 << 31 + 3], "sightings are not in order")
        check(
            sightings.first.map { $0.salt == [1, 2] && $0.fingerprints == [3] && $0.sealed == [4, 0, 5] } ?? false, "a sighting differs")
        check(
            try store.sightings(after: sightings.first?.row ?? 0, limit: 1).map(\.number) == [1 << 31 + 2],
            "sightings do not go on after a row")
        check(try store.lastSubjectNumber() == 1 << 31 + 3, "the highest number is wrong")
    }

    private mutating func checkpointsReplaceOneAnotherUnlessKept() throws {
        for (size, keep) in [(1, false), (2, true), (3, false), (4, false)] as [(UInt64, Bool)] {
            try store.put(StoredCheckpoint(origin: "o", size: size, note: "n\(size)\n", keep: keep))
        }
        check(try store.checkpoints().map(\.size) == [2, 4], "kept checkpoints are not 2 and the last")
        check(try store.checkpoints().map(\.note) == ["n2\n", "n4\n"], "a checkpoint's note differs")
    }

    private mutating func entriesAreFoundByIndexAndTime() throws {
        for (index, firsts) in [(0, [0, 2, 3]), (1, [0, 2, 3]), (2, [2, 3]), (3, [3]), (6, [3]), (7, [])] as [(UInt64, [UInt64])] {
            check(try store.commits(from: index, limit: 10).map(\.first) == firsts, "commits from \(index) are not \(firsts)")
        }
        for (index, firsts) in [(0, []), (1, [0]), (3, [2, 0]), (.max, [3, 2, 0])] as [(UInt64, [UInt64])] {
            check(try store.commits(before: index, limit: 10).map(\.first) == firsts, "commits before \(index) are not \(firsts)")
        }
        check(try store.commits(from: 0, limit: 2).count == 2, "the limit is not kept")
        check(try store.time(ofEntry: 6)?.first == 3 && store.time(ofEntry: 7) == nil, "the time of an entry is not its commit's")
        for (second, index) in [(0, 0), (10, 0), (11, 3), (20, 3), (21, 7)] as [(Int64, UInt64)] {
            check(
                try store.firstEntry(notBefore: Timestamp(seconds: second)) == index, "the first entry not before \(second) is not \(index)"
            )
        }
        var texts = [String]()
        try store.forEachEntry(from: 1, to: 4) { texts.append("\($0) \(String(decoding: $1, as: UTF8.self))") }
        check(texts == ["1 entry 1", "2 entry 2", "3 entry 3"], "entries are not read in order")
    }

    private mutating func rowsAreOverwrittenWhereTheyStand() throws {
        let sightings = try store.sightings(after: 0, limit: 10)
        guard var second = sightings.dropFirst().first else { return check(false, "there is no second sighting") }
        (second.salt, second.fingerprints, second.sealed) = ([], [], [])
        try store.overwrite(
            side: [StoredSideRow(first: 3, body: [1, 1, 1]), StoredSideRow(first: 2, body: [6])], sightings: [second])
        check(try store.sideRows(from: 0, limit: 10).map(\.body) == [[9, 8, 7], [1, 1, 1]], "other side rows than the one named changed")
        check(try store.sightings(after: 0, limit: 10).map(\.salt.count) == [2, 0, 2], "other sightings than the one named changed")
        check(try store.lastSubjectNumber() == sightings.map(\.number).max(), "an overwritten sighting has lost its number")
        check(try store.scrub(), "nobody reads, and old pages stay")
    }
}
