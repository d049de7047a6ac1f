package import Crypto
import WaybillCore

/// Recomputes everything from raw entries: forms, hashes, tiles, tree, checkpoints, sequences, seals, outcomes, side records.
///
/// Works on a live log (through a reader of its own), or a copy. Reads each entry once; memory grows with open transfers and
/// kept checkpoints (one an hour).
package struct LogVerifier {
    package static let faultsMax = 100

    private let reader: any LogReader
    private let publicKeys: [Curve25519.Signing.PublicKey]
    private let retiredKeys: [Curve25519.Signing.PublicKey]
    private let keys: LogKeys?
    private let outside: [UInt8]?

    /// `publicKeys`: those the log signs with. `retiredKeys`: those it signed with before; one of them counts only before the
    /// `keychange` that replaced it, and a log that ends under one is not whole (it may be another one, made with a stolen key). `outside`: the checkpoint kept outside the store; without it a rolled-back store
    /// cannot be told from one that never grew. `keys`: to check decision lines against `dec.root` too.
    package init(
        reader: any LogReader, publicKeys: [Curve25519.Signing.PublicKey], retiredKeys: [Curve25519.Signing.PublicKey] = [],
        outside: [UInt8]? = nil, keys: LogKeys? = nil
    ) {
        self.reader = reader
        self.publicKeys = publicKeys
        self.retiredKeys = retiredKeys
        self.outside = outside
        self.keys = keys
    }

    /// Throws only if the store cannot be read. `progress` hears of entries done and entries there.
    package func verify(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> VerificationReport {
        var run = try VerificationRun(
            reader: reader, publicKeys: publicKeys, retiredKeys: retiredKeys, keys: keys, outside: outside)
        let total = try reader.head()?.size ?? 0
        var isWhole = true
        // A live log grows meanwhile: what is verified is what was there at the start.
        while isWhole, run.size < total {
            let commits = try reader.commits(from: run.size, limit: 64)
            guard !commits.isEmpty else { break }
            for commit in commits where isWhole && run.size < total { isWhole = try run.check(commit) }
            progress(run.size, total)
        }
        if isWhole { try run.finish(total: total) }
        return run.report
    }
}

/// One verification on its way through the log.
private struct VerificationRun {
    private let reader: any LogReader
    private let publicKeys: [Curve25519.Signing.PublicKey]
    private let retiredKeys: [Curve25519.Signing.PublicKey]
    private let keys: LogKeys?
    private var tree = TreeBuilder()
    private var checker = EntryChecker()
    private var faults: [VerificationReport.Fault] = []
    private var signed: [(checkpoint: StoredCheckpoint, isOutside: Bool)]
    private var nextSigned = 0
    private var verifiers: [String: [NoteVerifier]] = [:]
    private var tiles = 0
    private var side: SideRows
    private var time: Timestamp?
    private var lastEpoch: (node: String, number: Int)?

    init(
        reader: any LogReader, publicKeys: [Curve25519.Signing.PublicKey], retiredKeys: [Curve25519.Signing.PublicKey], keys: LogKeys?,
        outside: [UInt8]?
    ) throws {
        self.reader = reader
        self.publicKeys = publicKeys
        self.retiredKeys = retiredKeys
        self.keys = keys
        side = SideRows(reader: reader)
        signed = try reader.checkpoints().map { ($0, false) }
        if let outside {
            let note = String(decoding: outside, as: UTF8.self)
            let size = note.split(separator: "\n").dropFirst().first.flatMap { UInt64($0) } ?? .max
            let origin = note.prefix { $0 != "\n" }
            signed.append((StoredCheckpoint(origin: String(origin), size: size, note: note, keep: false), true))
        }
        signed.sort { $0.checkpoint.size < $1.checkpoint.size }
        try checkSigned()
    }

    var size: UInt64 { tree.size }
    var report: VerificationReport {
        VerificationReport(entries: tree.size, root: tree.root, faults: faults, checkpoints: nextSigned, openIntents: checker.openCount)
    }

    private mutating func fault(_ index: UInt64?, _ what: String) {
        if faults.count < LogVerifier.faultsMax { faults.append(.init(index: index, what: what)) }
    }

    /// False: what follows could not be judged any more.
    mutating func check(_ commit: StoredCommit) throws -> Bool {
        guard commit.first == tree.size, commit.count > 0 else {
            fault(tree.size, "Entry \(tree.size) is missing: the next commit begins at \(commit.first) and holds \(commit.count).")
            return false
        }
        if let time, commit.time < time { fault(commit.first, "Time goes backwards.") }
        time = commit.time
        if lastEpoch?.node != commit.node || lastEpoch?.number != commit.epoch {
            if let lastEpoch, commit.epoch <= lastEpoch.number { fault(commit.first, "Epochs go backwards.") }
            lastEpoch = (commit.node, commit.epoch)
            checker.firstOfLastEpoch = commit.first
        }
        checker.begin(commit)
        var committed: [(index: UInt64, entry: EntryChecker.Committed)] = []
        let count = commit.body.withUnsafeBytes { bytes in
            EntryBundle.forEach(bytes) { _, range in
                let entry = UnsafeRawBufferPointer(rebasing: bytes[range])
                let leaf = MerkleHashing.leaf(entry)
                var about: EntryChecker.Committed?
                if let what = checker.check(entry, index: tree.size, leaf: leaf, committed: &about) { fault(tree.size, what) }
                if let about { committed.append((tree.size, about)) }
                tree.append(leaf)
            }
        }
        guard count == commit.count else {
            fault(commit.first, "The commit holds \(count.map(String.init) ?? "a torn number of") entries and says \(commit.count).")
            return false
        }
        try checkTiles()
        if tree.root != commit.root { fault(commit.first, "The tree's root is not the one stored with the commit.") }
        if checker.sealedTo != commit.sealedTo || checker.open.oldest(closing: [], size: tree.size) != commit.oldestOpen {
            fault(commit.first, "The commit's marks of the last seal and the oldest open intent are wrong.")
        }
        try checkSide(commit, committed)
        try checkSigned()
        return true
    }

    private mutating func checkTiles() throws {
        for (name, body) in tree.takeFullTiles() {
            tiles += 1
            guard try reader.storedTile(name) != body else { continue }
            fault(
                name.index << UInt64(Tile.height * (name.level + 1)),
                "Tile \(Tile.path(level: name.level, index: name.index, width: 256)) is missing or wrong.")
        }
    }

    private mutating func checkSide(_ commit: StoredCommit, _ committed: [(index: UInt64, entry: EntryChecker.Committed)]) throws {
        guard let row = try side.take(first: commit.first, end: commit.end) else { return }
        guard row.first == commit.first, let records = SideRecord.records(inRow: row.body, first: row.first) else {
            return fault(commit.first, "The side records of the commit are damaged.")
        }
        guard records.map(\.index) == committed.map(\.index) else {
            return fault(commit.first, "The side records of the commit are not of its entries.")
        }
        for (record, (index, entry)) in zip(records, committed) {
            if let subjects = entry.subjects {
                if subjects.count != UInt64(record.commitments.count) || subjects.root != record.subjectRoot {
                    fault(index, "The commitments to subjects are not those of the entry.")
                }
            } else if !record.commitments.isEmpty {
                fault(index, "A denial has commitments to subjects.")
            }
            guard entry.lines.count == UInt64(record.lines.count) else {
                fault(index, "The decision lines are not those of the entry.")
                continue
            }
            if let keys, entry.lines.root != record.lineRoot(key: keys.decisionKey(xid: entry.xid.xid)) {
                fault(index, "The decision lines are not those of the entry.")
            }
        }
    }

    /// Checkpoints of the present size.
    private mutating func checkSigned() throws {
        while nextSigned < signed.count, signed[nextSigned].checkpoint.size <= tree.size {
            let (stored, isOutside) = signed[nextSigned]
            nextSigned += 1
            let name = isOutside ? "The checkpoint kept outside" : "The checkpoint of \(stored.size) entries"
            guard stored.size == tree.size else {
                fault(stored.size, "\(name) ends within a commit.")
                continue
            }
            if let what = judge(stored) { fault(stored.size, "\(name) \(what)") }
        }
    }

    private mutating func judge(_ stored: StoredCheckpoint) -> String? {
        let note: SignedNote
        do { note = try SignedNote(Array(stored.note.utf8)) } catch { return "is not a signed note." }
        guard let checkpoint = Checkpoint(text: note.text), checkpoint.size == stored.size, checkpoint.origin == stored.origin else {
            return "is not what it is kept as."
        }
        let verifiers =
            verifiers[checkpoint.origin]
            ?? (publicKeys + retiredKeys).map { NoteVerifier(name: checkpoint.origin, algorithm: .ed25519, key: $0) }
        self.verifiers[checkpoint.origin] = verifiers
        let signers: [NoteVerifier]
        do { signers = try note.verified(by: verifiers) } catch { return "is not signed by the log's key." }
        if let key = checker.keys.present, !signers.contains(where: { key.elementsEqual($0.key.rawRepresentation) }) {
            return "is not signed by the key in force at its size."
        }
        guard checkpoint.root == tree.root else { return "has another root than the entries." }
        guard tree.size == 0 || checker.origins.contains(checkpoint.origin) else { return "is of another log." }
        return nil
    }

    mutating func finish(total: UInt64) throws {
        if tree.size < total { fault(tree.size, "Entries are missing at the end.") }
        for (stored, isOutside) in signed[nextSigned...] {
            fault(tree.size, "Entries are missing at the end: a checkpoint \(isOutside ? "kept outside " : "")covers \(stored.size).")
        }
        if tree.size > 0, !signed.contains(where: { !$0.isOutside }) { fault(nil, "No checkpoint is stored.") }
        if try reader.head()?.size == total {
            let stored = try reader.storedTileCount()
            if stored != tiles { fault(nil, "\(stored) tiles are stored; the tree has \(tiles) full ones.") }
            if try reader.identity()?.origin != checker.origin { fault(nil, "The store's origin is not that of the last entries.") }
        }
        if let key = checker.keys.present, !publicKeys.contains(where: { key.elementsEqual($0.rawRepresentation) }) {
            fault(nil, "The log ends under a key that was replaced: it was rolled back to before the change of keys, or is not this log.")
        }
        for fault in checker.faultsAtEnd() { self.fault(fault.index, fault.what) }
        if try side.hasMore(before: total) { fault(nil, "Side records belong to no commit.") }
    }
}

/// The side rows in step with the commits.
private struct SideRows {
    let reader: any LogReader
    private var rows: ArraySlice<StoredSideRow> = []
    private var from: UInt64 = 0
    private var isAtEnd = false

    init(reader: any LogReader) { self.reader = reader }

    /// The row that begins in the range, if there is one (they may have been pruned).
    mutating func take(first: UInt64, end: UInt64) throws -> StoredSideRow? {
        try fill()
        guard let row = rows.first, row.first < end else { return nil }
        return rows.removeFirst()
    }

    mutating func hasMore(before index: UInt64) throws -> Bool {
        try fill()
        return rows.first.map { $0.first < index } ?? false
    }

    private mutating func fill() throws {
        guard rows.isEmpty, !isAtEnd else { return }
        rows = try reader.sideRows(from: from, limit: 64)[...]
        guard let last = rows.last else { return isAtEnd = true }
        from = last.first + 1
    }
}
