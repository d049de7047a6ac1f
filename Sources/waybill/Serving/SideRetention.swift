import Logging
import Synchronization
import WaybillCore
import WaybillLedger
import WaybillStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lets side rows age out by whole months (`retention.side_months`), and freezes shards that have ended.
///
/// The entry that names a month is durable before the first of its rows goes. Of the live shard rows go in small steps through the
/// writer's own connection, and after each step the writer is left alone for a multiple of the time it took.
final class SideRetention: Sendable {
    /// Deleted in one transaction: a commit waits for about as long as its own sync takes.
    static let stepBytesMax = 256 * 1_024
    private static let freezeAttemptsMax = 8
    private static let freezePauseMicroseconds: UInt32 = 250_000
    private static let restPerStep = 4
    private static let pauseMilliseconds = 3_600_000
    let settings: Settings
    let log: TransferLog
    let store: SQLiteLogStore
    let logger: Logger
    /// Months named by this process.
    private let named = Mutex<Set<LogMonth>>([])
    private let isFirstTurn = Atomic(true)

    init(settings: Settings, log: TransferLog, store: SQLiteLogStore, logger: Logger) {
        self.settings = settings
        self.log = log
        self.store = store
        self.logger = logger
    }

    static func work(_ parts: GateParts) -> BackgroundWork {
        let retention = SideRetention(settings: parts.settings, log: parts.log, store: parts.logStore, logger: parts.logger)
        return BackgroundWork(name: "retention", pauseMilliseconds: pauseMilliseconds, logger: parts.logger, turn: retention.turn)
    }

    /// Rows of earlier months go; nil: none ever does.
    static func oldestKept(_ settings: Settings, now: Timestamp) -> LogMonth? {
        let months = settings.retention.sideMonths
        return months == 0 ? nil : LogMonth(now).earlier(by: months)
    }

    /// One step. True: there is more to do.
    func turn() throws -> Bool {
        guard log.state == .open else { return false }
        let shards = try settings.logShards()
        for shard in shards.dropLast() { try keepFrozen(shard) }
        guard let kept = Self.oldestKept(settings, now: SystemWallClock().now()) else { return false }
        for shard in shards.dropLast() { try pruneFrozen(shard, before: kept) }
        if try pruneLive(before: kept) { return true }
        // At a start the index may just be being made; what an interrupted process left waits for the next turn.
        let isStart = isFirstTurn.exchange(false, ordering: .relaxed)
        if isStart, named.withLock({ $0.isEmpty }) { return false }
        for shard in shards.dropLast() { try forgetInIndex(EndedLog(path: shard.path)) }
        try forgetInIndex(store)
        return false
    }

    private func pruneLive(before kept: LogMonth) throws -> Bool {
        guard let month = try store.oldestSideMonth(), month < kept else { return false }
        try name(month)
        let started = ContinuousClock.now
        let rows = try store.pruneSides(of: month, bytesMax: Self.stepBytesMax)
        let took = (ContinuousClock.now - started) / .microseconds(1)
        if try store.oldestSideMonth() != month { logger.notice("side rows deleted", metadata: ["month": "\(month)"]) }
        usleep(UInt32(min(took * Double(Self.restPerStep), 1_000_000)))
        return rows > 0
    }

    private func pruneFrozen(_ shard: LogShardFile, before kept: LogMonth) throws {
        let reader = try SQLiteLogReader(path: shard.path)
        let oldest: LogMonth?
        let due: [LogMonth]
        do {
            defer { reader.close() }
            oldest = try reader.oldestSideMonth()
            guard let oldest, oldest < kept else { return }
            due = try reader.sideMonths().map(\.month).filter { $0 < kept }
        }
        for month in due { try name(month) }
        try FrozenLog(path: shard.path).pruneSides(of: due)
        for month in due {
            logger.notice("side rows deleted", metadata: ["month": "\(month)", "shard": "\(shard.half?.description ?? "first")"])
        }
    }

    /// What the log does not know any more, the index must not know either. Repeated at every turn, in case one was interrupted.
    private func forgetInIndex(_ log: any LogReader) throws {
        let index = Wiring.transferIndex(settings)
        defer { index.close() }
        guard let first = try log.commits(from: 0, limit: 1).first?.root, let position = try index.reading({ try $0.position(of: first) })
        else { return }
        let kept = try log.sideRows(from: 0, limit: 1).first?.first ?? log.head()?.size ?? 0
        if position.pruned < kept { try index.prune(position, below: kept) }
    }

    /// A shard is read now and then; what cannot be frozen while somebody reads is frozen at a later turn.
    private func keepFrozen(_ shard: LogShardFile) throws {
        guard let facts = try Files.facts(shard.path), facts.mode != 0o400 else { return }
        // The index reads the last entries of the shard when the gate starts; who reads longer is waited for until the next turn.
        for attempt in 1...Self.freezeAttemptsMax {
            do throws(LogStoreError) {
                try FrozenLog(path: shard.path).freeze()
                return logger.notice("shard frozen", metadata: ["file": "\(shard.path)"])
            } catch {
                guard case .rolledBack = error else { throw error }
            }
            if attempt < Self.freezeAttemptsMax { usleep(Self.freezePauseMicroseconds) }
        }
    }

    private func name(_ month: LogMonth) throws {
        guard !named.withLock({ $0.contains(month) }) else { return }
        let act = ShardAct.sidePruned(month, keptMonths: settings.retention.sideMonths)
        if let failure = log.enterAndWait(act) { throw CommandFailure(failure.message.withoutFullStop) }
        named.withLock { _ = $0.insert(month) }
    }
}
