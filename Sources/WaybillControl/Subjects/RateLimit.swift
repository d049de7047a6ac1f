import Synchronization
import WaybillCore

/// So many requests a minute from one place, in windows of a minute. Holds a bounded number of places: beyond it, all share one window.
final class RateLimit: Sendable {
    static let placesMax = 10_000
    private let perMinute: Int
    private let windows = Mutex<(minute: Int64, counts: [String: Int])>((0, [:]))

    init(perMinute: Int) { self.perMinute = perMinute }

    /// False: too many.
    func admits(_ place: String, now: Timestamp) -> Bool {
        windows.withLock { state in
            let minute = now.seconds / 60
            if state.minute != minute { state = (minute, [:]) }
            let key = state.counts[place] != nil || state.counts.count < Self.placesMax ? place : ""
            state.counts[key, default: 0] += 1
            return state.counts[key, default: 0] <= perMinute
        }
    }
}
