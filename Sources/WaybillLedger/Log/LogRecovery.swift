import Crypto
import WaybillCore

/// What a start finds in the store, checked.
struct LogRecovery: Sendable {
    var head: LogHead?
    var identity: LogIdentity?
    var tree: TreeBuilder
    /// Owed by the new epoch: the dead one's seal and outcomes for its open intents, and a `keychange`.
    var owed: [LogItem] = []
    var open = OpenTransfers()
    /// Why nothing may be recorded before somebody has acknowledged the loss.
    var loss: Loss?

    struct Loss: Sendable {
        var message: String
        /// The checkpoint the store does not extend, if it can be read.
        var lost: Checkpoint?
    }

    /// Reads head and tree, the entries since the last seal or oldest open intent, and the checkpoint copy.
    /// `previous`: the shard before this store, if the store is new.
    init(store: any LogStore, keys: LogKeys, copy: any CheckpointCopy, previous: Checkpoint? = nil) throws {
        head = try store.head()
        identity = try store.identity()
        tree = TreeBuilder()
        if let head {
            var tail = [TreeHash]()
            try store.forEachEntry(from: head.size / UInt64(Tile.width) * UInt64(Tile.width), to: head.size) {
                tail.append(MerkleHashing.leaf($1))
            }
            tree = try TreeBuilder(size: head.size, tiles: store, tail: tail)
            guard tree.root == head.root else {
                throw LogOpenError("The log's tree does not fit its entries; run waybill log verify and restore an undamaged copy.")
            }
            try recover(head, store)
        }
        try compare(with: copy, store: store, keys: keys, previous: head == nil ? previous : nil)
    }

    private mutating func recover(_ head: LogHead, _ store: any LogStore) throws {
        var seal = Seal(node: head.node, epoch: head.epoch, nseq: 0, heads: [:], refused: [:], why: .dead)
        var isCleanlyEnded = false
        var members = [CanonicalScanner.Member]()
        var unclosed: [TransferKey: (xid: TransferID, intent: OpenTransfers.Intent)] = [:]
        let from = min(head.oldestOpen, head.sealedTo)
        try store.forEachEntry(from: from > 0 ? from - 1 : 0, to: head.size) { index, bytes in
            guard let entry = EntryReading(bytes, &members), let kind = entry.kind, let nseq = entry.unsigned("nseq") else {
                throw LogOpenError("Entry \(index) of the log is damaged; run waybill log verify and restore an undamaged copy.")
            }
            isCleanlyEnded = kind == .seal && entry.string("why") == Seal.Why.stop.rawValue
            if entry.int("ep") == head.epoch { seal.nseq = nseq }
            switch kind {
            case .intent:
                guard let xid = entry.xid, let vendor = entry.string("vendor"), let vseq = entry.unsigned("vseq") else {
                    throw LogOpenError("Entry \(index) of the log is damaged; run waybill log verify and restore an undamaged copy.")
                }
                let intent = OpenTransfers.Intent(index: index, leaf: MerkleHashing.leaf(bytes))
                if entry.int("ep") == head.epoch, index >= head.sealedTo { seal.heads[vendor] = Seal.Head(vseq: vseq, leaf: intent.leaf) }
                unclosed[TransferKey(xid)] = (xid, intent)
            case .outcome: if let xid = entry.xid { unclosed[TransferKey(xid)] = nil }
            default: break
            }
        }
        if !isCleanlyEnded { owed.append(.seal(seal)) }
        for (xid, intent) in unclosed.values.sorted(by: { $0.intent.index < $1.intent.index }) {
            open.open(TransferKey(xid), intent)
            owed.append(.outcome(TransferOutcome(xid: xid, result: .unknown, status: 0, sentBytes: 0, milliseconds: 0, reason: "crash")))
        }
    }

    /// The store must extend the last checkpoint that left it.
    private mutating func compare(with copy: any CheckpointCopy, store: any LogStore, keys: LogKeys, previous: Checkpoint?) throws {
        let remedy = "find out what happened to the store, then run waybill log acknowledge."
        let bytes: [UInt8]?
        do { bytes = try copy.read() } catch { throw LogOpenError("The checkpoint copy \(error); check log.checkpoint_copy.") }
        guard let bytes else {
            if head != nil || previous != nil {
                loss = Loss(message: "The checkpoint copy is missing, so nobody can tell whether entries are; \(remedy)", lost: nil)
            }
            return
        }
        guard let (note, checkpoint) = LogRecovery.read(bytes) else {
            loss = Loss(message: "The checkpoint copy is damaged; \(remedy)", lost: nil)
            return
        }
        let verifiers = try keys.signers(origin: checkpoint.origin).map(\.verifier)
        let signedBy: [NoteVerifier]
        do { signedBy = try note.verified(by: verifiers) } catch {
            loss = Loss(message: "The checkpoint copy is not signed by this log's key; \(remedy)", lost: checkpoint)
            return
        }
        // A new shard has no checkpoint of its own; the one before must have ended with the copy's.
        if let previous, previous == checkpoint { return }
        // A stop between the first commit of an origin and its first checkpoint leaves the copy with the origin before.
        if let identity, identity.origin != checkpoint.origin, identity.previous == checkpoint.text { return }
        let origins = [identity?.origin, identity.flatMap { Checkpoint(text: $0.previous)?.origin }]
        let root = checkpoint.size <= tree.size ? try treeRoot(at: checkpoint.size, store) : nil
        if root != checkpoint.root || (identity != nil && !origins.contains(checkpoint.origin)) {
            let message =
                "The log's store (\(tree.size) entries) does not extend the checkpoint outside it (\(checkpoint.size) entries); \(remedy)"
            loss = Loss(message: message, lost: checkpoint)
        }
        if signedBy.first?.hash != verifiers.first?.hash, let old = signedBy.first, let new = verifiers.first {
            owed.append(.notice(.keyChange(old: old.vkey, new: new.vkey)))
        }
    }

    private static func read(_ bytes: [UInt8]) -> (SignedNote, Checkpoint)? {
        do {
            let note = try SignedNote(bytes)
            return Checkpoint(text: note.text).map { (note, $0) }
        } catch {
            return nil
        }
    }

    private func treeRoot(at size: UInt64, _ store: any LogStore) throws -> TreeHash {
        if size == tree.size { return tree.root }
        var merkle = MerkleTree(size: tree.size, tiles: store)
        return try merkle.root(at: size)
    }
}
