package import Crypto
import WaybillCore

/// Recomputes everything from raw entries: forms, hashes, tiles, tree, checkpoints, sequences, seals, outcomes, side records, first-seen subjects.
///
/// Works on a live log (through a reader of its own), or a copy. Reads each entry once; memory grows with open transfers, kept checkpoints
/// (one an hour), epochs, and by a bit for each first-seen subject.
package struct LogVerifier {
    package static let faultsMax = 100

    private let reader: any LogReader
    private let publicKeys: [Curve25519.Signing.PublicKey]
    private let retiredKeys: [Curve25519.Signing.PublicKey]
    private let keys: LogKeys?
    private let outside: [UInt8]?
    private let later: LaterShards

    /// `publicKeys`: those the log signs with. `retiredKeys` (default: those of `keys`): those it signed with before; one counts only before
    /// the `keychange` that replaced it, and a log that ends under one may be another one, made with a stolen key, unless a later shard
    /// goes on from its end. `outside`: the checkpoint kept outside the store; without it a rolled-back store
    /// cannot be told from one that never grew. `keys`: to check what stands beside the entries too: decision lines against `dec.root`,
    /// seals of side rows, first-seen subjects. `later`: what the shards after this one say about it.
    package init(
        reader: any LogReader, publicKeys: [Curve25519.Signing.PublicKey], retiredKeys: [Curve25519.Signing.PublicKey]? = nil,
        outside: [UInt8]? = nil, keys: LogKeys? = nil, later: LaterShards = LaterShards()
    ) {
        self.later = later
        self.reader = reader
        self.publicKeys = publicKeys
        self.retiredKeys = retiredKeys ?? keys?.retired ?? []
        self.outside = outside
        self.keys = keys
    }

    /// Never throws for damage: what cannot be read is a fault like others. `progress` hears of entries done and entries there.
    package func verify(progress: (UInt64, UInt64) -> Void = { _, _ in }) -> VerificationReport {
        var run = VerificationRun(reader: reader, publicKeys: publicKeys + retiredKeys, keys: keys)
        do {
            try run.begin(outside: outside)
            let total = try reader.head()?.size ?? 0
            var isWhole = true
            // A live log grows meanwhile: what is verified is what was there at the start.
            while isWhole, run.size < total {
                let commits = try reader.commits(from: run.size, limit: 64)
                guard !commits.isEmpty else { break }
                for commit in commits where isWhole && run.size < total { isWhole = try run.check(commit) }
                progress(run.size, total)
            }
            if isWhole { try run.finish(total: total, later: later) }
            if isWhole, !later.goOn { run.checkLastKey(among: publicKeys) }
        } catch let error as LogStoreError {
            run.fault(run.size, .unreadable, error.message)
        } catch {
            run.fault(run.size, .unreadable, "The log's store cannot be read (\(error)).")
        }
        return run.report
    }
}

/// One verification on its way through the log.
private struct VerificationRun {
    private let reader: any LogReader
    private let publicKeys: [Curve25519.Signing.PublicKey]
    private var tree = TreeBuilder()
    private var checker = EntryChecker()
    private var faults: [VerificationReport.Fault] = []
    private var signed: [(checkpoint: StoredCheckpoint, isOutside: Bool)] = []
    private var nextSigned = 0
    private var verifiers: [String: [NoteVerifier]] = [:]
    private var tiles = 0
    private var side: SideVerification
    private var time: Timestamp?
    private var lastEpoch: (node: String, number: Int)?

    init(reader: any LogReader, publicKeys: [Curve25519.Signing.PublicKey], keys: LogKeys?) {
        self.reader = reader
        self.publicKeys = publicKeys
        side = SideVerification(reader: reader, keys: keys)
    }

    var size: UInt64 { tree.size }
    var report: VerificationReport {
        VerificationReport(
            entries: tree.size, root: tree.root, faults: faults, checkpoints: nextSigned, openIntents: checker.openCount,
            prunedSideRows: side.prunedRows, hasSecretKeys: side.keys != nil,
            shard: checker.notes)
    }

    mutating func fault(_ index: UInt64?, _ kind: FaultKind, _ what: String) {
        if faults.count < LogVerifier.faultsMax { faults.append(.init(index: index, kind: kind, what: what)) }
    }

    mutating func begin(outside: [UInt8]?) throws {
        signed = try reader.checkpoints().map { ($0, false) }
        if let outside {
            let note = String(decoding: outside, as: UTF8.self)
            let size = note.split(separator: "\n").dropFirst().first.flatMap { UInt64($0) }
            let origin = note.prefix { $0 != "\n" }
            if let size {
                signed.append((StoredCheckpoint(origin: String(origin), size: size, note: note, keep: false), true))
            } else {
                fault(nil, .checkpoint, "The checkpoint kept outside is not a signed note.")
            }
        }
        signed.sort { $0.checkpoint.size < $1.checkpoint.size }
        for fault in try reader.selfCheck() { self.fault(fault.index, fault.kind, fault.what) }
        try checkSigned()
    }

    /// False: what follows could not be judged any more.
    mutating func check(_ commit: StoredCommit) throws -> Bool {
        guard commit.first == tree.size, commit.count > 0 else {
            fault(
                tree.size, .missing,
                "Entry \(tree.size) is missing: the next commit begins at \(commit.first) and holds \(commit.count).")
            return false
        }
        guard commit.time.nanoseconds >= 0, commit.time.nanoseconds % 1_000_000 == 0 else {
            fault(commit.first, .time, "The commit's time is none that the log writes.")
            return false
        }
        if let time, commit.time < time { fault(commit.first, .time, "Time goes backwards.") }
        time = commit.time
        if lastEpoch?.node != commit.node || lastEpoch?.number != commit.epoch {
            if let lastEpoch, commit.epoch <= lastEpoch.number { fault(commit.first, .sequence, "Epochs go backwards.") }
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
                if let found = checker.check(entry, index: tree.size, leaf: leaf, committed: &about) {
                    fault(tree.size, found.kind, found.what)
                }
                if let about { committed.append((tree.size, about)) }
                tree.append(leaf)
            }
        }
        guard count == commit.count else {
            let held = count.map(String.init) ?? "a torn number of"
            fault(commit.first, .missing, "The commit holds \(held) entries and says \(commit.count).")
            return false
        }
        try checkTiles()
        if tree.root != commit.root { fault(commit.first, .tree, "The tree's root is not the one stored with the commit.") }
        if checker.sealedTo != commit.sealedTo || checker.open.oldest(closing: [], size: tree.size) != commit.oldestOpen {
            fault(commit.first, .marks, "The commit's marks of the last seal and the oldest open intent are wrong.")
        }
        for fault in try side.check(commit, committed) { self.fault(fault.index, fault.kind, fault.what) }
        try checkSigned()
        return true
    }

    private mutating func checkTiles() throws {
        for (name, body) in tree.takeFullTiles() {
            tiles += 1
            guard try reader.storedTile(name) != body else { continue }
            fault(
                name.index << UInt64(Tile.height * (name.level + 1)), .tree,
                "Tile \(Tile.path(level: name.level, index: name.index, width: 256)) is missing or wrong.")
        }
    }

    /// Checkpoints of the present size.
    private mutating func checkSigned() throws {
        while nextSigned < signed.count, signed[nextSigned].checkpoint.size <= tree.size {
            let (stored, isOutside) = signed[nextSigned]
            nextSigned += 1
            let name = isOutside ? "The checkpoint kept outside" : "The checkpoint of \(stored.size) entries"
            guard stored.size == tree.size else {
                fault(stored.size, .checkpoint, "\(name) ends within a commit.")
                continue
            }
            if let what = judge(stored) { fault(stored.size, .checkpoint, "\(name) \(what)") }
        }
    }

    private mutating func judge(_ stored: StoredCheckpoint) -> String? {
        let note: SignedNote
        do { note = try SignedNote(Array(stored.note.utf8)) } catch { return "is not a signed note." }
        guard let checkpoint = Checkpoint(text: note.text), checkpoint.size == stored.size, checkpoint.origin == stored.origin else {
            return "is not what it is kept as."
        }
        let verifiers =
            verifiers[checkpoint.origin] ?? publicKeys.map { NoteVerifier(name: checkpoint.origin, algorithm: .ed25519, key: $0) }
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

    mutating func checkLastKey(among publicKeys: [Curve25519.Signing.PublicKey]) {
        guard let key = checker.keys.present, !publicKeys.contains(where: { key.elementsEqual($0.rawRepresentation) }) else { return }
        fault(
            nil, .rollback,
            "The log ends under a key that was replaced: it was rolled back to before the change of keys, or is not this log.")
    }

    mutating func finish(total: UInt64, later: LaterShards) throws {
        if tree.size < total { fault(tree.size, .missing, "Entries are missing at the end.") }
        for (stored, isOutside) in signed[nextSigned...] {
            fault(
                tree.size, .rollback,
                "Entries are missing at the end: a checkpoint \(isOutside ? "kept outside " : "")covers \(stored.size).")
        }
        if tree.size > 0, !signed.contains(where: { !$0.isOutside }) { fault(nil, .checkpoint, "No checkpoint is stored.") }
        try checkWhole(total: total)
        for fault in checker.faultsAtEnd() { self.fault(fault.index, fault.kind, fault.what) }
        for fault in try side.finish(total: total, notes: checker.notes, later: later) { self.fault(fault.index, fault.kind, fault.what) }
    }

    /// What can only be said while nobody appends.
    private mutating func checkWhole(total: UInt64) throws {
        let stored = try reader.storedTileCount()
        let identity = try reader.identity()
        guard try reader.head()?.size ?? 0 == total else { return }
        if stored != tiles { fault(nil, .tree, "\(stored) tiles are stored; the tree has \(tiles) full ones.") }
        if total > 0 || identity != nil, let what = judge(identity) { fault(nil, .identity, what) }
        guard checker.lastEntryWasStopSeal, let outside = signed.first(where: \.isOutside)?.checkpoint else { return }
        if outside.size == total, !signed.contains(where: { !$0.isOutside && $0.checkpoint.size == total }) {
            fault(nil, .checkpoint, "The last checkpoint, which is kept outside, is missing from the store.")
        }
    }

    private func judge(_ identity: LogIdentity?) -> String? {
        guard let identity, identity.origin == checker.origin else { return "The store's origin is not that of the last entries." }
        let suffix = identity.generation == 0 ? "" : "/r\(identity.generation)"
        guard identity.generation >= 0, identity.origin.hasPrefix(identity.configured), identity.origin.hasSuffix(suffix) else {
            return "The store's origin does not follow from the configured one."
        }
        if identity.generation == 0, identity.origin != identity.configured, identity.origin.contains(LogIdentity.generationEnd) {
            return "The store's origin does not follow from the configured one."
        }
        guard identity.previous == checker.cited?.text ?? "" else {
            return "The checkpoint the store says it goes on from is not the one the log cites."
        }
        return nil
    }
}

extension LogIdentity {
    /// How the origin of a later generation ends.
    fileprivate static var generationEnd: Regex<Substring> { /\/r[0-9]+$/ }
}
