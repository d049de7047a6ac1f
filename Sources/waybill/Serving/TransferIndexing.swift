import Synchronization
import WaybillCore
import WaybillLedger
import WaybillStorage

extension Wiring {
    /// Entries behind which the index is brought up by a command itself; a gate's is mostly closer.
    private static let lagEntriesMax: UInt64 = 5_000

    static func transferIndex(_ settings: Settings) -> SQLiteTransferIndex { SQLiteTransferIndex(path: settings.indexStore) }

    /// Every log there is to search, oldest first; the last takes entries.
    static func searchedLogs(_ settings: Settings) throws(CommandFailure) -> [SQLiteLogReader] {
        try logShards(settings).map(\.reader)
    }

    /// Finds transfers beside a running gate or without one. An index that is far behind is brought up first, with progress on a terminal.
    static func search(_ settings: Settings, _ logs: [SQLiteLogReader]) throws -> TransferSearch {
        keepFilesPrivate()
        let index = transferIndex(settings)
        return try reading {
            for log in logs where try !isNear(index, log) { try follow(TransferIndexer(log: log, index: index), log) }
            return try TransferSearch(logs, index: index)
        }
    }

    private static func isNear(_ index: SQLiteTransferIndex, _ log: SQLiteLogReader) throws -> Bool {
        guard let first = try log.commits(from: 0, limit: 1).first?.root, let size = try log.head()?.size else { return true }
        guard let position = try index.reading({ try $0.position(of: first) }), try log.holds(position) else { return false }
        return position.next + lagEntriesMax >= size
    }

    /// Takes in a log up to where it ends now. Returns that.
    @discardableResult
    static func follow(_ indexer: TransferIndexer, _ log: SQLiteLogReader) throws -> UInt64 {
        let size = try log.head()?.size ?? 0
        var progress = Progress("entries indexed")
        while try indexer.turn(), let next = indexer.position?.next, next < size {
            progress.update(done: Int(next), total: Int(size))
        }
        progress.clear()
        return size
    }
}

extension GateParts {
    /// How often the index looks for new entries.
    private static let indexPauseMilliseconds = 25

    /// Keeps the index up with the log. A shard that has ended is read once, and let go of, so that it can be frozen.
    func indexing() throws -> BackgroundWork {
        let index = Wiring.transferIndex(settings)
        let indexers = Mutex(try Wiring.searchedLogs(settings).map { ($0, TransferIndexer(log: $0, index: index)) })
        return BackgroundWork(name: "index", pauseMilliseconds: Self.indexPauseMilliseconds, logger: logger) {
            try indexers.withLock { indexers in
                guard let (log, indexer) = indexers.first else { return false }
                if try indexer.turn() { return true }
                guard indexers.count > 1 else { return false }
                log.close()
                indexers.removeFirst()
                return true
            }
        }
    }
}
