import Foundation
import GRDB
import WaybillCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The SQLite file of consents and facts: connection, schema, errors.
///
/// Nothing in it names a person to someone without the keys: identifiers stand as keyed fingerprints and sealed values, birth
/// dates and proofs sealed. Purposes, states, countries and times are readable.
enum SubjectDatabase {
    private static let busySeconds: TimeInterval = 5

    /// Creates the file (0600) if it is missing and brings its schema up to date.
    static func open(path: String, fingerprinter: Fingerprinter) throws -> DatabaseQueue {
        try PrivateFile.create(path)
        var configuration = Configuration()
        configuration.label = "waybill.subjects"
        configuration.busyMode = .timeout(busySeconds)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        guard try !queue.read(migrator.hasBeenSuperseded) else {
            throw ConsentStoreError(
                code: .wrongSchema, message: "The store was made by a newer Waybill; run that version, or restore a backup of this one's.")
        }
        try migrator.migrate(queue)
        try checkKey(queue, fingerprinter: fingerprinter)
        return queue
    }

    /// With another master key every known subject would look unknown.
    private static func checkKey(_ queue: DatabaseQueue, fingerprinter: Fingerprinter) throws {
        let expected = Data(fingerprinter.fingerprint(of: Array("key check\0".utf8)).bytes)
        let stored = try queue.write { db -> Data? in
            try db.execute(sql: "UPDATE store_state SET key_check = ? WHERE key_check IS NULL", arguments: [expected])
            return try Data.fetchOne(db, sql: "SELECT key_check FROM store_state")
        }
        guard stored == expected else {
            throw ConsentStoreError(
                code: .wrongKey, message: "The store was made with another master key; put that key back, or start with an empty store.")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("subjects-1") { db in try db.execute(sql: schema1) }
        migrator.registerMigration("erasures-1") { db in try db.execute(sql: ErasureRows.schema) }
        migrator.registerMigration("lifts-1") { db in try db.execute(sql: lifts1) }
        return migrator
    }

    /// Stops that the person took back.
    private static let lifts1 = """
        CREATE TABLE lift (
            subject INTEGER NOT NULL REFERENCES subject(number),
            choice TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (subject, at, choice)
        ) STRICT, WITHOUT ROWID;

        -- For lists of what changed last, and how many of each kind there are: people look at them, the gate does not.
        CREATE INDEX consent_event_by_sequence ON consent_event(sequence);
        CREATE TABLE consent_count (
            purpose TEXT NOT NULL,          -- empty: every purpose
            state TEXT NOT NULL,
            events INTEGER NOT NULL,
            PRIMARY KEY (purpose, state)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO consent_count SELECT coalesce(purpose, ''), state, count(*) FROM consent_event GROUP BY 1, 2;
        CREATE TRIGGER consent_event_counted AFTER INSERT ON consent_event BEGIN
            INSERT INTO consent_count VALUES (coalesce(NEW.purpose, ''), NEW.state, 1)
                ON CONFLICT (purpose, state) DO UPDATE SET events = events + 1;
        END;
        CREATE TRIGGER consent_event_uncounted AFTER DELETE ON consent_event BEGIN
            UPDATE consent_count SET events = events - 1 WHERE purpose = coalesce(OLD.purpose, '') AND state = OLD.state;
        END;
        """

    private static let schema1 = """
        CREATE TABLE store_state (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            sequence INTEGER NOT NULL,      -- of the last change
            next_number INTEGER NOT NULL,   -- never used again, not even after an erasure
            key_check BLOB
        ) STRICT;
        INSERT INTO store_state VALUES (0, 0, 1, NULL);

        CREATE TABLE subject (
            number INTEGER PRIMARY KEY,     -- from 2^31 on: first seen in a transfer
            salt BLOB NOT NULL,
            has_facts INTEGER NOT NULL DEFAULT 0,
            has_dated INTEGER NOT NULL DEFAULT 0,   -- objections or signals
            kind TEXT,
            countries TEXT NOT NULL DEFAULT '',     -- separated by spaces
            country_source TEXT,
            born BLOB,                      -- sealed
            preference INTEGER,
            restricted INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE identifier (
            fingerprint BLOB PRIMARY KEY,
            subject INTEGER NOT NULL REFERENCES subject(number),
            scheme TEXT NOT NULL,
            sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX identifier_by_subject ON identifier(subject);

        -- Subjects that turned out to be another one. Their transfers stay under the old number.
        CREATE TABLE alias (
            number INTEGER PRIMARY KEY,
            subject INTEGER NOT NULL REFERENCES subject(number),
            salt BLOB NOT NULL
        ) STRICT;

        -- Clustered by subject: a history is read in one go, and looked through for duplicates on the way in.
        CREATE TABLE consent_event (
            subject INTEGER NOT NULL REFERENCES subject(number),
            sequence INTEGER NOT NULL,
            fingerprint BLOB NOT NULL,      -- keyed, of everything in the event: finds duplicates
            state TEXT NOT NULL,
            purpose TEXT,
            recipients TEXT NOT NULL,       -- separated by spaces
            controller TEXT,
            event_time INTEGER NOT NULL,    -- nanoseconds since 1970, as all times here
            date_only INTEGER NOT NULL,
            export_time_only INTEGER NOT NULL,
            notice TEXT,
            proof BLOB,                     -- sealed
            expires INTEGER,
            explicit INTEGER NOT NULL,
            actor TEXT,
            PRIMARY KEY (subject, sequence)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE objection (
            subject INTEGER NOT NULL REFERENCES subject(number),
            scope TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (subject, at, scope)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE signal (
            subject INTEGER NOT NULL REFERENCES subject(number),
            content TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (subject, at, content)
        ) STRICT, WITHOUT ROWID;
        """
}

extension ConsentStoreError {
    /// Database errors can quote values in their text: only the code is kept.
    init(_ error: any Error) {
        switch error {
        case let error as ConsentStoreError: self = error
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_FULL:
                self.init(code: .diskFull, message: "The disk is full; free space, then run the command again.")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                self.init(code: .busy, message: "Another process holds the store; stop it, or run the command again.")
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                self.init(code: .damaged, message: "The store's file is damaged or no Waybill store; restore a backup.")
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
                self.init(code: .unavailable, message: "The store's file cannot be written; check its owner and permissions.")
            default:
                self.init(
                    code: .unavailable,
                    message: "The store failed (SQLite code \(error.extendedResultCode.rawValue)); check the disk, then start again.")
            }
        case is Sealer.Unopenable:
            self.init(code: .damaged, message: "A sealed value does not open; the store was changed from outside. Restore a backup.")
        default: self.init(code: .unavailable, message: "The store failed; check the disk, then start again.")
        }
    }
}
