import Foundation
import GRDB
package import WaybillCore

extension ControlDatabase.Part {
    static let subjectRegister = Self(
        name: "subject_register",
        migrations: [
            """
            CREATE TABLE person_link (
                id BLOB PRIMARY KEY, number INTEGER NOT NULL, made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, made_by TEXT NOT NULL,
                revoked_at INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX person_link_by_number ON person_link(number);
            CREATE TABLE erasure_request (
                id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, asked_at INTEGER NOT NULL, state TEXT NOT NULL,
                decided_at INTEGER, decided_by TEXT
            ) STRICT;
            CREATE INDEX erasure_request_by_state ON erasure_request(state, id);
            CREATE TABLE seen_webhook (source TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, id)) STRICT,
                WITHOUT ROWID;
            """,
            "CREATE INDEX seen_webhook_by_time ON seen_webhook(at); CREATE INDEX erasure_request_by_number ON erasure_request(number);",
        ])
}

/// Links, erasure requests and seen webhooks in the control database, by the numbers of subjects.
extension ControlDatabase: SubjectRegister {
    package func keep(_ link: PersonLink) throws {
        try writing {
            try $0.execute(
                sql: "INSERT INTO person_link VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    Data(link.id.bytes), Int64(link.number), link.madeAt.nanoseconds, link.expiresAt.nanoseconds, link.by,
                    link.revokedAt?.nanoseconds,
                ])
        }
    }

    package func link(_ id: Fingerprint) throws -> PersonLink? {
        try reading {
            try Row.fetchOne($0, sql: "SELECT * FROM person_link WHERE id = ?", arguments: [Data(id.bytes)]).map(Self.link)
        }
    }

    package func links(of number: UInt32) throws -> [PersonLink] {
        try reading {
            try Row.fetchAll($0, sql: "SELECT * FROM person_link WHERE number = ? ORDER BY made_at DESC", arguments: [Int64(number)])
                .map(Self.link)
        }
    }

    package func revokeLinks(of number: UInt32, at now: Timestamp) throws -> Int {
        try changing { db in
            try db.execute(
                sql: "UPDATE person_link SET revoked_at = ?1 WHERE number = ?2 AND revoked_at IS NULL AND expires_at > ?1",
                arguments: [now.nanoseconds, Int64(number)])
            return db.changesCount
        }
    }

    package func ask(erasureOf number: UInt32, at now: Timestamp) throws -> ErasureRequest {
        try changing { db in
            if let open = try Self.openRequest(of: number, db) { return open }
            try db.execute(
                sql: "INSERT INTO erasure_request (number, asked_at, state) VALUES (?, ?, 'open')",
                arguments: [Int64(number), now.nanoseconds])
            return ErasureRequest(id: db.lastInsertedRowID, number: number, askedAt: now, state: .open)
        }
    }

    package func openRequest(of number: UInt32) throws -> ErasureRequest? { try reading { try Self.openRequest(of: number, $0) } }

    private static func openRequest(of number: UInt32, _ db: Database) throws -> ErasureRequest? {
        try Row.fetchOne(db, sql: "SELECT * FROM erasure_request WHERE number = ? AND state = 'open'", arguments: [Int64(number)])
            .map(request)
    }

    package func erasureRequests(_ state: ErasureRequest.State?, limit: Int) throws -> [ErasureRequest] {
        try reading {
            try Row.fetchAll(
                $0, sql: "SELECT * FROM erasure_request WHERE ?1 IS NULL OR state = ?1 ORDER BY id DESC LIMIT ?2",
                arguments: [state?.rawValue, limit]
            ).map(Self.request)
        }
    }

    package func erasureRequest(_ id: Int64) throws -> ErasureRequest? {
        try reading { try Row.fetchOne($0, sql: "SELECT * FROM erasure_request WHERE id = ?", arguments: [id]).map(Self.request) }
    }

    package func decide(_ id: Int64, _ state: ErasureRequest.State, by: String, at now: Timestamp) throws {
        try changing { db in
            try db.execute(
                sql: """
                    UPDATE erasure_request SET state = ?1, decided_at = ?2, decided_by = ?3
                    WHERE id = ?4 AND (state = 'open' OR state = ?1 AND decided_by IS NULL)
                    """,
                arguments: [state.rawValue, now.nanoseconds, by, id])
            guard db.changesCount == 1 else {
                throw ControlDatabaseError("Somebody else decided on the request meanwhile; look at it again.")
            }
        }
    }

    package func forget(_ numbers: [UInt32], at now: Timestamp) throws {
        try writing { db in
            for number in numbers where number != 0 {
                try db.execute(sql: "DELETE FROM person_link WHERE number = ?", arguments: [Int64(number)])
                try db.execute(
                    sql: """
                        UPDATE erasure_request SET number = 0, decided_at = coalesce(decided_at, ?1),
                            state = CASE state WHEN 'open' THEN 'confirmed' ELSE state END
                        WHERE number = ?2
                        """,
                    arguments: [now.nanoseconds, Int64(number)])
            }
        }
    }

    package func knows(webhook id: String, of source: String) throws -> Bool {
        try reading {
            try Bool.fetchOne(
                $0, sql: "SELECT EXISTS (SELECT 1 FROM seen_webhook WHERE source = ? AND id = ?)", arguments: [source, id]) ?? false
        }
    }

    package func note(webhook id: String, of source: String, at now: Timestamp, keptFrom: Timestamp) throws {
        try writing { db in
            try db.execute(sql: "DELETE FROM seen_webhook WHERE at < ?", arguments: [keptFrom.nanoseconds])
            try db.execute(sql: "INSERT OR IGNORE INTO seen_webhook VALUES (?, ?, ?)", arguments: [source, id, now.nanoseconds])
        }
    }

    private func changing<Value>(_ work: (Database) throws -> Value) throws -> Value {
        do { return try queue.write(work) } catch { throw ControlDatabaseError(error) }
    }

    private static func link(_ row: Row) throws -> PersonLink {
        guard let id = Fingerprint(bytes: row["id"] as Data), let number = UInt32(exactly: row["number"] as Int64) else {
            throw ControlDatabaseError.damaged
        }
        return PersonLink(
            id: id, number: number, madeAt: Timestamp(nanoseconds: row["made_at"]), expiresAt: Timestamp(nanoseconds: row["expires_at"]),
            by: row["made_by"], revokedAt: (row["revoked_at"] as Int64?).map { Timestamp(nanoseconds: $0) })
    }

    private static func request(_ row: Row) throws -> ErasureRequest {
        guard let number = UInt32(exactly: row["number"] as Int64), let state = ErasureRequest.State(rawValue: row["state"]) else {
            throw ControlDatabaseError.damaged
        }
        return ErasureRequest(
            id: row["id"], number: number, askedAt: Timestamp(nanoseconds: row["asked_at"]), state: state,
            decidedAt: (row["decided_at"] as Int64?).map { Timestamp(nanoseconds: $0) }, by: row["decided_by"])
    }
}
