import Foundation
import GRDBSQLite

/// One SQLite database as it is at one moment, to be copied beside the process that writes it.
///
/// From `init` to `close` the snapshot stands, whatever is written meanwhile; writers do not wait, but their write-ahead log cannot be
/// taken over into the file until the snapshot is closed, and grows. Not for use from two threads.
package final class DatabaseSnapshot {
    /// Copied between two reports: 256 pages are 1 MiB.
    private static let pagesAtOnce: Int32 = 256
    private let path: String
    private var handle: OpaquePointer?

    /// Throws one sentence with the remedy.
    package init(path: String) throws(BackupStoreError) {
        self.path = path
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        handle = opened
        guard code == SQLITE_OK else { throw failure(opened, "be opened") }
        sqlite3_busy_timeout(opened, 5_000)
        // The read that fixes the snapshot; a copy on the same connection keeps to it.
        guard sqlite3_exec(opened, "BEGIN; SELECT count(*) FROM sqlite_schema", nil, nil, nil) == SQLITE_OK else {
            throw failure(opened, "be read")
        }
    }

    deinit { close() }

    package func close() {
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Writes the snapshot to a new file (0600), synced, in a form that is read without a write-ahead log. Memory stays within SQLite's page
    /// cache. `progress`: pages done and pages there. A throw leaves a file that must be thrown away.
    package func copy(to target: String, progress: (Int, Int) throws -> Void) throws {
        let descriptor = open(target, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw BackupStoreError("\(target) cannot be created (\(String(cString: strerror(errno)))); check the folder.")
        }
        Foundation.close(descriptor)
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(target, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        defer { sqlite3_close_v2(opened) }
        guard code == SQLITE_OK, let opened else { throw failure(opened, "be copied") }
        // What is not whole at the end is thrown away, so nothing is journalled on the way.
        guard
            sqlite3_exec(opened, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096", nil, nil, nil)
                == SQLITE_OK
        else { throw failure(opened, "be copied") }
        try copyPages(to: opened, progress)
        // Pages are copied as they are, the mark of a write-ahead log included.
        let settle = "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE"
        guard sqlite3_exec(opened, settle, nil, nil, nil) == SQLITE_OK else { throw failure(opened, "be copied") }
        try Self.sync(target)
    }

    private func copyPages(to target: OpaquePointer, _ progress: (Int, Int) throws -> Void) throws {
        guard let backup = sqlite3_backup_init(target, "main", handle, "main") else { throw failure(target, "be copied") }
        var isFinished = false
        defer { if !isFinished { sqlite3_backup_finish(backup) } }
        while true {
            let code = sqlite3_backup_step(backup, Self.pagesAtOnce)
            let total = Int(sqlite3_backup_pagecount(backup))
            try progress(total - Int(sqlite3_backup_remaining(backup)), total)
            switch code & 0xff {
            case SQLITE_OK: continue
            case SQLITE_DONE:
                isFinished = true
                guard sqlite3_backup_finish(backup) == SQLITE_OK else { throw failure(target, "be copied") }
                return
            case SQLITE_BUSY, SQLITE_LOCKED: usleep(10_000)
            default:
                isFinished = true
                sqlite3_backup_finish(backup)
                throw failure(target, "be copied")
            }
        }
    }

    private static func sync(_ path: String) throws(BackupStoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BackupStoreError("\(path) cannot be read again; check the disk.") }
        defer { Foundation.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw BackupStoreError("\(path) cannot be synced; check the disk.") }
    }

    private func failure(_ handle: OpaquePointer?, _ what: String) -> BackupStoreError {
        switch sqlite3_errcode(handle) & 0xff {
        case SQLITE_FULL: BackupStoreError("the disk of the backup is full; free space, or name another place")
        case SQLITE_NOTADB, SQLITE_CORRUPT: BackupStoreError("\(path) is damaged or no database; restore an undamaged copy")
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY: BackupStoreError("\(path) cannot be opened; check its owner and mode")
        default: BackupStoreError("\(path) cannot \(what) (\(String(cString: sqlite3_errmsg(handle)))); check the disk")
        }
    }
}

/// One sentence with the remedy, without a full stop.
package struct BackupStoreError: Error, Sendable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message.hasSuffix(".") ? String(message.dropLast()) : message }
    package var description: String { message }
}
