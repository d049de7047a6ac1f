import GRDBSQLite
import Synchronization
package import WaybillCore
package import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads a log's database: beside the process that writes it, or a copy.
package final class SQLiteLogReader: LogReader {
    private let connection: Mutex<LogConnection?>

    /// Throws `unusable` with the remedy if the file is missing, not a log, or of a newer version.
    package convenience init(path: String) throws(LogStoreError) {
        do {
            var connection = try LogConnection(path: path, flags: SQLITE_OPEN_READONLY)
            connection.setBusyTimeout(milliseconds: 5_000)
            try LogSchema.check(&connection, path: path)
            self.init(connection)
        } catch {
            throw .unusable(SQLiteLogStore.explain(error, path: path))
        }
    }

    /// Reads a file that nobody writes to, and leaves nothing beside it; it may lie where nothing can be written. A file with a
    /// `-wal` beside it belongs to a gate or was copied with it, and is read as `init(path:)` reads it.
    package convenience init(copy path: String) throws(LogStoreError) {
        if access(path + "-wal", F_OK) == 0 {
            try self.init(path: path)
            return
        }
        do {
            var connection = try LogConnection(path: Self.immutable(path), flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
            try LogSchema.check(&connection, path: path)
            self.init(connection)
        } catch {
            throw .unusable(SQLiteLogStore.explain(error, path: path))
        }
    }

    /// What means something in a URI is written as its number.
    private static func immutable(_ path: String) -> String {
        let special = [UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "%")]
        let bytes = path.utf8.flatMap { byte in special.contains(byte) ? [UInt8(ascii: "%")] + Array(hex([byte]).utf8) : [byte] }
        return "file:" + String(decoding: bytes, as: UTF8.self) + "?immutable=1"
    }

    init(_ connection: consuming sending LogConnection) { self.connection = Mutex(Optional(connection)) }

    /// Closes the file; later calls throw.
    package func close() { connection.withLock { $0 = nil } }

    func query<Result: Sendable>(
        _ sql: String, _ values: [SQLiteValue] = [], into initial: Result, row: @Sendable (inout Result, SQLiteRow) -> Void
    ) throws(LogStoreError) -> Result {
        do {
            return try connection.withLock { connection throws(SQLiteFailure) in
                guard connection != nil else { throw SQLiteFailure(code: SQLITE_MISUSE, message: "the log is closed") }
                var result = initial
                try connection?.run(sql, values) { next throws(SQLiteFailure) in row(&result, next) }
                return result
            }
        } catch {
            throw .broken("The log's store cannot be read (\(error.message)); check the disk.")
        }
    }

    private static let columns = "first, n, ep, node, t, root, oldest_open, sealed_to, body"

    private static func commit(_ row: SQLiteRow) -> StoredCommit {
        StoredCommit(
            first: UInt64(bitPattern: row.int(0)), count: Int(row.int(1)), epoch: Int(row.int(2)), node: row.text(3),
            time: Timestamp(nanoseconds: row.int(4)), root: TreeHash(row.blob(5)) ?? MerkleHashing.emptyRoot,
            oldestOpen: UInt64(bitPattern: row.int(6)), sealedTo: UInt64(bitPattern: row.int(7)), body: row.blob(8))
    }

    package func head() throws(LogStoreError) -> LogHead? {
        let sql = "SELECT first, n, ep, node, t, root, oldest_open, sealed_to, x'' FROM commits ORDER BY first DESC LIMIT 1"
        return try query(sql, into: nil as LogHead?) { $0 = LogHead(Self.commit($1)) }
    }

    package func identity() throws(LogStoreError) -> LogIdentity? {
        try query("SELECT origin, configured, generation, previous FROM identity", into: nil as LogIdentity?) {
            $0 = LogIdentity(origin: $1.text(0), configured: $1.text(1), generation: Int($1.int(2)), previous: $1.text(3))
        }
    }

    package func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        // The commit before is taken too where it holds the entry.
        let sql = """
            SELECT \(Self.columns) FROM commits WHERE first >= coalesce((SELECT max(first) FROM commits WHERE first <= ?1), 0)
            ORDER BY first LIMIT ?2
            """
        let rows = try query(sql, [.int(Int64(clamping: index)), .int(Int64(limit))], into: [StoredCommit]()) { $0.append(Self.commit($1)) }
        guard let first = rows.first, first.end <= index else { return rows }
        return Array(rows.dropFirst())
    }

    package func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        let sql = "SELECT \(Self.columns) FROM commits WHERE first < ?1 ORDER BY first DESC LIMIT ?2"
        return try query(sql, [.int(Int64(clamping: index)), .int(Int64(limit))], into: []) { $0.append(Self.commit($1)) }
    }

    package func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)? {
        let sql = "SELECT first, n, t FROM commits WHERE first <= ?1 ORDER BY first DESC LIMIT 1"
        let found = try query(sql, [.int(Int64(clamping: index))], into: nil as (Int64, Int64, Int64)?) {
            $0 = ($1.int(0), $1.int(1), $1.int(2))
        }
        guard let (first, count, time) = found, UInt64(bitPattern: first &+ count) > index else { return nil }
        return (UInt64(bitPattern: first), Timestamp(nanoseconds: time))
    }

    package func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]? {
        try query("SELECT body FROM tiles WHERE id = ?1", [.int(LogSchema.id(name))], into: nil as [UInt8]?) { $0 = $1.blob(0) }
    }

    package func storedTileCount() throws(LogStoreError) -> Int {
        try query("SELECT count(*) FROM tiles", into: 0) { $0 = Int($1.int(0)) }
    }

    package func checkpoints() throws(LogStoreError) -> [StoredCheckpoint] {
        try query("SELECT origin, size, note, keep FROM checkpoints ORDER BY id", into: []) {
            $0.append(StoredCheckpoint(origin: $1.text(0), size: UInt64(bitPattern: $1.int(1)), note: $1.text(2), keep: $1.int(3) != 0))
        }
    }

    package func lastCheckpoint() throws(LogStoreError) -> StoredCheckpoint? {
        let sql = "SELECT origin, size, note, keep FROM checkpoints ORDER BY id DESC LIMIT 1"
        return try query(sql, into: nil as StoredCheckpoint?) {
            $0 = StoredCheckpoint(origin: $1.text(0), size: UInt64(bitPattern: $1.int(1)), note: $1.text(2), keep: $1.int(3) != 0)
        }
    }

    package func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow] {
        let sql = "SELECT first, body FROM side WHERE first >= ?1 ORDER BY first LIMIT ?2"
        return try query(sql, [.int(Int64(clamping: index)), .int(Int64(limit))], into: []) {
            $0.append(StoredSideRow(first: UInt64(bitPattern: $1.int(0)), body: $1.blob(1)))
        }
    }

    package func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting] {
        let sql = "SELECT id, number, salt, fingerprints, sealed FROM sightings WHERE id > ?1 ORDER BY id LIMIT ?2"
        return try query(sql, [.int(row), .int(Int64(limit))], into: []) {
            let number = UInt32(truncatingIfNeeded: $1.int(1))
            $0.append(StoredSighting(row: $1.int(0), number: number, salt: $1.blob(2), fingerprints: $1.blob(3), sealed: $1.blob(4)))
        }
    }

    package func lastSubjectNumber() throws(LogStoreError) -> UInt32? {
        try query("SELECT max(number) FROM sightings", into: nil as UInt32?) {
            $0 = $1.isNull(0) ? nil : UInt32(truncatingIfNeeded: $1.int(0))
        }
    }
}
