import GRDBSQLite
package import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A shard that has ended. No entry is ever added to it or changed: the file is read-only (0400), and opened for writing only to take
/// out what may age or be erased, which are side rows.
package struct FrozenLog: Sendable {
    private static let frozenMode: mode_t = 0o400
    private let path: String

    package init(path: String) { self.path = path }

    /// Moves what is in the write-ahead log into the file, takes out the first-seen subjects (the next shard has them), and makes the file
    /// read-only. Throws `rolledBack` if somebody reads the shard just now: try again later.
    package func freeze() throws(LogStoreError) {
        try change { connection throws(SQLiteFailure) in
            while true {
                try connection.run("DELETE FROM sightings WHERE id IN (SELECT id FROM sightings LIMIT 5000)")
                var left: Int64 = 0
                try connection.run("SELECT count(*) FROM (SELECT 1 FROM sightings LIMIT 1)") { left = $0.int(0) }
                if left == 0 { return }
            }
        }
    }

    /// Deletes the side rows of these months, overwriting them.
    package func pruneSides(of months: [LogMonth]) throws(LogStoreError) {
        try change { connection throws(SQLiteFailure) in
            for month in months { try connection.run("DELETE FROM side WHERE month = ?1", [.int(Int64(month.number))]) }
        }
    }

    /// Any other change to what is not entries, in one transaction.
    func change(_ body: (inout LogConnection) throws(SQLiteFailure) -> Void) throws(LogStoreError) {
        do throws(SQLiteFailure) {
            guard chmod(path, 0o600) == 0 else { throw SQLiteFailure(code: SQLITE_PERM, message: "its mode cannot be changed") }
            var connection = try LogConnection(path: path, flags: SQLITE_OPEN_READWRITE)
            connection.setBusyTimeout(milliseconds: 1_000)
            try LogSchema.check(&connection, path: path)
            // A rollback journal would keep what is deleted; the write-ahead log holds only what comes instead.
            try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; BEGIN IMMEDIATE")
            try body(&connection)
            try connection.execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
            var mode = ""
            try connection.run("PRAGMA journal_mode = DELETE") { mode = $0.text(0) }
            guard mode == "delete" else { throw SQLiteFailure(code: SQLITE_BUSY, message: "it is being read") }
        } catch {
            guard error.code == SQLITE_BUSY || error.code == SQLITE_LOCKED else {
                throw .unusable(SQLiteLogStore.explain(error, path: path))
            }
            throw .rolledBack(.busy, "\(path) is being read by another process; it is frozen when that has ended.")
        }
        guard chmod(path, Self.frozenMode) == 0 else { throw .unusable("\(path) cannot be made read-only; check its owner.") }
    }
}
