import WaybillCore
package import WaybillLedger

/// The side rows of one month in one log.
package struct SideMonth: Sendable, Equatable {
    package var month: LogMonth
    package var rows: Int
    package var bytes: Int

    package init(month: LogMonth, rows: Int, bytes: Int) {
        self.month = month
        self.rows = rows
        self.bytes = bytes
    }
}

extension SQLiteLogReader {
    /// Nil: there are no side rows.
    package func oldestSideMonth() throws(LogStoreError) -> LogMonth? {
        // Rows stand in the order of time.
        try query("SELECT month FROM side ORDER BY first LIMIT 1", into: nil as LogMonth?) { $0 = LogMonth(number: Int($1.int(0))) }
    }

    /// Every month there is, oldest first. Looks at each row's head.
    package func sideMonths() throws(LogStoreError) -> [SideMonth] {
        let sql = "SELECT month, count(*), sum(length(body)) FROM side GROUP BY month ORDER BY month"
        return try query(sql, into: []) {
            $0.append(SideMonth(month: LogMonth(number: Int($1.int(0))), rows: Int($1.int(1)), bytes: Int($1.int(2))))
        }
    }

    /// The oldest rows, if they are of `month`: the last of them and how many, at most `bytesMax` together (or one).
    func oldestSides(of month: LogMonth, bytesMax: Int) throws(LogStoreError) -> (last: Int64, rows: Int)? {
        let sql = "SELECT first, month, length(body) FROM side ORDER BY first LIMIT 64"
        let rows = try query(sql, into: [(first: Int64, month: Int64, bytes: Int)]()) { $0.append(($1.int(0), $1.int(1), Int($1.int(2)))) }
        var (bytes, count) = (0, 0)
        for row in rows where row.month == Int64(month.number) {
            if count > 0, bytes + row.bytes > bytesMax { break }
            bytes += row.bytes
            count += 1
        }
        guard count > 0, rows[0].month == Int64(month.number) else { return nil }
        return (rows[count - 1].first, count)
    }
}

extension SQLiteLogStore {
    package func oldestSideMonth() throws(LogStoreError) -> LogMonth? { try reader.oldestSideMonth() }

    /// Deletes the oldest side rows if they are of `month`, overwriting them; returns how many, 0 at the month's end.
    ///
    /// Goes through the writer's own connection: a commit waits at most for one such step, never on SQLite's lock. An entry that names the
    /// month must be durable before (`ShardAct.sidePruned`).
    package func pruneSides(of month: LogMonth, bytesMax: Int) throws(LogStoreError) -> Int {
        guard let (last, rows) = try reader.oldestSides(of: month, bytesMax: bytesMax) else { return 0 }
        // Overwritten pages, and those of the tree above them.
        journalGrew(pages: 2 * rows + bytesMax / 4_096)
        try transact { connection throws(SQLiteFailure) in
            try connection.run("DELETE FROM side WHERE first <= ?1 AND month = ?2", [.int(last), .int(Int64(month.number))])
        }
        return rows
    }

    /// For a new shard: the first-seen subjects of the one before, with their rows' numbers. Repeatable until the shard has entries.
    package func takeSightings(from before: SQLiteLogReader) throws(LogStoreError) {
        guard try head() == nil else { throw .unusable("The shard has entries already; start the gate as it is.") }
        try transact { connection throws(SQLiteFailure) in try connection.run("DELETE FROM sightings") }
        var row: Int64 = 0
        while true {
            let sightings = try before.sightings(after: row, limit: 5_000)
            guard let last = sightings.last else { return }
            row = last.row
            try transact { connection throws(SQLiteFailure) in
                for sighting in sightings {
                    try connection.run(
                        "INSERT INTO sightings(id, number, salt, fingerprints, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                        [
                            .int(sighting.row), .int(Int64(sighting.number)), .blob(sighting.salt), .blob(sighting.fingerprints),
                            .blob(sighting.sealed),
                        ])
                }
            }
        }
    }
}
