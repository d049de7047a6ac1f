import Foundation
import GRDB
package import WaybillLedger

extension ControlDatabase.Part {
    static let agreements = Self(
        name: "agreements",
        migrations: [
            """
            CREATE TABLE policy_document (digest TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE policy_event (
                number INTEGER PRIMARY KEY,
                kind TEXT NOT NULL,
                id TEXT NOT NULL,
                count INTEGER NOT NULL,     -- of the document's events before it
                binds INTEGER NOT NULL,     -- 1: it changes what may be sent
                body TEXT NOT NULL,         -- JSON
                UNIQUE (kind, id, count)
            ) STRICT;
            CREATE INDEX policy_event_binding ON policy_event (number) WHERE binds = 1;
            CREATE TABLE policy_impact (digest TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
            """
        ])
}

extension ControlDatabase: PolicyLifeStore {
    package func lastBindingEvent() throws -> Int64 {
        try reading { try Int64.fetchOne($0, sql: "SELECT max(number) FROM policy_event WHERE binds = 1") ?? 0 }
    }

    package func lifeEvents(after number: Int64) throws -> [NumberedLifeEvent] {
        try reading { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT number, kind, id, body FROM policy_event WHERE number > ? ORDER BY number", arguments: [number])
            return try rows.map { row in
                guard let kind = PolicyDocumentName.Kind(rawValue: row[1]) else { throw ControlDatabaseError.damaged }
                let event: PolicyLifeEvent = try decoded(row[3])
                return NumberedLifeEvent(number: row[0], name: PolicyDocumentName(kind, row[2]), event: event)
            }
        }
    }

    package func append(_ event: PolicyLifeEvent, to name: PolicyDocumentName, count: Int, document: [UInt8]?) throws {
        let body = try encoded(event)
        let digest: String? = if case .draft(_, let digest) = event.act { digest } else { nil }
        try writing { db in
            let known = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM policy_event WHERE kind = ? AND id = ?", arguments: [name.kind.rawValue, name.id])
            guard known == count else {
                throw ControlDatabaseError("Somebody else changed it meanwhile; look at it and do it again.")
            }
            if let digest, let document {
                try db.execute(sql: "INSERT OR IGNORE INTO policy_document VALUES (?, ?)", arguments: [digest, Data(document)])
            }
            try db.execute(
                sql: "INSERT INTO policy_event (kind, id, count, binds, body) VALUES (?, ?, ?, ?, ?)",
                arguments: [name.kind.rawValue, name.id, count, event.act.binds ? 1 : 0, body])
        }
    }

    package func document(_ digest: String) throws -> [UInt8]? { try bytes("SELECT body FROM policy_document WHERE digest = ?", digest) }

    package func documents(_ digests: Set<String>) throws -> [String: [UInt8]] {
        try reading { db in
            let wanted = try db.cachedStatement(sql: "SELECT body FROM policy_document WHERE digest = ?")
            var found: [String: [UInt8]] = [:]
            for digest in digests { found[digest] = try Data.fetchOne(wanted, arguments: [digest]).map { Array($0) } }
            return found
        }
    }

    package func impact(of digest: String) throws -> [UInt8]? { try bytes("SELECT body FROM policy_impact WHERE digest = ?", digest) }

    package func keep(impact: [UInt8], of digest: String) throws {
        try writing {
            try $0.execute(sql: "INSERT OR REPLACE INTO policy_impact VALUES (?, ?)", arguments: [digest, Data(impact)])
        }
    }

    private func bytes(_ sql: String, _ digest: String) throws -> [UInt8]? {
        try reading { try Data.fetchOne($0, sql: sql, arguments: [digest]).map { Array($0) } }
    }
}
