/// Which checkpoint followers are shown: the newest cosigned one while its cosignatures are fresh, else the newest signed one; and never a
/// smaller one than before, because to a follower that looks like a rollback.
package struct ServedCheckpoint: Sendable {
    private var shown: (origin: String, size: UInt64, note: String)?

    package init() {}

    /// `cosigned`: nil where no witness is asked, or none has answered for long.
    package mutating func next(newest: StoredCheckpoint, cosigned: CosignedCheckpoint?) -> String {
        var candidate = (origin: newest.origin, size: newest.size, note: newest.note)
        if let cosigned, cosigned.origin == newest.origin, cosigned.size <= newest.size {
            candidate = (cosigned.origin, cosigned.size, cosigned.note)
        }
        if let shown, shown.origin == candidate.origin, shown.size > candidate.size { return shown.note }
        shown = candidate
        return candidate.note
    }
}
