import WaybillCore

/// Where the log stands between two commits. Copied for a batch; the copy is adopted when the batch is durable.
struct LogPosition: Sendable {
    var tree: TreeBuilder
    var time: Timestamp
    var nseq: UInt64 = 0
    /// By vendor: its last intent of this epoch.
    var heads: [String: Seal.Head] = [:]
    /// Where the last seal of this epoch stands: heads before it are sealed.
    var sealedAt: UInt64 = 0
    var sealedTo: UInt64

    /// Vendors with intents since the last seal.
    var active: [String: Seal.Head] { heads.filter { $0.value.index >= sealedAt } }
}

/// One group commit in the making.
struct LogBatch {
    var position: LogPosition
    private let author: EntryAuthor
    private let timeText: [UInt8]
    private let first: UInt64
    private var body: [UInt8] = []
    private var sideRow: [UInt8] = []
    private var sightingRows: [StoredSighting] = []
    private(set) var opened: [(key: TransferKey, intent: OpenTransfers.Intent)] = []
    private(set) var closed: [TransferKey] = []
    private(set) var committed: [(reply: LogItem.Reply, index: UInt64)] = []
    private(set) var noticed: [(reply: NoticeReply, index: UInt64)] = []
    private(set) var rejected: [(reply: LogItem.Reply, error: RecordError)] = []
    private(set) var sighted: [Sighting] = []
    private(set) var hasTraffic = false
    private(set) var hasSeal = false
    /// A seal other than the minute's.
    private(set) var endsEpoch = false
    private var closing: Set<TransferKey> = []
    private var opening: Set<TransferKey> = []
    private var owedInBatch: Set<Fingerprint> = []

    /// `room`: how many entries there may be, and their bytes.
    init(position: LogPosition, author: EntryAuthor, room: (entries: Int, bytes: Int), now: Timestamp) {
        self.position = position
        self.author = author
        self.position.time = max(position.time, Timestamp(nanoseconds: now.milliseconds * 1_000_000))
        timeText = EntryTime.text(self.position.time)
        first = position.tree.size
        body.reserveCapacity(room.bytes)
        opened.reserveCapacity(room.entries)
        committed.reserveCapacity(room.entries)
        closing.reserveCapacity(room.entries)
        opening.reserveCapacity(room.entries)
    }

    var count: Int { Int(position.tree.size - first) }

    /// `open`: as it stood before this batch.
    mutating func add(_ item: LogItem, open: borrowing OpenTransfers, sightings: Sightings) {
        switch item {
        case .intent(let transfer, let reply): add(intent: transfer, reply, open, sightings)
        case .denial(let transfer):
            let index = position.tree.size
            append { transfer.entry.splice(nseq: $0, vseq: 0, time: $1, into: &$2) }
            SideRecord.append(transfer.side, offset: Int(index - first), to: &sideRow)
            hasTraffic = true
        case .outcome(let outcome):
            // A second outcome, or one of a transfer that has no intent: there is nothing to close.
            let key = TransferKey(outcome.xid)
            guard let intent = open[key], closing.insert(key).inserted else { return }
            let author = author
            append { EntryEncoding.outcome(outcome, intentLeaf: intent.leaf, stamp: .init(author: author, nseq: $0, time: $1), into: &$2) }
            closed.append(key)
            hasTraffic = true
        case .notice(let notice, let reply):
            let author = author
            if let reply { noticed.append((reply, position.tree.size)) }
            append { EntryEncoding.notice(notice, stamp: .init(author: author, nseq: $0, time: $1), into: &$2) }
        case .seal(let seal): add(seal)
        }
    }

    /// Seals this epoch up to here.
    mutating func addSeal(_ why: Seal.Why, refused: [String: Int]) {
        add(
            Seal(
                node: author.node, epoch: author.epoch, nseq: position.nseq, heads: position.active, refused: refused, why: why))
    }

    private mutating func add(_ seal: Seal) {
        let author = author
        append { EntryEncoding.seal(seal, stamp: .init(author: author, nseq: $0, time: $1), into: &$2) }
        if seal.epoch == author.epoch { position.sealedAt = position.tree.size }
        position.sealedTo = position.tree.size
        hasSeal = true
        endsEpoch = endsEpoch || seal.why != .minute
    }

    private mutating func add(
        intent transfer: PreparedTransfer, _ reply: LogItem.Reply, _ open: borrowing OpenTransfers, _ sightings: Sightings
    ) {
        let key = TransferKey(reply.xid)
        guard open[key] == nil || closing.contains(key), opening.insert(key).inserted else {
            let message = "This transfer already has an intent without an outcome; record the outcome first."
            return rejected.append((reply, RecordError(code: .busy, message: message)))
        }
        let index = position.tree.size
        // Looked up once, where it stands already.
        let at = position.heads.index(forKey: transfer.entry.vendor)
        let vseq = (at.map { position.heads.values[$0].vseq } ?? 0) + 1
        let leaf = append { transfer.entry.splice(nseq: $0, vseq: vseq, time: $1, into: &$2) }
        let head = Seal.Head(vseq: vseq, leaf: leaf, index: index)
        if let at { position.heads.values[at] = head } else { position.heads[transfer.entry.vendor] = head }
        SideRecord.append(transfer.side, offset: Int(index - first), to: &sideRow)
        for (sighting, sealed) in transfer.sightings {
            let owed = sightings.owed(sighting).filter { owedInBatch.insert($0).inserted }
            guard !owed.isEmpty else { continue }
            sighted.append(Sighting(number: sighting.number, salt: sighting.salt, fingerprints: owed))
            sightingRows.append(
                StoredSighting(
                    row: 0, number: sighting.number, salt: withUnsafeBytes(of: sighting.salt) { Array($0) },
                    fingerprints: owed.flatMap { print in withUnsafeBytes(of: print.bytes) { Array($0) } }, sealed: sealed))
        }
        opened.append((key, OpenTransfers.Intent(index: index, leaf: leaf)))
        committed.append((reply, index))
        hasTraffic = true
    }

    /// Encodes one entry behind its length, hashes it, and adds it to the tree.
    @discardableResult
    private mutating func append(_ encode: (UInt64, [UInt8], inout [UInt8]) -> Void) -> TreeHash {
        position.nseq += 1
        let start = body.count
        body.append(0)
        body.append(0)
        encode(position.nseq, timeText, &body)
        let length = body.count - start - 2
        body[start] = UInt8(truncatingIfNeeded: length >> 8)
        body[start + 1] = UInt8(truncatingIfNeeded: length)
        let leaf = body.withUnsafeBytes { MerkleHashing.leaf(UnsafeRawBufferPointer(rebasing: $0[(start + 2)...])) }
        position.tree.append(leaf)
        return leaf
    }

    mutating func finish(identity: LogIdentity?, open: borrowing OpenTransfers) -> LogCommit {
        let end = position.tree.size
        let oldest = min(open.oldest(closing: closing, size: end), opened.first?.intent.index ?? end)
        let stored = StoredCommit(
            first: first, count: count, epoch: author.epoch, node: author.node, time: position.time, root: position.tree.root,
            oldestOpen: oldest,
            sealedTo: position.sealedTo, body: body)
        return LogCommit(
            stored: stored, tiles: position.tree.takeFullTiles(), sideRow: sideRow, sightings: sightingRows, identity: identity)
    }
}
