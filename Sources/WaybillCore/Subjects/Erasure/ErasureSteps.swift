/// How far one erasure is. Each step is durable before the next begins; after a crash work goes on behind the last durable one, and every
/// action may be done twice.
package enum ErasureStep: String, Sendable, CaseIterable {
    /// Asked for: the salts stand sealed in the store of subjects. The log may still hold them in the clear.
    case sealing
    /// Nothing leaves any more; the recipients can be told. Waits for a person to confirm.
    case sealed
    /// There is no way back.
    case confirmed
    /// The tombstone is in its file.
    case entombed
    /// The log has the entry.
    case entered
    /// The log's side records do not name the subject any more.
    case swept
    /// The store of subjects knows nothing of the person; old pages may.
    case destroyed
}

package enum ErasureAction: Sendable, Equatable {
    /// Overwrite what the log keeps of a first-seen subject: salt, fingerprints, sealed identifiers.
    case blankSightings
    case awaitConfirmation
    case entomb
    /// Append the entry and wait until it is durable. No transfer prepared before may be committed with the subject's numbers afterwards.
    case enter
    /// Numbers out of side records and derived indexes.
    case sweep
    case destroy
    /// Old pages out of the files; then the erasure itself is forgotten.
    case scrub
}

extension ErasureStep {
    package var next: ErasureAction {
        switch self {
        case .sealing: .blankSightings
        case .sealed: .awaitConfirmation
        case .confirmed: .entomb
        case .entombed: .enter
        case .entered: .sweep
        case .swept: .destroy
        case .destroyed: .scrub
        }
    }

    /// Where the erasure is once `next` is done; nil: over, or waiting for somebody.
    package var following: ErasureStep? {
        switch self {
        case .sealing: .sealed
        case .confirmed: .entombed
        case .entombed: .entered
        case .entered: .swept
        case .swept: .destroyed
        case .sealed, .destroyed: nil
        }
    }

    /// The person counts as erased: the store answers as if it had never known them.
    package var isFinal: Bool { self != .sealing && self != .sealed }
}
