import GRDB

extension ControlDatabase.Part {
    static let access = ControlDatabase.Part(
        name: "access",
        migrations: [
            """
            CREATE TABLE access_account (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT;   -- by login name
            CREATE TABLE access_token (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT;     -- by id
            CREATE TABLE access_session (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT;   -- by SHA-256
            CREATE TABLE access_set_up (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT;    -- by SHA-256
            """
        ])
}

/// Accounts, tokens, sessions and set-up codes in the control database: JSON bodies under their keys. Secrets come here hashed or sealed.
package struct AccessTables: Sendable {
    package enum Table: String, Sendable, CaseIterable {
        case account = "access_account"
        case token = "access_token"
        case session = "access_session"
        case setUp = "access_set_up"
    }
    package struct Change: Sendable {
        package var table: Table
        package var key: String
        /// Nil: the row goes.
        package var body: String?
        package init(_ table: Table, _ key: String, body: String?) {
            self.table = table
            self.key = key
            self.body = body
        }
    }
    private let database: ControlDatabase

    package init(_ database: ControlDatabase) { self.database = database }

    package func bodies(_ table: Table) throws -> [String] {
        try database.reading { try String.fetchAll($0, sql: "SELECT body FROM \(table.rawValue) ORDER BY key") }
    }

    /// All of them or none.
    package func write(_ changes: [Change]) throws {
        try database.writing { database in
            for change in changes {
                let table = change.table.rawValue
                if let body = change.body {
                    try database.execute(sql: "INSERT OR REPLACE INTO \(table) VALUES (?, ?)", arguments: [change.key, body])
                } else {
                    try database.execute(sql: "DELETE FROM \(table) WHERE key = ?", arguments: [change.key])
                }
            }
        }
    }
}
