import GRDBSQLite

/// One statement of a connection, bound and stepped by hand: the index writes millions of rows, and an array a row would cost more than
/// SQLite does.
struct IndexStatement {
    private let handle: OpaquePointer

    init(_ connection: inout LogConnection, _ sql: String) throws(SQLiteFailure) { handle = try connection.prepared(sql) }

    func bind(_ at: Int32, _ value: Int64) { sqlite3_bind_int64(handle, at, value) }

    /// The bytes must stay until `run`.
    func bind(_ at: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return _ = sqlite3_bind_zeroblob(handle, at, 0) }
        sqlite3_bind_blob64(handle, at, base, UInt64(bytes.count), nil)
    }

    /// Steps to the end, giving each row, and leaves the statement ready for the next values.
    func run(
        _ connection: borrowing LogConnection, row: (SQLiteRow) throws(SQLiteFailure) -> Void = { _ throws(SQLiteFailure) in }
    ) throws(SQLiteFailure) {
        defer { sqlite3_reset(handle) }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: try row(SQLiteRow(statement: handle))
            case SQLITE_DONE: return
            default: throw connection.failure()
            }
        }
    }
}
