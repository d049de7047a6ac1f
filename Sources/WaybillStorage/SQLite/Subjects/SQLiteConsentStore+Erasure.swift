import Foundation
import GRDB
package import WaybillCore

/// One erasure under way.
package struct StoredErasure: Sendable, Equatable {
    package var id: Fingerprint
    package var number: UInt32
    package var step: ErasureStep
    package var askedAt: Timestamp
    package var confirmedAt: Timestamp?
    package var transfers: Int?
    package var logSize: UInt64?
}

/// Everything that leads to a subject whose erasure is under way. Secret.
package struct ErasureTrace: Sendable {
    package var parts: [SubjectIdentity]
    package var fingerprints: [Fingerprint]
    package var numbers: Set<UInt32> { Set(parts.map(\.number)) }
}

extension SQLiteConsentStore {
    /// Begins an erasure, or finds the one under way. On return nothing about the subject leaves any more, and its salts are out of the
    /// clear here. `parts` and `identifiers`: what leads to the subject, as store and log together know it. Nil: nobody is known.
    package func beginErasure(
        of identifier: Identifier, parts: [SubjectIdentity], identifiers: [Identifier], now: Timestamp
    ) async throws(ConsentStoreError) -> StoredErasure? {
        try await changingSubjects(now: now) { store, rows in
            guard let number = try store.stored(identifier, parts, rows.db) ?? parts.first.map({ Int64($0.number) }),
                let short = UInt32(exactly: number)
            else { return (nil, []) }
            if let found = try rows.erasure(of: number) { return (found, []) }
            if let first = parts.first, first.number == short { try store.adopt(first, rows.db) }
            for identifier in identifiers { try store.link(identifier, to: number, rows.db) }
            let id = Self.newID()
            try rows.seal(number, id: id, more: parts.filter { $0.number != short }, now: now)
            return (try rows.erasure(id: id), [short])
        }
    }

    private func stored(_ identifier: Identifier, _ parts: [SubjectIdentity], _ db: Database) throws -> Int64? {
        let fingerprint = Data(index.fingerprint(identifier).bytes)
        if let number = try Int64.fetchOne(db, sql: "SELECT subject FROM identifier WHERE fingerprint = ?", arguments: [fingerprint]) {
            return number
        }
        for part in parts {
            let sql = "SELECT number FROM subject WHERE number = ?1 UNION ALL SELECT subject FROM alias WHERE number = ?1"
            if let number = try Int64.fetchOne(db, sql: sql, arguments: [Int64(part.number)]) { return number }
        }
        return nil
    }

    package func erasures() async throws(ConsentStoreError) -> [StoredErasure] {
        try await perform { store, db in try store.rows(db).all() }
    }

    package func trace(of erasure: StoredErasure) async throws(ConsentStoreError) -> ErasureTrace {
        try await perform { store, db in
            let rows = store.rows(db)
            return ErasureTrace(parts: try rows.parts(of: erasure.id), fingerprints: try rows.fingerprints(of: Int64(erasure.number)))
        }
    }

    /// Numbers and salts under which the log came to know the subject meanwhile.
    package func add(_ parts: [SubjectIdentity], to id: Fingerprint) async throws(ConsentStoreError) {
        try await changingSubjects { _, rows in
            for part in parts { try rows.add(Int64(part.number), salt: part.salt.indices.map { part.salt[$0] }, to: id) }
            return ((), [])
        }
    }

    /// From here on there is no way back.
    package func confirmErasure(
        _ id: Fingerprint, transfers: Int, logSize: UInt64, now: Timestamp
    ) async throws(ConsentStoreError) -> StoredErasure? {
        try await changingSubjects { _, rows in
            try rows.confirm(id, at: now, transfers: transfers, logSize: logSize)
            return (try rows.erasure(id: id), [])
        }
    }

    package func advanceErasure(_ id: Fingerprint, to step: ErasureStep) async throws(ConsentStoreError) -> StoredErasure? {
        try await changingSubjects { _, rows in
            try rows.set(step, of: id)
            return (try rows.erasure(id: id), [])
        }
    }

    /// Deletes all there is about the subject, and keeps the tombstone.
    package func destroySubject(of erasure: StoredErasure, tombstone: Tombstone) async throws(ConsentStoreError) {
        try await changingSubjects { store, rows in
            let fingerprints = try rows.fingerprints(of: Int64(erasure.number))
            let numbers = try rows.parts(of: erasure.id).map(\.number)
            try rows.destroy(Int64(erasure.number))
            try rows.forgetParts(of: erasure.id)
            try rows.keep(tombstone)
            try rows.set(.destroyed, of: erasure.id)
            rows.db.afterNextTransaction { _ in
                for number in Set(numbers + [erasure.number]) { store.index.remove(number, fingerprints: fingerprints) }
            }
            return ((), [])
        }
    }

    /// Nothing is left to do.
    package func forgetErasure(_ id: Fingerprint) async throws(ConsentStoreError) {
        try await changingSubjects { _, rows in
            try rows.forget(id)
            return ((), [])
        }
    }

    /// The log was restored from before an erasure: it is to be swept again, and told again.
    package func repeatInLog(_ tombstone: Tombstone) async throws(ConsentStoreError) {
        try await changingSubjects { _, rows in
            guard try rows.erasure(id: tombstone.id) == nil, let first = tombstone.parts.first else { return ((), []) }
            try rows.db.execute(
                sql: "INSERT INTO erasure (id, subject, step, asked_at, confirmed_at, log_size) VALUES (?, ?, 'entombed', ?, ?, 0)",
                arguments: [
                    Data(tombstone.id.bytes), Int64(first.number), tombstone.erasedAt.nanoseconds, tombstone.erasedAt.nanoseconds,
                ])
            for part in tombstone.parts { try rows.add(Int64(part.number), salt: [], to: tombstone.id) }
            return ((), [])
        }
    }

    /// Leaves no older version of a page in the write-ahead log. False: another process reads; try again.
    package func scrub() async throws(ConsentStoreError) -> Bool {
        try await perform { _, db in
            try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)").map { ($0[0] as Int64) == 0 } ?? false
        }
    }

    /// At opening: those who were erased stay so, whatever the file holds.
    static func bury(_ lines: [TombstoneLine], in db: Database, book: TombstoneBook, keyring: Keyring, sealer: Sealer) throws {
        let keys = TombstoneKeys(key: keyring.tombstones)
        let rows = ErasureRows(db: db, sealer: sealer)
        book.begin(keys: keys) {
            let (a, b) = (newID(), newID())
            return InlineArray { ($0 < 8 ? a : b).bytes[$0] }
        }
        for line in lines {
            book.add(line)
            if case .tombstone(let tombstone) = line { try rows.keep(tombstone) }
        }
        for tombstone in try rows.tombstones() where book[id: tombstone.id] == nil { book.add(.tombstone(tombstone)) }
        for tombstone in book.all {
            if let begun = try rows.erasure(id: tombstone.id), !begun.step.isFinal {
                try rows.confirm(tombstone.id, at: tombstone.erasedAt, transfers: nil, logSize: 0)
            }
            for part in tombstone.parts {
                guard let number = try rows.subject(part, keys: keys), try rows.erasure(of: number) == nil else { continue }
                let id = newID()
                try rows.seal(number, id: id, now: tombstone.erasedAt)
                try rows.confirm(id, at: tombstone.erasedAt, transfers: nil, logSize: 0)
            }
        }
    }

    /// A subject that only transfers have shown so far becomes a stored one.
    private func adopt(_ seen: SubjectIdentity, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO subject (number, salt) VALUES (?, ?)",
            arguments: [Int64(seen.number), Data(seen.salt.indices.map { seen.salt[$0] })])
    }

    /// One that an import gave to somebody else stays theirs.
    private func link(_ identifier: Identifier, to number: Int64, _ db: Database) throws {
        let fingerprint = index.fingerprint(identifier)
        let scheme = String(decoding: identifier.bytes.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
        let sealed = try sealer.seal(identifier.bytes, context: SealContext.identifier(fingerprint))
        try db.execute(
            sql: "INSERT OR IGNORE INTO identifier (fingerprint, subject, scheme, sealed) VALUES (?, ?, ?, ?)",
            arguments: [Data(fingerprint.bytes), number, scheme, Data(sealed)])
    }

    private static func newID() -> Fingerprint {
        var generator = SystemRandomNumberGenerator()
        return Fingerprint(high: generator.next(), low: generator.next())
    }

    private func rows(_ db: Database) -> ErasureRows { ErasureRows(db: db, sealer: erasureSealer) }

    /// One transaction; the subjects named are folded again, at `now`, once it is durable.
    private func changingSubjects<Value: Sendable>(
        now: Timestamp = Timestamp(nanoseconds: 0),
        _ body: @escaping @Sendable (SQLiteConsentStore, ErasureRows) throws -> (Value, [UInt32])
    ) async throws(ConsentStoreError) -> Value {
        try await perform { store, db in
            var result: (value: Value, touched: [UInt32])?
            do {
                try db.inTransaction(.immediate) {
                    result = try body(store, store.rows(db))
                    return .commit
                }
                guard let result else { throw SubjectRows.damaged }
                let subjects = SubjectRows(db: db, sealer: store.sealer)
                for number in result.touched {
                    guard let history = try subjects.history(of: number) else { continue }
                    store.index.upsert(
                        history.indexed(notices: store.notices, now: now),
                        fingerprints: try store.rows(db).fingerprints(of: Int64(number)))
                }
                return result.value
            } catch {
                let known = ConsentStoreError(error)
                // A clean rollback leaves store and index as they were; of anything else the index could miss the stop.
                if known.code != .diskFull && known.code != .busy { store.index.suspend() }
                throw known
            }
        }
    }
}
