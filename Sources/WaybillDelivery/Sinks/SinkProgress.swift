import Synchronization
package import WaybillCore

/// How a sink does, as monitoring sees it. Counts from the start of the gate.
package final class SinkProgress: Sendable {
    package struct Counts: Sendable, Equatable {
        package var deliveredEntries: UInt64 = 0
        package var failures: UInt64 = 0
        /// Entries of the log that were not delivered at the last look.
        package var behindEntries: UInt64 = 0
        /// Entries of the log that grows, at that look.
        package var sizeThen: UInt64 = 0
        package var lastSuccess: Timestamp?
        /// Since the last success.
        package var failure: String?
    }
    package let name: String
    /// While a receiver is away there are no looks: what the log has grown by since counts too.
    package func behindEntries(now size: UInt64) -> UInt64 {
        state.withLock { $0.behindEntries + (size > $0.sizeThen ? size - $0.sizeThen : 0) }
    }
    private let state = Mutex(Counts())

    package init(name: String) { self.name = name }

    package var counts: Counts { state.withLock { $0 } }

    func delivered(_ entries: Int, at now: Timestamp) {
        state.withLock { state in
            state.deliveredEntries += UInt64(entries)
            state.lastSuccess = now
            state.failure = nil
        }
    }

    func failed(_ sentence: String) {
        state.withLock { state in
            state.failures += 1
            state.failure = sentence
        }
    }

    func isBehind(_ entries: UInt64, ofSize size: UInt64) {
        state.withLock { state in
            state.behindEntries = entries
            state.sizeThen = size
        }
    }
}
