import Foundation
import GRDB
package import WaybillCore

extension ControlDatabase.Part {
    static let idempotency = Self(
        name: "idempotency",
        migrations: [
            """
            CREATE TABLE request(
                key BLOB PRIMARY KEY,       -- SHA-256 of who asked, for what, with which key
                t INTEGER NOT NULL,         -- nanoseconds since 1970
                fingerprint BLOB,           -- SHA-256 of the request; null: it has not ended
                status INTEGER, media_type TEXT, etag TEXT, location TEXT,
                body BLOB                   -- null: it was too long
            ) STRICT;
            CREATE INDEX request_t ON request(t);
            """,
            """
            ALTER TABLE request ADD COLUMN who BLOB;   -- beginning of the SHA-256 of who asked
            CREATE INDEX request_who ON request(who, t);
            """,
        ])
}

/// Requests that were sent with a key, in the control database. At most `rowsMax`; older than a day they are forgotten, and of one who asks
/// all but the newest `rowsMaxOfOne`.
package struct RequestTable: Sendable {
    package struct Row: Sendable, Equatable {
        /// Nil: the request has not ended.
        package var fingerprint: [UInt8]?
        package var status = 0
        package var mediaType: String?
        package var etag: String?
        package var location: String?
        package var body: [UInt8]?
        package init() {}
    }
    package static let rowsMax = 50_000
    package static let rowsMaxOfOne = 10_000
    /// Forgotten with each new one.
    private static let forgottenAtOnce = 100

    private let queue: DatabaseQueue
    private let rowsMaxOfOne: Int

    package init(_ database: ControlDatabase, rowsMaxOfOne: Int = Self.rowsMaxOfOne) {
        queue = database.queue
        self.rowsMaxOfOne = rowsMaxOfOne
    }

    /// Enters a key that is not known; what was known of it otherwise. Throws `isFull`.
    package func begin(_ key: [UInt8], of who: [UInt8], now: Timestamp, since: Timestamp) async throws -> Row? {
        try await failingAsControl {
            try await queue.write { [rowsMaxOfOne] db in
                try db.execute(
                    sql: "DELETE FROM request WHERE key IN (SELECT key FROM request WHERE t < ? ORDER BY t LIMIT ?)",
                    arguments: [since.nanoseconds, Self.forgottenAtOnce])
                if let row = try GRDB.Row.fetchOne(
                    db, sql: "SELECT fingerprint, status, media_type, etag, location, body FROM request WHERE key = ? AND t >= ?",
                    arguments: [key.bytes, since.nanoseconds])
                {
                    return Self.row(row)
                }
                let own = try Int.fetchOne(db, sql: "SELECT count(*) FROM request WHERE who = ?", arguments: [who.bytes]) ?? 0
                try db.execute(
                    sql: """
                        DELETE FROM request WHERE key IN
                          (SELECT key FROM request WHERE who = ? AND fingerprint IS NOT NULL ORDER BY t LIMIT ?)
                        """, arguments: [who.bytes, max(0, own + 1 - rowsMaxOfOne)])
                guard try Int.fetchOne(db, sql: "SELECT count(*) FROM request") ?? 0 < Self.rowsMax else { throw Self.full }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO request (key, t, who) VALUES (?, ?, ?)",
                    arguments: [key.bytes, now.nanoseconds, who.bytes])
                return nil
            }
        }
    }

    package func finish(_ key: [UInt8], _ row: Row) async throws {
        try await failingAsControl {
            try await queue.write { db in
                try db.execute(
                    sql: "UPDATE request SET fingerprint = ?, status = ?, media_type = ?, etag = ?, location = ?, body = ? WHERE key = ?",
                    arguments: [row.fingerprint?.bytes, row.status, row.mediaType, row.etag, row.location, row.body?.bytes, key.bytes])
            }
        }
    }

    package func forget(_ key: [UInt8]) async throws {
        try await failingAsControl {
            try await queue.write { try $0.execute(sql: "DELETE FROM request WHERE key = ?", arguments: [key.bytes]) }
        }
    }

    package static let full = ControlDatabaseError(
        "More than \(rowsMax) requests with an Idempotency-Key were sent within a day; send without one, or try again later.")

    private static func row(_ row: GRDB.Row) -> Row {
        var found = Row()
        found.fingerprint = (row[0] as Data?).map { Array($0) }
        found.status = row[1] ?? 0
        (found.mediaType, found.etag, found.location) = (row[2], row[3], row[4])
        found.body = (row[5] as Data?).map { Array($0) }
        return found
    }

    private func failingAsControl<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch { throw ControlDatabaseError(error) }
    }
}

extension [UInt8] {
    fileprivate var bytes: Data { Data(self) }
}
