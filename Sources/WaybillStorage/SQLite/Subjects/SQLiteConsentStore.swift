import Foundation
import GRDB
import Synchronization
package import WaybillCore

/// Consents and subject facts in one SQLite file, WAL, `synchronous=FULL`.
///
/// One connection on one queue: changes reach the index in the order of their commits, and a refresh can never overtake an import.
/// If the store fails in a way that may leave the index behind, the index is suspended: every look-up is then `.unavailable`
/// until a restart.
package final class SQLiteConsentStore: ConsentStore, Sendable {
    /// Subjects folded in one turn of a rebuild, so that refreshes and imports get in between.
    private static let rebuildSubjects = 2_000

    package let index: SubjectIndex
    private let queue: DatabaseQueue
    let sealer: Sealer
    /// Salts of subjects whose erasure is under way.
    let erasureSealer: Sealer
    private let currentNotices: Mutex<[String: Notice]>

    package var notices: [String: Notice] { currentNotices.withLock { $0 } }

    /// Creates the file if it is missing; blocks for the time of opening it. The directory must exist. `tombstones`: of people who stay
    /// erased even if the file is an old copy that knows them.
    package init(
        path: String, keyring: Keyring, index: SubjectIndex, notices: [String: Notice], tombstones: [TombstoneLine] = []
    ) throws(ConsentStoreError) {
        self.index = index
        sealer = Sealer(key: keyring.sealing)
        let erasureSealer = Sealer(key: keyring.erasures)
        self.erasureSealer = erasureSealer
        currentNotices = Mutex(notices)
        do {
            queue = try SubjectDatabase.open(path: path, fingerprinter: index.fingerprinter)
            try queue.write { db in
                try Self.bury(tombstones, in: db, book: index.tombstones, keyring: keyring, sealer: erasureSealer)
            }
        } catch {
            throw ConsentStoreError(error)
        }
    }

    package func load(now: Timestamp) async throws(ConsentStoreError) {
        try await perform { store, db in
            try SubjectLoader(db: db, index: store.index, sealer: store.sealer).load(notices: store.notices, now: now)
        }
    }

    package func apply(_ lines: [ImportLine], atomically: Bool, now: Timestamp) async throws(ConsentStoreError) -> ImportBatch {
        try await perform { store, db in
            var entered: SubjectTransaction?
            do {
                try db.inTransaction(.immediate) {
                    let transaction = try SubjectTransaction(db, index: store.index, sealer: store.sealer)
                    for line in lines { try transaction.enter(line) }
                    if atomically, !transaction.batch.refused.isEmpty {
                        entered = transaction
                        return .rollback
                    }
                    try transaction.finish()
                    entered = transaction
                    return .commit
                }
            } catch {
                let known = ConsentStoreError(error)
                // A clean rollback leaves store and index as they were; of anything else the index could miss a withdrawal.
                if known.code != .diskFull && known.code != .busy { store.index.suspend() }
                throw known
            }
            guard let entered else { return ImportBatch() }
            if atomically, !entered.batch.refused.isEmpty {
                return ImportBatch(refused: entered.batch.refused, sequence: store.index.sequence)
            }
            do {
                try entered.publish(notices: store.notices, now: now)
            } catch {
                store.index.suspend()
                throw error
            }
            return entered.batch
        }
    }

    package func refresh(_ identifiers: [Identifier], now: Timestamp) async throws(ConsentStoreError) {
        try await perform { store, db in try store.fold(identifiers, now: now, db) }
    }

    package func refresh(_ identifiers: [Identifier], now: Timestamp, then: @escaping @Sendable (ConsentStoreError?) -> Void) {
        queue.asyncWriteWithoutTransaction { [self] db in
            do {
                try fold(identifiers, now: now, db)
                then(nil)
            } catch {
                then(ConsentStoreError(error))
            }
        }
    }

    package func rebuild(notices: [String: Notice], now: Timestamp) async throws(ConsentStoreError) {
        let changed = currentNotices.withLock { current in
            defer { current = notices }
            return !current.says(theSameAs: notices)
        }
        guard changed else { return }
        var after: Int64? = 0
        while let from = after {
            after = try await perform { store, db in try store.rebuildNext(after: from, now: now, db) }
        }
    }

    package func subject(of identifier: Identifier) async throws(ConsentStoreError) -> StoredSubject? {
        try await perform { store, db in
            let fingerprint = Data(store.index.fingerprint(identifier).bytes)
            let number = try Int64.fetchOne(db, sql: "SELECT subject FROM identifier WHERE fingerprint = ?", arguments: [fingerprint])
            guard let number, let short = UInt32(exactly: number),
                try !(ErasureRows(db: db, sealer: store.erasureSealer).erasure(of: number)?.step.isFinal ?? false),
                let history = try SubjectRows(db: db, sealer: store.sealer).history(of: short, proofs: .opened)
            else { return nil }
            return StoredSubject(history: history, schemes: try store.schemes(of: number, db))
        }
    }

    /// The same by number, also while its erasure is under way.
    package func stored(_ number: UInt32) async throws(ConsentStoreError) -> StoredSubject? {
        try await perform { store, db in
            guard let history = try SubjectRows(db: db, sealer: store.sealer).history(of: number) else { return nil }
            return StoredSubject(history: history, schemes: try store.schemes(of: Int64(number), db))
        }
    }

    private func schemes(of number: Int64, _ db: Database) throws -> [String: Int] {
        var schemes: [String: Int] = [:]
        let rows = try Row.fetchCursor(
            db, sql: "SELECT scheme, count(*) FROM identifier WHERE subject = ? GROUP BY scheme", arguments: [number])
        while let row = try rows.next() { schemes[row[0]] = row[1] }
        return schemes
    }

    /// On the queue.
    private func fold(_ identifiers: [Identifier], now: Timestamp, _ db: Database) throws {
        let rows = SubjectRows(db: db, sealer: sealer)
        var numbers: Set<UInt32> = []
        for identifier in identifiers {
            if let number = index.identity(of: index.fingerprint(identifier))?.number { numbers.insert(number) }
        }
        for number in numbers {
            // Without a row it is known from transfers only, and those do not become stale.
            guard let history = try rows.history(of: number) else { continue }
            index.upsert(history.indexed(notices: notices, now: now), fingerprints: [])
        }
    }

    /// Returns the last number folded; nil at the end.
    private func rebuildNext(after: Int64, now: Timestamp, _ db: Database) throws -> Int64? {
        let last = try Int64.fetchOne(
            db, sql: "SELECT max(number) FROM (SELECT number FROM subject WHERE number > ? ORDER BY number LIMIT ?)",
            arguments: [after, Self.rebuildSubjects])
        guard let last, let from = UInt32(exactly: after + 1), let through = UInt32(exactly: last) else { return nil }
        try SubjectRows(db: db, sealer: sealer).forEach(in: from...through) { history in
            index.upsert(history.indexed(notices: notices, now: now), fingerprints: [])
        }
        return last
    }

    /// Not cancellable: work that a caller no longer waits for must still reach the index.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConsentStore, Database) throws -> Value
    ) async throws(ConsentStoreError) -> Value {
        let result: Result<Value, ConsentStoreError> = await withCheckedContinuation { continuation in
            queue.asyncWriteWithoutTransaction { [self] db in
                do {
                    continuation.resume(returning: .success(try body(self, db)))
                } catch {
                    continuation.resume(returning: .failure(ConsentStoreError(error)))
                }
            }
        }
        return try result.get()
    }
}

extension [String: Notice] {
    /// Where a notice stands in its file changes nothing.
    fileprivate func says(theSameAs other: [String: Notice]) -> Bool {
        count == other.count
            && allSatisfy { name, notice in
                other[name].map { $0.from == notice.from && $0.purposes == notice.purposes && $0.recipients == notice.recipients } ?? false
            }
    }
}
