/// Proofs from a log's store, each checked before it is given away.
package struct LogProofs {
    private let reader: any LogReader

    package init(reader: any LogReader) { self.reader = reader }

    /// A tile or bundle as published; nil: a tree of `size` has no such one. Blocks. Throws if the store is damaged.
    package static func bytes(of request: TileRequest, size: UInt64, from reader: any LogReader) throws -> [UInt8]? {
        guard request.isCovered(by: size) else { return nil }
        switch request {
        case .tile(let name, let width):
            guard let body = try reader.tile(name, width: width), body.count >= width * TreeHash.byteCount else {
                throw ProofError("A tile of the log is missing or damaged; run waybill log verify.")
            }
            return Array(body.prefix(width * TreeHash.byteCount))
        case .entries(let bundle, let width):
            let low = bundle * UInt64(Tile.width)
            var bytes = [UInt8]()
            var count = 0
            try reader.forEachEntry(from: low, to: low + UInt64(width)) { _, entry in
                bytes.append(UInt8(truncatingIfNeeded: entry.count >> 8))
                bytes.append(UInt8(truncatingIfNeeded: entry.count))
                bytes.append(contentsOf: entry)
                count += 1
            }
            guard count == width else { throw ProofError("Entries of the log are missing; run waybill log verify.") }
            return bytes
        }
    }

    /// That entry `index` is in the tree of `checkpoint`, a signed note of this log; and the entry itself.
    package func inclusion(of index: UInt64, in note: String) throws -> (proof: InclusionProofText, entry: [UInt8]) {
        let checkpoint = try LogProofs.read(note).checkpoint
        guard index < checkpoint.size else {
            throw ProofError(
                "No signed checkpoint covers entry \(index) yet, the last one covers \(checkpoint.size); "
                    + "name an earlier entry, or wait until the gate has signed another.")
        }
        var entry: [UInt8]?
        try reader.forEachEntry(from: index, to: index + 1) { entry = Array($1) }
        guard let entry else { throw ProofError("Entry \(index) of the log is missing; run waybill log verify.") }
        var tree = MerkleTree(size: checkpoint.size, tiles: reader)
        let path = try tree.inclusionProof(of: index, in: checkpoint.size)
        guard
            ProofVerification.includes(
                leaf: MerkleHashing.leaf(entry).bytes, index: index, size: checkpoint.size, proof: path.map(\.bytes),
                root: checkpoint.root.bytes)
        else { throw LogProofs.damaged }
        return (InclusionProofText(index: index, proof: path, checkpoint: note), entry)
    }

    /// That the tree of `checkpoint` extends the one of `old` entries.
    package func consistency(from old: UInt64, to note: String) throws -> ConsistencyProofText {
        let checkpoint = try LogProofs.read(note).checkpoint
        guard old <= checkpoint.size else {
            throw ProofError(
                "The checkpoint covers \(checkpoint.size) entries, fewer than \(old); name a smaller size to begin with, or a later "
                    + "checkpoint to end with.")
        }
        var tree = MerkleTree(size: checkpoint.size, tiles: reader)
        let path = old == 0 ? [] : try tree.consistencyProof(from: old, to: checkpoint.size)
        if old > 0 {
            let root = try tree.root(at: old)
            guard
                ProofVerification.extends(
                    oldSize: old, newSize: checkpoint.size, oldRoot: root.bytes, newRoot: checkpoint.root.bytes, proof: path.map(\.bytes))
            else { throw LogProofs.damaged }
        }
        return ConsistencyProofText(old: old, proof: path, checkpoint: note)
    }

    /// The signed note of the newest checkpoint, or of the one of `size` entries.
    package func checkpoint(ofSize size: UInt64? = nil) throws -> String {
        guard let last = try reader.lastCheckpoint() else {
            throw ProofError("The log has no checkpoint yet; start `waybill serve` once.")
        }
        guard let size else { return last.note }
        let kept = try reader.checkpoints()
        if let found = kept.last(where: { $0.size == size }) { return found.note }
        let sizes = Set(kept.map(\.size)).sorted()
        let near = [sizes.last { $0 < size }, sizes.first { $0 > size }].compactMap { $0 }.map(String.init).joined(separator: " and ")
        throw ProofError("No checkpoint of \(size) entries is kept (the nearest are of \(near)); name one of those, or leave the size out.")
    }

    /// A stored note, taken apart.
    package static func read(_ text: String) throws -> (note: SignedNote, checkpoint: Checkpoint) {
        let note: SignedNote
        do { note = try SignedNote(Array(text.utf8)) } catch { throw LogProofs.unreadable }
        guard let checkpoint = Checkpoint(text: note.text) else { throw LogProofs.unreadable }
        return (note, checkpoint)
    }

    private static let unreadable = ProofError("The stored checkpoint is damaged; run waybill log verify.")
    private static let damaged = ProofError("The log's tree does not fit its checkpoint; run waybill log verify.")
}

/// Why there is no proof: one sentence with the remedy.
package struct ProofError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}
