import WaybillCore
import WaybillLedger
import WaybillStorage

extension Wiring {
    /// Entries behind which the index is brought up by a command itself; a gate's is mostly closer.
    private static let lagEntriesMax: UInt64 = 5_000

    static func transferIndex(_ settings: Settings) -> SQLiteTransferIndex { SQLiteTransferIndex(path: settings.indexStore) }

    /// Finds transfers beside a running gate or without one. An index that is far behind is brought up first, with progress on a terminal.
    static func finder(_ settings: Settings, log: SQLiteLogReader) throws -> TransferFinder {
        keepFilesPrivate()
        let index = transferIndex(settings)
        try reading {
            let size = try log.head()?.size ?? 0
            guard let first = try log.commits(from: 0, limit: 1).first?.root else { return }
            let position = try index.reading { try $0.position(of: first) }
            if let position, try log.holds(position), position.next + lagEntriesMax >= size { return }
            try follow(TransferIndexer(log: log, index: index), size: size)
        }
        return TransferFinder(log: log, index: index)
    }

    /// Takes in the log up to `size` entries.
    static func follow(_ indexer: TransferIndexer, size: UInt64) throws {
        var progress = Progress("entries indexed")
        while try indexer.turn(), let next = indexer.position?.next, next < size {
            progress.update(done: Int(next), total: Int(size))
        }
        progress.clear()
    }
}

extension GateParts {
    /// How often the index looks for new entries.
    private static let indexPauseMilliseconds = 200

    /// Keeps the index up with the log.
    func indexing() throws -> BackgroundWork {
        let log = try Wiring.logReader(settings)
        let indexer = TransferIndexer(log: log, index: Wiring.transferIndex(settings))
        return BackgroundWork(name: "index", pauseMilliseconds: Self.indexPauseMilliseconds, logger: logger) { try indexer.turn() }
    }
}
