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

/// A subject as the log alone knows it.
package struct SightedSubject: Sendable {
    package var number: UInt32
    package var salt: InlineArray<16, UInt8>
    package var identifiers: [Identifier]
    package init(number: UInt32, salt: InlineArray<16, UInt8>, identifiers: [Identifier]) {
        self.number = number
        self.salt = salt
        self.identifiers = identifiers
    }
}

extension SQLiteConsentStore {
    /// Begins an erasure, or finds the one under way. On return nothing about the subject leaves any more, and its salts are out of the
    /// clear here. `seen`: what the log knows of the same identifiers. Nil: nobody is known by this identifier.
    package func beginErasure(
        of identifier: Identifier, seen: [SightedSubject], now: Timestamp
    ) async throws(ConsentStoreError) -> StoredErasure? {
        try await changingSubjects(now: now) { store, rows in
            let fingerprint = Data(store.index.fingerprint(identifier).bytes)
            var number = try Int64.fetchOne(rows.db, sql: "SELECT subject FROM identifier WHERE fingerprint = ?", arguments: [fingerprint])
            if let number, let found = try rows.erasure(of: number) { return (found, []) }
            if number == nil, let first = seen.first {
                try store.adopt(first, rows.db)
                number = Int64(first.number)
            }
            guard let number, let short = UInt32(exactly: number) else { return (nil, []) }
            let own = seen.filter { $0.number != short }.map { SubjectIdentity(number: $0.number, salt: $0.salt) }
            let id = Self.newID()
            try rows.seal(number, id: id, more: own, now: now)
            return (try rows.erasure(id: id), [short])
        }
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
    package func repeatInLog(_ tombstone: Tombstone, logSize: UInt64) async throws(ConsentStoreError) {
        try await changingSubjects { _, rows in
            guard try rows.erasure(id: tombstone.id) == nil, let first = tombstone.parts.first else { return ((), []) }
            try rows.db.execute(
                sql: "INSERT INTO erasure (id, subject, step, asked_at, confirmed_at, log_size) VALUES (?, ?, 'entombed', ?, ?, ?)",
                arguments: [
                    Data(tombstone.id.bytes), Int64(first.number), tombstone.erasedAt.nanoseconds, tombstone.erasedAt.nanoseconds,
                    Int64(bitPattern: logSize),
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
        book.begin(keys: keys)
        for line in lines {
            book.add(line)
            if case .tombstone(let tombstone) = line { try rows.keep(tombstone) }
        }
        for tombstone in try rows.tombstones() where book[id: tombstone.id] == nil { book.add(.tombstone(tombstone)) }
        for tombstone in book.all {
            if let begun = try rows.erasure(id: tombstone.id), !begun.step.isFinal {
                try rows.confirm(tombstone.id, at: tombstone.erasedAt, transfers: 0, logSize: 0)
            }
            for part in tombstone.parts {
                guard let number = try rows.subject(part, keys: keys), try rows.erasure(of: number) == nil else { continue }
                let id = newID()
                try rows.seal(number, id: id, now: tombstone.erasedAt)
                try rows.confirm(id, at: tombstone.erasedAt, transfers: 0, logSize: 0)
            }
        }
    }

    private func adopt(_ seen: SightedSubject, _ db: Database) throws {
        let number = Int64(seen.number)
        try db.execute(
            sql: "INSERT INTO subject (number, salt) VALUES (?, ?)", arguments: [number, Data(seen.salt.indices.map { seen.salt[$0] })])
        for identifier in seen.identifiers {
            let fingerprint = index.fingerprint(identifier)
            let scheme = String(decoding: identifier.bytes.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
            let sealed = try sealer.seal(identifier.bytes, context: SealContext.identifier(fingerprint))
            // One that an import gave to somebody else stays theirs.
            try db.execute(
                sql: "INSERT OR IGNORE INTO identifier (fingerprint, subject, scheme, sealed) VALUES (?, ?, ?, ?)",
                arguments: [Data(fingerprint.bytes), number, scheme, Data(sealed)])
        }
    }

    private static func newID() -> Fingerprint {
        var generator = SystemRandomNumberGenerator()
        return Fingerprint(high: generator.next(), low: generator.next())
    }

    private func rows(_ db: Database) -> ErasureRows { ErasureRows(db: db, sealer: erasureSealer) }

    /// One transaction; the subjects named are folded again, at `now`, once it is durable.
    private func changingSubjects<Value: Sendable>(
        now: Timestamp = Timestamp(nanoseconds: 0), _ body: @escaping @Sendable (SQLiteConsentStore, ErasureRows) throws -> (Value, [UInt32])
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
