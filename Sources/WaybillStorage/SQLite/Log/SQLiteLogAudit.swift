import GRDBSQLite
import WaybillCore
package import WaybillLedger

/// What a log's file must be beyond the rows that verification reads: whole as SQLite sees it, with Waybill's own tables and no others.
extension SQLiteLogReader {
    package func selfCheck() throws(LogStoreError) -> [VerificationReport.Fault] {
        var faults = [VerificationReport.Fault]()
        for message in try texts("PRAGMA integrity_check(3)") where message != "ok" {
            faults.append(.init(index: nil, kind: .layout, what: "SQLite finds the file damaged: \(message)."))
        }
        if try texts(Self.layoutSQL) != LogSchema.layout(version: try int("PRAGMA user_version")) {
            faults.append(.init(index: nil, kind: .layout, what: "The file's tables are not those of this version of Waybill."))
        }
        for (sql, kind, what) in Self.rules {
            guard let index = try first(sql) else { continue }
            faults.append(.init(index: index >= 0 ? UInt64(index) : nil, kind: kind, what: what))
        }
        return faults
    }

    static let layoutSQL =
        "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name"

    /// Each finds rows that no log has: what the row tells of (an entry, or -1), and the sentence.
    private static let rules: [(sql: String, kind: FaultKind, what: String)] = [
        ("SELECT -1 FROM commits WHERE first < 0", .layout, "A commit stands before the first entry."),
        (
            """
            SELECT s.first FROM side s LEFT JOIN commits c ON c.first = s.first
            WHERE c.first IS NULL OR s.month <> CAST(strftime('%Y%m', c.t / 1000000000, 'unixepoch') AS INTEGER) ORDER BY s.first
            """, .side, "A row of side records is kept under another month than its commit's, or has no commit."
        ),
        ("SELECT -1 FROM tiles WHERE id < 0", .tree, "A tile has no place in the tree."),
        (
            "SELECT -1 FROM (SELECT count(*) AS n, max(id) AS last, min(id) AS first FROM checkpoints) WHERE n > 0 AND (n <> last OR first <> 1)",
            .checkpoint,
            "A checkpoint was removed from the store, or added."
        ),
        (
            "SELECT size FROM checkpoints WHERE keep NOT IN (0, 1) OR (keep = 0 AND id <> (SELECT max(id) FROM checkpoints))", .checkpoint,
            "A checkpoint's mark says wrongly whether it is kept."
        ),
        (
            """
            SELECT b.size FROM checkpoints a JOIN checkpoints b ON b.id = a.id + 1
            WHERE b.size < a.size OR (b.size = a.size AND b.origin = a.origin)
            """, .checkpoint, "Checkpoints are out of order, or one stands there twice."
        ),
        (
            "SELECT -1 FROM sightings WHERE id < 1 OR number NOT BETWEEN 2147483648 AND 4294967295", .sighting,
            "A first-seen subject has a number the log does not give."
        ),
        ("SELECT -1 FROM identity WHERE id <> 1", .identity, "The store has more than one name."),
    ]

    private func texts(_ sql: String) throws(LogStoreError) -> [String] { try query(sql, into: []) { $0.append($1.text(0)) } }
    private func int(_ sql: String) throws(LogStoreError) -> Int64 { try query(sql, into: 0) { $0 = $1.int(0) } }
    private func first(_ sql: String) throws(LogStoreError) -> Int64? {
        try query(sql + " LIMIT 1", into: nil as Int64?) { $0 = $1.int(0) }
    }
}

extension LogSchema {
    /// What a file of that version holds, as `SQLiteLogReader.layoutSQL` gives it; empty if there is no such version.
    static func layout(version: Int64) throws(LogStoreError) -> [String] {
        guard version > 0, version <= migrations.count else { return [] }
        do {
            var connection = try LogConnection(path: ":memory:", flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
            for step in migrations[..<Int(version)] { try connection.execute(step) }
            var layout = [String]()
            try connection.run(SQLiteLogReader.layoutSQL) { layout.append($0.text(0)) }
            return layout
        } catch {
            throw .broken("The log's layout cannot be compared (\(error.message)).")
        }
    }
}
