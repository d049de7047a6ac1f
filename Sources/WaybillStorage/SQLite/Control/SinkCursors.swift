import GRDB
package import WaybillCore
package import WaybillLedger

/// How far each sink is, and what is wrong with it, in the control database.
package struct SinkCursors: SinkCursorStore {
    package struct Row: Sendable, Equatable {
        package var cursor: ExportCursor?
        /// When the cursor last moved.
        package var movedAt: Timestamp?
        /// Of a sink that fails.
        package var failure: String?
        package var failingSince: Timestamp?
        package init() {}
    }
    private let queue: DatabaseQueue
    private let clock: any WallClock

    package init(_ database: ControlDatabase, clock: any WallClock) {
        queue = database.queue
        self.clock = clock
    }

    package func cursor(ofSink name: String) throws -> ExportCursor? { try row(ofSink: name).cursor }

    package func keep(_ cursor: ExportCursor, ofSink name: String) throws {
        let now = clock.now().nanoseconds
        try failingAsControl {
            try queue.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO sink_cursors (sink, origin, next, moved_at) VALUES (?, ?, ?, ?)
                        ON CONFLICT (sink) DO UPDATE SET origin = excluded.origin, next = excluded.next, moved_at = excluded.moved_at
                        """, arguments: [name, cursor.origin, Int64(clamping: cursor.next), now])
            }
        }
    }

    /// Nil: the sink works. A sentence that takes the place of another keeps the time of the first.
    package func note(failure: String?, ofSink name: String) throws {
        let now = clock.now().nanoseconds
        try failingAsControl {
            try queue.write { database in
                guard let failure else { return try database.execute(sql: "DELETE FROM sink_failures WHERE sink = ?", arguments: [name]) }
                try database.execute(
                    sql: """
                        INSERT INTO sink_failures (sink, sentence, since) VALUES (?, ?, ?)
                        ON CONFLICT (sink) DO UPDATE SET sentence = excluded.sentence
                        """, arguments: [name, failure, now])
            }
        }
    }

    package func row(ofSink name: String) throws -> Row {
        try failingAsControl {
            try queue.read { database in
                var found = Row()
                if let row = try GRDB.Row.fetchOne(
                    database, sql: "SELECT origin, next, moved_at FROM sink_cursors WHERE sink = ?", arguments: [name])
                {
                    found.cursor = ExportCursor(origin: row[0], next: UInt64(clamping: row[1] as Int64))
                    found.movedAt = Timestamp(nanoseconds: row[2])
                }
                if let row = try GRDB.Row.fetchOne(
                    database, sql: "SELECT sentence, since FROM sink_failures WHERE sink = ?", arguments: [name])
                {
                    found.failure = row[0]
                    found.failingSince = Timestamp(nanoseconds: row[1])
                }
                return found
            }
        }
    }

    private func failingAsControl<Value>(_ work: () throws -> Value) throws(ControlDatabaseError) -> Value {
        do {
            return try work()
        } catch {
            throw ControlDatabaseError(error)
        }
    }
}

extension ControlDatabase.Part {
    /// How far each sink is, and what is wrong with it.
    static let sinkCursors = ControlDatabase.Part(
        name: "sink_cursor",
        migrations: [
            """
            CREATE TABLE sink_cursors (
                sink TEXT PRIMARY KEY, origin TEXT NOT NULL, next INTEGER NOT NULL, moved_at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
            CREATE TABLE sink_failures (sink TEXT PRIMARY KEY, sentence TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID, STRICT;
            """
        ])
}
