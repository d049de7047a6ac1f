import Synchronization

/// Bytes of request bodies held by all event loops together.
final class BodyBudget: Sendable {
    private let bytesMax: Int
    private let used = Atomic<Int>(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// False: there is no room, and nothing was reserved.
    func reserve(_ bytes: Int) -> Bool {
        guard bytes > 0 else { return true }
        if used.wrappingAdd(bytes, ordering: .relaxed).newValue <= bytesMax { return true }
        used.wrappingSubtract(bytes, ordering: .relaxed)
        return false
    }

    func release(_ bytes: Int) {
        if bytes > 0 { used.wrappingSubtract(bytes, ordering: .relaxed) }
    }

    var usedBytes: Int { used.load(ordering: .relaxed) }
}

/// Connections of one listener.
final class ConnectionCount: Sendable {
    let listener: ProxyConfiguration.Listener.Kind
    private let max: Int
    private let open = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)
    private let turnedAway = Atomic<Int>(0)

    init(listener: ProxyConfiguration.Listener.Kind, max: Int) {
        self.listener = listener
        self.max = max
    }

    func enter() -> Bool {
        if open.wrappingAdd(1, ordering: .relaxed).newValue <= max {
            taken.wrappingAdd(1, ordering: .relaxed)
            return true
        }
        open.wrappingSubtract(1, ordering: .relaxed)
        turnedAway.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    var openNow: Int { open.load(ordering: .relaxed) }
    var accepted: Int { taken.load(ordering: .relaxed) }
    var refused: Int { turnedAway.load(ordering: .relaxed) }

    /// Once, by whoever called `enter`, when the channel has closed.
    func closed() { open.wrappingSubtract(1, ordering: .relaxed) }
}
