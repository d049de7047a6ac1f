import Foundation
import GRDB
import WaybillCore

/// The tables of erasures under way, and what they do to those of subjects. Each method is one part of a transaction.
struct ErasureRows {
    static let schema = """
        ALTER TABLE subject ADD COLUMN erased_at INTEGER;   -- who came back after an erasure then; 2^63-1: one is under way

        -- Gone as soon as nothing is left to do.
        CREATE TABLE erasure (
            id BLOB PRIMARY KEY,
            subject INTEGER NOT NULL,
            step TEXT NOT NULL,
            asked_at INTEGER NOT NULL,
            confirmed_at INTEGER,
            transfers INTEGER,              -- that named the subject when it was confirmed
            log_size INTEGER                -- then; the entry does not stand before
        ) STRICT;
        CREATE TABLE erasure_part (
            erasure BLOB NOT NULL REFERENCES erasure(id),
            number INTEGER NOT NULL,
            sealed BLOB NOT NULL,           -- the salt, under a key of its own; empty: only the log is to be swept
            PRIMARY KEY (erasure, number, sealed)
        ) STRICT, WITHOUT ROWID;

        -- The same as in the file of tombstones, should that be lost.
        CREATE TABLE tombstone (id BLOB PRIMARY KEY, erased_at INTEGER NOT NULL, identifiers BLOB NOT NULL, parts BLOB NOT NULL) STRICT;
        """

    let db: Database
    /// Under `Keyring.erasures`.
    let sealer: Sealer

    // MARK: The journal

    private static let columns = "id, subject, step, asked_at, confirmed_at, transfers, log_size"

    func all() throws -> [StoredErasure] {
        try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM erasure ORDER BY asked_at").map(Self.erasure)
    }

    func erasure(of number: Int64) throws -> StoredErasure? {
        try Row.fetchOne(db, sql: "SELECT \(Self.columns) FROM erasure WHERE subject = ?", arguments: [number]).map(Self.erasure)
    }

    func erasure(id: Fingerprint) throws -> StoredErasure? {
        try Row.fetchOne(db, sql: "SELECT \(Self.columns) FROM erasure WHERE id = ?", arguments: [Data(id.bytes)]).map(Self.erasure)
    }

    private static func erasure(_ row: Row) throws -> StoredErasure {
        guard let id = Fingerprint(bytes: row[0] as Data), let number = UInt32(exactly: row[1] as Int64),
            let step = ErasureStep(rawValue: row[2])
        else { throw SubjectRows.damaged }
        return StoredErasure(
            id: id, number: number, step: step, askedAt: Timestamp(nanoseconds: row[3]),
            confirmedAt: (row[4] as Int64?).map { Timestamp(nanoseconds: $0) }, transfers: row[5],
            logSize: (row[6] as Int64?).map { UInt64(bitPattern: $0) })
    }

    func set(_ step: ErasureStep, of id: Fingerprint) throws {
        try db.execute(sql: "UPDATE erasure SET step = ? WHERE id = ?", arguments: [step.rawValue, Data(id.bytes)])
    }

    func confirm(_ id: Fingerprint, at now: Timestamp, transfers: Int?, logSize: UInt64) throws {
        try db.execute(
            sql: """
                UPDATE erasure SET step = 'confirmed', confirmed_at = ?, transfers = ?, log_size = ?
                WHERE id = ? AND step IN ('sealing', 'sealed')
                """, arguments: [now.nanoseconds, transfers, Int64(bitPattern: logSize), Data(id.bytes)])
    }

    func forgetParts(of id: Fingerprint) throws {
        try db.execute(sql: "DELETE FROM erasure_part WHERE erasure = ?", arguments: [Data(id.bytes)])
    }

    func forget(_ id: Fingerprint) throws {
        try forgetParts(of: id)
        try db.execute(sql: "DELETE FROM erasure WHERE id = ?", arguments: [Data(id.bytes)])
    }

    // MARK: Sealing and destroying

    /// Takes every salt of the subject out of the clear. `more`: numbers and salts that only the log knows them by.
    func seal(_ number: Int64, id: Fingerprint, more: [SubjectIdentity] = [], now: Timestamp) throws {
        try db.execute(
            sql: "INSERT INTO erasure (id, subject, step, asked_at) VALUES (?, ?, 'sealing', ?)",
            arguments: [Data(id.bytes), number, now.nanoseconds])
        let own = try Row.fetchAll(
            db, sql: "SELECT number, salt FROM subject WHERE number = ?1 UNION ALL SELECT number, salt FROM alias WHERE subject = ?1",
            arguments: [number])
        for row in own { try add(row[0], salt: Array(row[1] as Data), to: id) }
        let known = Set(own.map { $0[0] as Int64 })
        for part in more where !known.contains(Int64(part.number)) {
            try add(Int64(part.number), salt: part.salt.indices.map { part.salt[$0] }, to: id)
        }
        // What the law or the vendor's own erasure still lets leave is committed to under a salt of its own until all are destroyed.
        try db.execute(
            sql: "UPDATE subject SET salt = randomblob(16), erased_at = ? WHERE number = ?", arguments: [Int64.max, number])
        try db.execute(sql: "UPDATE alias SET salt = randomblob(16) WHERE subject = ?", arguments: [number])
    }

    func add(_ number: Int64, salt: [UInt8], to id: Fingerprint) throws {
        let sealed = salt.isEmpty ? [] : try sealer.seal(salt, context: Self.context(id, number))
        try db.execute(
            sql: "INSERT OR IGNORE INTO erasure_part VALUES (?, ?, ?)", arguments: [Data(id.bytes), number, Data(sealed)])
    }

    func parts(of id: Fingerprint) throws -> [SubjectIdentity] {
        try Row.fetchAll(db, sql: "SELECT number, sealed FROM erasure_part WHERE erasure = ?", arguments: [Data(id.bytes)]).map { row in
            let number: Int64 = row[0]
            let sealed: Data = row[1]
            guard let short = UInt32(exactly: number) else { throw SubjectRows.damaged }
            let salt = sealed.isEmpty ? [UInt8](repeating: 0, count: 16) : try sealer.open(Array(sealed), context: Self.context(id, number))
            guard salt.count == 16 else { throw SubjectRows.damaged }
            return SubjectIdentity(number: short, salt: InlineArray { salt[$0] })
        }
    }

    private static func context(_ id: Fingerprint, _ number: Int64) -> [UInt8] { Array("erasure\0\(number)\0".utf8) + id.bytes }

    func fingerprints(of number: Int64) throws -> [Fingerprint] {
        try Data.fetchAll(db, sql: "SELECT fingerprint FROM identifier WHERE subject = ?", arguments: [number]).map {
            guard let fingerprint = Fingerprint(bytes: $0) else { throw SubjectRows.damaged }
            return fingerprint
        }
    }

    /// Everything about the subject. One whose erasure was not asked for here is left alone: another person may have the number.
    func destroy(_ number: Int64) throws {
        let isSealed = try Bool.fetchOne(db, sql: "SELECT erased_at = ? FROM subject WHERE number = ?", arguments: [Int64.max, number])
        guard isSealed ?? false else { return }
        let tables = ["identifier", "alias", "consent_event", "objection", "signal", "lift"]
        for table in tables {
            try db.execute(sql: "DELETE FROM \(table) WHERE subject = ?", arguments: [number])
        }
        try db.execute(sql: "DELETE FROM subject WHERE number = ?", arguments: [number])
    }

    // MARK: Tombstones

    func keep(_ tombstone: Tombstone) throws {
        var parts = Data()
        for part in tombstone.parts {
            withUnsafeBytes(of: part.number.bigEndian) { parts.append(contentsOf: $0) }
            parts.append(contentsOf: part.mark.bytes)
        }
        try db.execute(
            sql: "INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?, ?)",
            arguments: [
                Data(tombstone.id.bytes), tombstone.erasedAt.nanoseconds, Data(tombstone.identifiers.flatMap(\.bytes)), parts,
            ])
        // A restored store counts on from where it stood; a number that somebody had is never given again.
        let highest = tombstone.parts.map(\.number).filter { $0 < SubjectIndex.sightedNumbersFrom }.max()
        if let highest {
            try db.execute(sql: "UPDATE store_state SET next_number = max(next_number, ?)", arguments: [Int64(highest) + 1])
        }
    }

    func tombstones() throws -> [Tombstone] {
        try Row.fetchAll(db, sql: "SELECT id, erased_at, identifiers, parts FROM tombstone").map { row in
            let identifiers = [UInt8](row[2] as Data)
            let parts = [UInt8](row[3] as Data)
            guard let id = Fingerprint(bytes: row[0] as Data), identifiers.count % 16 == 0, parts.count % 20 == 0 else {
                throw SubjectRows.damaged
            }
            return Tombstone(
                id: id, erasedAt: Timestamp(nanoseconds: row[1]),
                identifiers: stride(from: 0, to: identifiers.count, by: 16).compactMap { Fingerprint(bytes: identifiers[$0..<$0 + 16]) },
                parts: stride(from: 0, to: parts.count, by: 20).compactMap { at in
                    Fingerprint(bytes: parts[at + 4..<at + 20]).map {
                        Tombstone.Part(number: parts[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }, mark: $0)
                    }
                })
        }
    }

    /// The subject that has this number, or had it before it turned out to be another, if its salt is the buried one's.
    func subject(_ part: Tombstone.Part, keys: TombstoneKeys) throws -> Int64? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT number, salt FROM subject WHERE number = ?1 UNION ALL SELECT subject, salt FROM alias WHERE number = ?1
                """, arguments: [Int64(part.number)])
        guard let row else { return nil }
        let salt = [UInt8](row[1] as Data)
        guard salt.count == 16, keys.part(number: part.number, salt: InlineArray { salt[$0] }) == part.mark else { return nil }
        return row[0]
    }
}
