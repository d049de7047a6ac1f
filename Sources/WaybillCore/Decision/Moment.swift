/// The instant of one decision. Steps ask it whether an instant has come and compare nothing themselves, so that it knows between which
/// instants every answer it gave is the same: there the decision need not be made again.
struct Moment: Sendable {
    private let now: Timestamp
    /// From here on an answer may be another; before it, too.
    private(set) var standsUntil = Timestamp(nanoseconds: .max)
    private(set) var standsSince = Timestamp(nanoseconds: .min)

    init(_ now: Timestamp) { self.now = now }

    mutating func hasReached(_ instant: Timestamp) -> Bool {
        if instant <= now {
            standsSince = max(standsSince, instant)
            return true
        }
        standsUntil = min(standsUntil, instant)
        return false
    }

    /// Something else was asked, too, that changes at any time.
    mutating func passes() { standsUntil = now }
}
