import Logging
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Chooses the shard that takes entries, and begins the next one when the half-year has changed. Only at start, with the store's lock held.
///
/// The old shard is ended first: a crash's open intents get their outcomes there, then a last act, a seal and a checkpoint that is kept.
/// Whatever fails before the new shard has its first entry leaves the old one as the log's end, and the next start tries again.
struct LogRollover {
    let settings: Settings
    let keys: LogKeys
    /// `log.origin`.
    let base: String
    let now: Timestamp
    let logger: Logger

    struct Opening {
        var store: SQLiteLogStore
        var origin: String
        /// What a new shard goes on from.
        var previous: Checkpoint?
    }

    /// `mayRoll` false: a due rollover waits for the next start of the gate.
    func open(mayRoll: Bool = true) throws(CommandFailure) -> Opening {
        let store = try Wiring.logStore(settings)
        do throws(LogStoreError) {
            let files = try shardFiles()
            if try store.head() == nil, files.count > 1, let half = files[files.count - 1].half {
                // Made by a start that went no further.
                return try begin(half, in: store, after: files[files.count - 2].path)
            }
            let identity = try store.identity()
            let opening = Opening(store: store, origin: Self.origin(base: base, stored: identity, settings, now: now))
            guard mayRoll, settings.log.shardsByHalfYear, let identity, let head = try store.head(), opening.origin == identity.configured,
                HalfYear(origin: identity.configured, of: base) ?? HalfYear(head.time) < HalfYear(now)
            else { return opening }
            return try roll(from: store, identity)
        } catch {
            store.close()
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    static func origin(base: String, stored: LogIdentity?, _ settings: Settings, now: Timestamp) -> String {
        if let configured = stored?.configured, configured == base || HalfYear(origin: configured, of: base) != nil { return configured }
        return settings.log.shardsByHalfYear ? HalfYear(now).origin(of: base) : base
    }

    private func shardFiles() throws(LogStoreError) -> [LogShardFile] {
        do throws(SystemError) { return try settings.logShards() } catch { throw .unusable("\(error).") }
    }

    private func roll(from store: SQLiteLogStore, _ identity: LogIdentity) throws(LogStoreError) -> Opening {
        let next = HalfYear(now)
        let (old, file) = (settings.logStore, settings.logShard(next))
        guard try end(store, identity.configured, next: next.origin(of: base)) else {
            // The ordinary start says why the log does not take entries.
            let again = try SQLiteLogStore(path: old)
            return Opening(store: again, origin: identity.configured)
        }
        logger.notice("the log goes on in a new shard", metadata: ["shard": "\(next)", "ended": "\(identity.origin)"])
        return try begin(next, in: try make(file.path, after: old), after: old)
    }

    /// False: the log does not take entries, so that the shard cannot end. Closes the store.
    private func end(_ store: SQLiteLogStore, _ origin: String, next: String) throws(LogStoreError) -> Bool {
        do throws(LogOpenError) {
            let log = try TransferLog.open(
                store: store, keys: keys, configuration: LogConfiguration(origin: origin, node: Serving.node),
                copy: FileCheckpointCopy(path: settings.log.checkpointCopy))
            guard log.state == .open else {
                log.close()
                return false
            }
            log.record(ShardAct.end(next: next))
            log.close()
        } catch {
            throw .unusable(error.message)
        }
        // Only a shard with a checkpoint over all of it has ended.
        let reader = try SQLiteLogReader(path: settings.logStore)
        defer { reader.close() }
        guard let last = try reader.checkpoints().last, let size = try reader.head()?.size else { return false }
        return last.keep && last.size == size
    }

    /// The file takes its name with its tables and first-seen subjects in it: readers take the newest file for the live shard.
    private func make(_ path: String, after old: String) throws(LogStoreError) -> SQLiteLogStore {
        let new = path + ".new"
        func clear(_ suffixes: [String]) throws(LogStoreError) {
            do throws(SystemError) { for suffix in suffixes { try Files.removeTree(new + suffix) } } catch { throw .unusable("\(error).") }
        }
        try clear(["", "-wal", "-shm", ".lock"])
        let store = try SQLiteLogStore(path: new)
        let reader = try SQLiteLogReader(path: old)
        defer { reader.close() }
        try store.takeSightings(from: reader)
        store.close()
        do throws(SystemError) { try Files.move(new, to: path) } catch { throw .unusable("\(error).") }
        try clear([".lock"])
        return try SQLiteLogStore(path: path)
    }

    private func begin(_ half: HalfYear, in store: SQLiteLogStore, after path: String) throws(LogStoreError) -> Opening {
        let reader = try SQLiteLogReader(path: path)
        defer { reader.close() }
        guard let head = try reader.head(), let identity = try reader.identity() else {
            throw .unusable("The shard \(path) is empty, so that none can follow it; restore it.")
        }
        return Opening(
            store: store, origin: half.origin(of: base), previous: Checkpoint(origin: identity.origin, size: head.size, root: head.root))
    }
}
