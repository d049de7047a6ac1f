extension ConsentEvent.State {
    /// Only these permit; every other state denies.
    package var permits: Bool { self == .given || self == .renewed }

    /// The person, or somebody for them, said no or ended it: without recipients it covers all, without purpose every purpose, and it
    /// runs down the purpose graph.
    package var isStop: Bool {
        switch self {
        case .refused, .withdrawn, .revoked, .invalidated, .expired: true
        case .given, .renewed, .requested, .deferred, .unknown: false
        }
    }

    /// A stop that is the person's own choice (or a parent's, or an authority's): legitimate interest may not take its place.
    package var forbidsBasisSwap: Bool { self == .refused || self == .withdrawn || self == .revoked }

    /// Why a standing in this state does not permit; nil for the two that do.
    package func denial(defaultNotChoice: Bool) -> ReasonCode? {
        switch self {
        case .given, .renewed: nil
        case .requested, .deferred: .consentPending
        case .refused: .consentRefused
        case .withdrawn: .consentWithdrawn
        case .revoked: .consentRevoked
        case .expired: .consentExpired
        case .invalidated: .consentInvalidated
        case .unknown: defaultNotChoice ? .consentDefaultNotChoice : .consentUnknown
        }
    }

    /// Decides between events of the same instant and sequence: the higher wins.
    var restrictiveness: Int {
        switch self {
        case .given, .renewed: 0
        case .requested, .deferred: 1
        case .unknown: 2
        case .expired: 3
        case .invalidated: 4
        case .refused: 5
        case .revoked: 6
        case .withdrawn: 7
        }
    }
}
