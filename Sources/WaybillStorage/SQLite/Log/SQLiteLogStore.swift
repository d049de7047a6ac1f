import GRDBSQLite
import Synchronization
package import WaybillCore
package import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The log in a SQLite file of its own: WAL, `synchronous=FULL`, one row a commit, tree and entries in one transaction.
///
/// One process owns it (a lock file beside it says so); others read it with `SQLiteLogReader`.
package final class SQLiteLogStore: LogStore {
    private let writer: Mutex<LogConnection?>
    let reader: SQLiteLogReader
    private let lock: LockFile
    /// 16 MiB.
    private static let journalPagesMax: Int32 = 4_096

    /// Creates the file if it is missing. Throws `unusable` with the remedy if it is locked, of a newer version, or not a log.
    /// `pagesMax` bounds the file (4,096 bytes a page); beyond it every commit fails as on a full disk.
    package init(path: String, pagesMax: Int? = nil) throws(LogStoreError) {
        lock = try LockFile(path: path + ".lock", of: path)
        do {
            var connection = try LogConnection(path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
            connection.setBusyTimeout(milliseconds: 250)
            try connection.execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF")
            connection.keepJournal()
            try LogSchema.migrate(&connection, path: path)
            if let pagesMax { try connection.execute("PRAGMA max_page_count = \(pagesMax)") }
            reader = try SQLiteLogReader(Self.readingConnection(path: path))
            writer = Mutex(Optional(connection))
        } catch {
            throw .unusable(Self.explain(error, path: path))
        }
    }

    private static func readingConnection(path: String) throws(SQLiteFailure) -> LogConnection {
        let connection = try LogConnection(path: path, flags: SQLITE_OPEN_READONLY)
        connection.setBusyTimeout(milliseconds: 5_000)
        return connection
    }

    package func append(_ commit: LogCommit) throws(LogStoreError) {
        try transact { connection throws(SQLiteFailure) in
            let stored = commit.stored
            try connection.run(
                """
                INSERT INTO commits(first, n, ep, node, t, root, oldest_open, sealed_to, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                """,
                [
                    .int(Int64(clamping: stored.first)), .int(Int64(stored.count)), .int(Int64(stored.epoch)), .text(stored.node),
                    .int(stored.time.nanoseconds), .blob(stored.root.bytes), .int(Int64(clamping: stored.oldestOpen)),
                    .int(Int64(clamping: stored.sealedTo)), .blob(stored.body),
                ])
            for (name, body) in commit.tiles {
                try connection.run("INSERT INTO tiles(id, body) VALUES (?1, ?2)", [.int(LogSchema.id(name)), .blob(body)])
            }
            if !commit.sideRow.isEmpty {
                let (year, month, _) = stored.time.day.civil
                try connection.run(
                    "INSERT INTO side(first, month, body) VALUES (?1, ?2, ?3)",
                    [.int(Int64(clamping: stored.first)), .int(Int64(year * 100 + month)), .blob(commit.sideRow)])
            }
            for sighting in commit.sightings {
                try connection.run(
                    "INSERT INTO sightings(number, salt, fingerprints, sealed) VALUES (?1, ?2, ?3, ?4)",
                    [.int(Int64(sighting.number)), .blob(sighting.salt), .blob(sighting.fingerprints), .blob(sighting.sealed)])
            }
            if let identity = commit.identity {
                try connection.run(
                    "INSERT OR REPLACE INTO identity(id, origin, configured, generation, previous) VALUES (1, ?1, ?2, ?3, ?4)",
                    [.text(identity.origin), .text(identity.configured), .int(Int64(identity.generation)), .text(identity.previous)])
            }
        }
    }

    package func put(_ checkpoint: StoredCheckpoint) throws(LogStoreError) {
        try transact { connection throws(SQLiteFailure) in
            try connection.run(
                "DELETE FROM checkpoints WHERE keep = 0 OR (origin = ?1 AND size = ?2)",
                [.text(checkpoint.origin), .int(Int64(clamping: checkpoint.size))])
            try connection.run(
                "INSERT INTO checkpoints(origin, size, keep, note) VALUES (?1, ?2, ?3, ?4)",
                [.text(checkpoint.origin), .int(Int64(clamping: checkpoint.size)), .int(checkpoint.keep ? 1 : 0), .text(checkpoint.note)])
        }
    }

    package func overwrite(side: [StoredSideRow], sightings: [StoredSighting]) throws(LogStoreError) {
        try transact { connection throws(SQLiteFailure) in try connection.overwrite(side: side, sightings: sightings) }
    }

    package func scrub() throws(LogStoreError) -> Bool {
        let result = writer.withLock { slot -> Result<Bool, LogStoreError> in
            guard var connection = slot.take() else { return .failure(.broken("The log's store is closed.")) }
            let result = Self.checkpoint(&connection)
            slot = consume connection
            return result
        }
        return try result.get()
    }

    private static func checkpoint(_ connection: inout LogConnection) -> Result<Bool, LogStoreError> {
        do throws(SQLiteFailure) {
            return .success(try LogSchema.integer(&connection, "PRAGMA wal_checkpoint(TRUNCATE)") == 0)
        } catch {
            return .failure(.broken("The log's store could not be checkpointed (\(error.message)); check the disk."))
        }
    }

    package func close() {
        reader.close()
        writer.withLock { $0 = nil }
        lock.release()
    }

    /// All or nothing, and an honest account of which. A sync is never tried again.
    func transact(_ body: @Sendable (inout LogConnection) throws(SQLiteFailure) -> Void) throws(LogStoreError) {
        let failure = writer.withLock { slot -> LogStoreError? in
            guard var connection = slot.take() else { return .broken("The log's store is closed.") }
            let failure = Self.transact(&connection, body)
            slot = consume connection
            return failure
        }
        if let failure { throw failure }
    }

    private static func transact(_ connection: inout LogConnection, _ body: @Sendable (inout LogConnection) throws(SQLiteFailure) -> Void)
        -> LogStoreError?
    {
        do throws(SQLiteFailure) {
            // Before and not after: if this fails, nothing of the transaction has begun.
            try connection.emptyJournal(pagesMax: journalPagesMax)
            try connection.run("BEGIN IMMEDIATE")
            try body(&connection)
            try connection.run("COMMIT")
            return nil
        } catch {
            return rollBack(&connection, after: error)
        }
    }

    private static func rollBack(_ connection: inout LogConnection, after failure: SQLiteFailure) -> LogStoreError {
        do throws(SQLiteFailure) {
            if connection.isInTransaction { try connection.run("ROLLBACK") }
        } catch {
            return .broken(
                "The log's store failed and could not be rolled back (\(failure.message); \(error.message)); check the disk and restart.")
        }
        switch failure.code {
        case SQLITE_FULL: return .rolledBack(.diskFull, "The log's disk is full; free space.")
        case SQLITE_BUSY, SQLITE_LOCKED: return .rolledBack(.busy, "Another process holds the log's store; end it.")
        default: return .broken("The log's store failed (\(failure.message)); check the disk and restart.")
        }
    }

    static func explain(_ failure: SQLiteFailure, path: String) -> String {
        switch failure.code {
        case SQLITE_NOTADB: "\(path) is not a database; restore the log or name another file."
        case SQLITE_CANTOPEN: "\(path) cannot be opened (\(failure.message)); check that its folder exists and may be written."
        case SQLITE_BUSY, SQLITE_LOCKED: "\(path) is in use by another process; stop it first."
        case SQLITE_READONLY, SQLITE_PERM: "\(path) may not be written; check its owner and mode."
        case SQLITE_FULL: "\(path) cannot be written: the disk is full; free space."
        case SQLITE_CORRUPT: "\(path) is damaged (\(failure.message)); restore an undamaged copy."
        case 0: "\(failure.message)."
        default: "\(path) cannot be used (\(failure.message)); check the disk."
        }
    }
}

extension LogConnection {
    mutating func overwrite(side: [StoredSideRow], sightings: [StoredSighting]) throws(SQLiteFailure) {
        for row in side { try run("UPDATE side SET body = ?2 WHERE first = ?1", [.int(Int64(clamping: row.first)), .blob(row.body)]) }
        for sighting in sightings {
            try run(
                "UPDATE sightings SET salt = ?2, fingerprints = ?3, sealed = ?4 WHERE id = ?1",
                [.int(sighting.row), .blob(sighting.salt), .blob(sighting.fingerprints), .blob(sighting.sealed)])
        }
    }
}

// Reads go through a connection of their own, so that none waits for a commit.
extension SQLiteLogStore {
    package func head() throws(LogStoreError) -> LogHead? { try reader.head() }
    package func identity() throws(LogStoreError) -> LogIdentity? { try reader.identity() }
    package func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try reader.commits(from: index, limit: limit)
    }
    package func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try reader.commits(before: index, limit: limit)
    }
    package func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)? { try reader.time(ofEntry: index) }
    package func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]? { try reader.storedTile(name) }
    package func storedTileCount() throws(LogStoreError) -> Int { try reader.storedTileCount() }
    package func checkpoints() throws(LogStoreError) -> [StoredCheckpoint] { try reader.checkpoints() }
    package func lastCheckpoint() throws(LogStoreError) -> StoredCheckpoint? { try reader.lastCheckpoint() }
    package func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow] {
        try reader.sideRows(from: index, limit: limit)
    }
    package func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting] {
        try reader.sightings(after: row, limit: limit)
    }
    package func lastSubjectNumber() throws(LogStoreError) -> UInt32? { try reader.lastSubjectNumber() }
    package func selfCheck() throws(LogStoreError) -> [VerificationReport.Fault] { try reader.selfCheck() }
}

/// Says that one process owns the log; goes with the process.
final class LockFile: Sendable {
    private let file: Mutex<CInt>

    init(path: String, of store: String) throws(LogStoreError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw .unusable(
                "\(path) cannot be created (\(String(cString: strerror(errno)))); check that its folder exists and may be written.")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            Self.shut(file)
            throw .unusable("\(store) is in use by another process; stop it first.")
        }
        self.file = Mutex(file)
    }

    deinit { release() }

    func release() {
        file.withLock {
            if $0 >= 0 { Self.shut($0) }
            $0 = -1
        }
    }

    private static func shut(_ file: CInt) { close(file) }
}
