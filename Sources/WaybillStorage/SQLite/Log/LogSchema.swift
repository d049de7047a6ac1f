import WaybillLedger

/// The tables of the log's database and how they came about.
enum LogSchema {
    /// "WBlg"
    static let applicationID: Int64 = 0x5742_6c67

    /// One step a version; a step never changes once released.
    static let migrations = [
        """
        CREATE TABLE commits(
            first INTEGER PRIMARY KEY, n INTEGER NOT NULL, ep INTEGER NOT NULL, node TEXT NOT NULL, t INTEGER NOT NULL, root BLOB NOT NULL,
            oldest_open INTEGER NOT NULL, sealed_to INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
        CREATE TABLE tiles(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
        CREATE TABLE checkpoints(
            id INTEGER PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, keep INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
        CREATE TABLE side(first INTEGER PRIMARY KEY, month INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
        CREATE TABLE sightings(
            id INTEGER PRIMARY KEY, number INTEGER NOT NULL, salt BLOB NOT NULL, fingerprints BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
        CREATE INDEX sightings_number ON sightings(number);
        CREATE TABLE identity(
            id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, configured TEXT NOT NULL, generation INTEGER NOT NULL,
            previous TEXT NOT NULL) STRICT;
        """
    ]

    /// Tiles are found by `level << 56 | index`.
    static func id(_ name: Tile.Name) -> Int64 { Int64(name.level) << 56 | Int64(name.index) }

    /// Creates or brings up to date. Throws if the file is another program's or of a newer Waybill.
    static func migrate(_ connection: inout LogConnection, path: String) throws(SQLiteFailure) {
        try check(&connection, path: path)
        let version = try integer(&connection, "PRAGMA user_version")
        guard version < migrations.count else { return }
        try connection.execute("BEGIN IMMEDIATE")
        for step in migrations[Int(version)...] { try connection.execute(step) }
        try connection.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(migrations.count); COMMIT")
    }

    static func check(_ connection: inout LogConnection, path: String) throws(SQLiteFailure) {
        let version = try integer(&connection, "PRAGMA user_version")
        let application = try integer(&connection, "PRAGMA application_id")
        let tables = try integer(&connection, "SELECT count(*) FROM sqlite_schema")
        guard tables == 0 || application == applicationID else {
            throw SQLiteFailure(code: 0, message: "\(path) is a database of another program; name another file for the log")
        }
        guard version <= migrations.count else {
            throw SQLiteFailure(code: 0, message: "\(path) was written by a newer Waybill (format \(version)); start that version")
        }
    }

    static func integer(_ connection: inout LogConnection, _ sql: String) throws(SQLiteFailure) -> Int64 {
        var value: Int64 = 0
        try connection.run(sql) { value = $0.int(0) }
        return value
    }
}
