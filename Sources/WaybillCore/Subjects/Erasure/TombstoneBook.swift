import Synchronization

/// The tombstones in memory. Safe from any thread; costs nothing on the hot path while nobody was erased.
package final class TombstoneBook: Sendable {
    private struct State {
        var keys: TombstoneKeys?
        var makeSalt: (@Sendable () -> InlineArray<16, UInt8>)?
        /// By identifier.
        var erased: [Fingerprint: Timestamp] = [:]
        var byID: [Fingerprint: Tombstone] = [:]
        var entered: [Fingerprint: UInt64] = [:]
    }
    private let state = Mutex(State())
    private let isEmpty = Atomic(true)

    package init() {}

    /// `makeSalt`: 16 random bytes each time, for what may still be sent about somebody who was erased.
    package func begin(keys: TombstoneKeys, makeSalt: @escaping @Sendable () -> InlineArray<16, UInt8>) {
        state.withLock { state in
            state.keys = keys
            state.makeSalt = makeSalt
        }
    }

    /// Nil before `begin`.
    func throwawaySalt() -> InlineArray<16, UInt8>? { state.withLock { $0.makeSalt }?() }

    package func add(_ line: TombstoneLine) {
        state.withLock { state in
            switch line {
            case .entered(let id, let index): state.entered[id] = index
            case .tombstone(let tombstone):
                state.byID[tombstone.id] = tombstone
                for identifier in tombstone.identifiers {
                    state.erased[identifier] = Swift.max(state.erased[identifier] ?? tombstone.erasedAt, tombstone.erasedAt)
                }
            }
        }
        isEmpty.store(false, ordering: .releasing)
    }

    /// When the person of this identifier was last erased; nil: nobody of that name was.
    package func erasedAt(_ fingerprint: Fingerprint) -> Timestamp? {
        guard !isEmpty.load(ordering: .acquiring) else { return nil }
        return state.withLock { state in state.keys.flatMap { state.erased[$0.identifier(fingerprint)] } }
    }

    package subscript(id id: Fingerprint) -> Tombstone? { state.withLock { $0.byID[id] } }

    /// Where the log has the erasure's entry, as far as the file says.
    package func entry(of id: Fingerprint) -> UInt64? { state.withLock { $0.entered[id] } }

    /// Oldest first.
    package var all: [Tombstone] { state.withLock { $0.byID.values.sorted { $0.erasedAt < $1.erasedAt } } }

    /// The highest number of those that the transfer log gives; nil: none of them was erased.
    package var lastSightedNumber: UInt32? {
        state.withLock { state in
            state.byID.values.flatMap(\.parts).map(\.number).filter { $0 >= SubjectIndex.sightedNumbersFrom }.max()
        }
    }
}
