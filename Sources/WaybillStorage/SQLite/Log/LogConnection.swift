import GRDBSQLite

/// SQLite said no. The message is SQLite's own; it names tables and files, never values.
struct SQLiteFailure: Error {
    /// Primary result code.
    var code: Int32
    var message: String
}

/// One connection to the log's database with its prepared statements, by the C API: the writer's cost per commit is what counts here.
struct LogConnection: ~Copyable {
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    init(path: String, flags: Int32) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        // No lock of SQLite's own: the value cannot be copied, and whoever shares it holds it in a lock.
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw SQLiteFailure(code: code & 0xff, message: message)
        }
        self.handle = handle
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    func execute(_ sql: String) throws(SQLiteFailure) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    /// Copies the journal into the database as far as no reader needs it. `SQLITE_BUSY` and a full disk are no failure: the next time will do.
    func checkpoint() throws(SQLiteFailure) {
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) & 0xff
        guard code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL else { throw failure() }
    }

    func setBusyTimeout(milliseconds: Int32) { sqlite3_busy_timeout(handle, milliseconds) }

    /// Binds, steps through all rows, and leaves the statement ready for the next use.
    mutating func run(
        _ sql: String, _ values: [SQLiteValue] = [], row: (SQLiteRow) throws(SQLiteFailure) -> Void = { _ throws(SQLiteFailure) in }
    ) throws(SQLiteFailure) {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (i, value) in values.enumerated() {
            guard value.bind(to: statement, at: Int32(i + 1)) == SQLITE_OK else { throw failure() }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try row(SQLiteRow(statement: statement))
            case SQLITE_DONE: return
            default: throw failure()
            }
        }
    }

    /// For loops over very many rows; stays this connection's.
    mutating func prepared(_ sql: String) throws(SQLiteFailure) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        guard sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK, let statement else {
            throw failure()
        }
        statements[sql] = statement
        return statement
    }

    func failure() -> SQLiteFailure {
        SQLiteFailure(code: sqlite3_errcode(handle) & 0xff, message: String(cString: sqlite3_errmsg(handle)))
    }
}

enum SQLiteValue {
    case int(Int64)
    case text(String)
    case blob([UInt8])

    /// Copies nothing that SQLite does not copy itself: it is told that the bytes go away (`SQLITE_TRANSIENT`).
    fileprivate func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch self {
        case .int(let value): return sqlite3_bind_int64(statement, index, value)
        case .text(let text): return sqlite3_bind_text(statement, index, text, -1, transient)
        case .blob(let bytes):
            return bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
                return sqlite3_bind_blob64(statement, index, base, UInt64(bytes.count), transient)
            }
        }
    }
}

/// The present row; valid within the closure that receives it.
struct SQLiteRow {
    let statement: OpaquePointer

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(statement, column) else { return "" }
        // To its end, not to the first zero byte: what is hidden behind one counts.
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))), as: UTF8.self)
    }

    func blob(_ column: Int32) -> [UInt8] {
        guard let base = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(statement, column))))
    }
}
