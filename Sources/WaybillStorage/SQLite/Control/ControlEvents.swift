import Foundation
import GRDB
package import WaybillLedger

extension ControlDatabase.Part {
    static let engagements = Self(
        name: "engagements",
        migrations: [
            """
            CREATE TABLE engagement_event (
                engagement TEXT NOT NULL,
                number INTEGER NOT NULL,    -- from 0
                body TEXT NOT NULL,         -- JSON
                PRIMARY KEY (engagement, number)
            ) STRICT, WITHOUT ROWID;
            """
        ])
    static let suspensions = Self(
        name: "suspensions",
        migrations: ["CREATE TABLE suspension_event (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;"])
}

extension ControlDatabase: EngagementStore {
    package func engagements() throws -> [Engagement] {
        try reading { db in
            let ids = try String.fetchAll(db, sql: "SELECT DISTINCT engagement FROM engagement_event ORDER BY engagement")
            return try ids.compactMap { try engagement($0, db) }
        }
    }

    package func engagement(_ id: String) throws -> Engagement? { try reading { try engagement(id, $0) } }

    package func append(_ event: EngagementEvent, to id: String, number: Int) throws {
        let body = try encoded(event)
        try writing { db in
            let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM engagement_event WHERE engagement = ?", arguments: [id])
            guard count == number else {
                throw ControlDatabaseError("Somebody else acted on the engagement meanwhile; look at it and do it again.")
            }
            try db.execute(sql: "INSERT INTO engagement_event VALUES (?, ?, ?)", arguments: [id, number, body])
        }
    }

    private func engagement(_ id: String, _ db: Database) throws -> Engagement? {
        let bodies = try String.fetchAll(
            db, sql: "SELECT body FROM engagement_event WHERE engagement = ? ORDER BY number", arguments: [id])
        guard !bodies.isEmpty else { return nil }
        let events: [EngagementEvent] = try bodies.map { try decoded($0) }
        guard let engagement = Engagement(id: id, events: events) else { throw ControlDatabaseError.damaged }
        return engagement
    }
}

extension ControlDatabase: SuspensionStore {
    package func suspensionEvents() throws -> [SuspensionEvent] {
        try reading { db in
            try String.fetchAll(db, sql: "SELECT body FROM suspension_event ORDER BY number").map { try decoded($0) }
        }
    }

    package func append(_ event: SuspensionEvent) throws {
        let body = try encoded(event)
        try writing { try $0.execute(sql: "INSERT INTO suspension_event (body) VALUES (?)", arguments: [body]) }
    }
}

extension ControlDatabase {
    func reading<Value>(_ work: (Database) throws -> Value) throws -> Value {
        do { return try queue.read(work) } catch { throw ControlDatabaseError(error) }
    }

    func writing(_ work: (Database) throws -> Void) throws {
        do { try queue.write(work) } catch { throw ControlDatabaseError(error) }
    }

    func encoded(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    func decoded<Value: Decodable>(_ text: String) throws -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch { throw ControlDatabaseError.damaged }
    }
}

extension ControlDatabaseError {
    static let damaged = ControlDatabaseError("The control store holds what this version cannot read; restore a backup of it.")
}
