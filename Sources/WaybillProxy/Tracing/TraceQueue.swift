import Synchronization

/// Traces on their way to a collector. When it is full the newest are dropped and counted: a collector that is away costs no memory and
/// holds up nobody.
package final class TraceQueue: TraceKeeper {
    package static let tracesMax = 4_096
    private struct State {
        var waiting: [ExchangeTrace] = []
        var dropped: UInt64 = 0
    }
    private let state = Mutex(State())

    package init() {}

    package func keep(_ trace: ExchangeTrace) {
        state.withLock {
            if $0.waiting.count < Self.tracesMax { $0.waiting.append(trace) } else { $0.dropped += 1 }
        }
    }

    /// The oldest, at most `count`; they stay until `remove`.
    package func first(_ count: Int) -> [ExchangeTrace] { state.withLock { Array($0.waiting.prefix(count)) } }

    package func remove(first count: Int) { state.withLock { $0.waiting.removeFirst(min(count, $0.waiting.count)) } }

    /// Since the start.
    package var dropped: UInt64 { state.withLock { $0.dropped } }
}
