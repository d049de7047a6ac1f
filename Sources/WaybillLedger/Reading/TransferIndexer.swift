import Synchronization
import WaybillCore

/// Brings an index up to its log, batch by batch. Any number may run on one index: whoever comes second reads again where it stands.
package final class TransferIndexer: Sendable {
    private struct State {
        var digester: LogDigester
        var position: IndexPosition
        var origin: String
        var idleTurns = 0
    }
    /// What was pruned is looked for now and then also while nothing comes.
    private static let idleTurnsMax = 256
    package static let batchEntriesMin = 50_000
    private static let sightingsAtOnce = 50_000

    private let log: any LogReader
    private let index: any TransferIndex
    private let entriesMin: Int
    private let state = Mutex<State?>(nil)

    package init(log: any LogReader, index: any TransferIndex, batchEntriesMin: Int = batchEntriesMin) {
        self.log = log
        self.index = index
        entriesMin = batchEntriesMin
    }

    /// Takes in one batch. True: there is more at once. Throws if log or index cannot be read or written; calling again is safe.
    package func turn() throws -> Bool {
        try state.withLock { state in
            guard let size = try log.head()?.size else { return false }
            if let current = state, current.position.next == size, current.idleTurns < Self.idleTurnsMax {
                state?.idleTurns += 1
                return false
            }
            guard let identity = try log.identity(), let first = try log.commits(from: 0, limit: 1).first else { return false }
            if state?.origin != identity.origin { state = nil }
            var current = try state ?? begin(first.root, identity.origin)
            // Whatever is thrown, the next turn asks the index where it stands.
            state = nil
            let more = try take(&current, size)
            current.idleTurns = 0
            if more != nil { state = current }
            return more ?? true
        }
    }

    /// How far the index is; nil before the first turn.
    package var position: IndexPosition? { state.withLock { $0?.position } }

    private func begin(_ first: TreeHash, _ origin: String) throws -> State {
        var position = try index.position(of: first, origin: origin)
        if try !log.holds(position) {
            try index.clear(position)
            position = try index.position(of: first, origin: origin)
        }
        let low = try log.oldestOpen(at: position.next)
        return State(digester: LogDigester(reader: log, open: try index.open(position, from: low)), position: position, origin: origin)
    }

    /// Nil: the index stands elsewhere.
    private func take(_ state: inout State, _ size: UInt64) throws -> Bool? {
        if let low = try log.sideRows(from: 0, limit: 1).first?.first, low > state.position.pruned {
            try index.prune(state.position, below: low)
            state.position.pruned = low
        }
        let sightings = try log.sightings(after: state.position.sighting, limit: Self.sightingsAtOnce)
        let batch = try state.digester.next(from: state.position.next, below: size, entriesMin: entriesMin)
        guard batch != nil || !sightings.isEmpty else { return false }
        let none = IndexBatch(low: state.position.next, high: state.position.next, root: state.position.root)
        let next = try index.apply(batch ?? none, sightings: sightings, at: state.position, origin: state.origin)
        guard let next else { return nil }
        state.position = next
        return next.next < size || sightings.count == Self.sightingsAtOnce
    }
}

extension LogReader {
    /// Whether the log still is the one the index took in: it can be rolled back, or replaced.
    package func holds(_ position: IndexPosition) throws -> Bool {
        guard position.next > 0 else { return true }
        guard let commit = try commits(before: position.next, limit: 1).first else { return false }
        return commit.end == position.next && commit.root == position.root
    }

    /// No transfer below is open when the entries below `index` are in.
    func oldestOpen(at index: UInt64) throws -> UInt64 {
        guard index > 0 else { return 0 }
        return try commits(before: index, limit: 1).first?.oldestOpen ?? 0
    }
}
