/// What `waybill log verify` found.
package struct VerificationReport: Sendable, Equatable {
    package struct Fault: Sendable, Equatable {
        /// Entry at which it shows; nil: of the log as a whole.
        package var index: UInt64?
        package var kind: FaultKind
        /// One sentence, without personal data.
        package var what: String
        package init(index: UInt64?, kind: FaultKind = .entry, what: String) {
            self.index = index
            self.kind = kind
            self.what = what
        }
    }
    package var entries: UInt64
    package var root: TreeHash
    /// In the order found; at most `LogVerifier.faultsMax`.
    package var faults: [Fault]
    package var checkpoints: Int
    /// Intents of the last epoch that have no outcome yet.
    package var openIntents: Int
    /// Commits whose side records were pruned, by whole months.
    package var prunedSideRows: Int = 0
    /// False: without the log's secret keys, what stands beside the entries was not compared with its seals.
    package var hasSecretKeys = false
    /// What it says about shards and side rows.
    package var shard = ShardNotes()
    package var isSound: Bool { faults.isEmpty }
}

/// What sort of fault, and what follows from it.
package enum FaultKind: String, Sendable, CaseIterable {
    /// The store, or a part of it, cannot be read.
    case unreadable
    /// The file's tables, columns or indexes are not as Waybill makes them.
    case layout
    /// Entries between others are gone.
    case missing
    /// An entry is not one that the log writes.
    case entry
    /// Numbers that must be gapless are not.
    case sequence
    /// An intent without outcome, or an outcome without intent.
    case outcome
    case seal
    case time
    /// Stored hashes do not fit the entries.
    case tree
    /// What a commit says of itself.
    case marks
    case checkpoint
    /// Signed entries at the end are gone.
    case rollback
    /// Side records: what entries only commit to.
    case side
    /// First-seen subjects.
    case sighting
    /// Under which name the log goes on.
    case identity

    /// One sentence for whoever must act on it.
    package var consequence: String {
        switch self {
        case .unreadable: "What cannot be read cannot be judged; verify another copy, and restore that one if it is whole."
        case .layout: "Somebody or something other than Waybill wrote to the file; look-ups may miss what is there."
        case .missing: "Transfers are gone from the record; only another copy or the vendors can show them."
        case .entry: "This entry proves nothing any more; the other entries still do where the tree fits them."
        case .sequence: "Entries were removed, added or moved, so a vendor's list of transfers may not be complete."
        case .outcome: "How this transfer ended is not known; count it as disclosed."
        case .seal: "That a vendor's list is complete up to this seal is not shown."
        case .time: "When these entries were made is not certain; their order is."
        case .tree: "Entries or hashes were changed after they were written; proofs made from this store will not verify."
        case .marks: "A restart could overlook open transfers; the entries themselves are not touched."
        case .checkpoint: "What was signed and what is stored differ: one of the two was changed, or is of another log."
        case .rollback: "Entries that the log had signed are gone: the store was cut off, rolled back or replaced."
        case .side: "Who and what this transfer was about cannot be shown from these rows; that it happened still can."
        case .sighting: "A person first seen in a transfer may not be found or may be taken for another; the entries are not touched."
        case .identity: "At its next start the log could go on under a wrong name, or hide that entries were lost."
        }
    }
}
