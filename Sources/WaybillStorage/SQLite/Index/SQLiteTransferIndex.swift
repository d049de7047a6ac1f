import GRDBSQLite
import Synchronization
package import WaybillCore
package import WaybillLedger

/// The derived index in a SQLite file of its own: WAL, one transaction a batch, nothing synced but what an erasure deletes.
///
/// Several processes may use one file; see `IndexFile`. A file of another version, or one that is damaged, is built anew.
package final class SQLiteTransferIndex: TransferIndex {
    /// Whole-file options of one that is being built aside, where a crash only means to begin again.
    package enum Durability: Sendable { case kept, building }

    let file: IndexFile
    private let durability: Durability
    private let open = Mutex<OpenIndex?>(nil)

    /// Opens nothing yet. The folder must exist.
    package init(path: String, durability: Durability = .kept) {
        file = IndexFile(path: path)
        self.durability = durability
    }

    package func close() { open.withLock { $0 = nil } }

    /// An empty one beside another, to build and then to take its place.
    package static func aside(_ index: SQLiteTransferIndex) throws -> SQLiteTransferIndex {
        let aside = SQLiteTransferIndex(path: index.file.path + ".new", durability: .building)
        try aside.file.remove()
        return aside
    }

    package func position(of first: TreeHash, origin: String) throws -> IndexPosition {
        try use { index throws(SQLiteFailure) in
            try index.transaction { index throws(SQLiteFailure) in
                try index.connection.run(
                    "INSERT OR IGNORE INTO log(first, origin, next, root, sighting, pruned) VALUES (?1, ?2, 0, ?1, 0, 0)",
                    [.blob(first.bytes), .text(origin)])
                guard let found = try index.connection.indexPosition(of: first) else {
                    throw SQLiteFailure(code: SQLITE_CORRUPT, message: "a row just written is missing")
                }
                return found
            }
        }
    }

    package func open(_ position: IndexPosition, from low: UInt64) throws -> [TransferID: UInt64] {
        try use { index throws(SQLiteFailure) in try index.connection.openTransfers(position, from: low) }
    }

    package func apply(
        _ batch: IndexBatch, sightings: [StoredSighting], at position: IndexPosition, origin: String
    ) throws -> IndexPosition? {
        try use { index throws(SQLiteFailure) in
            try index.transaction { index throws(SQLiteFailure) in
                guard try index.connection.stands(at: position) else { return nil }
                return try index.take(batch, sightings, position, origin)
            }
        }
    }

    package func clear(_ position: IndexPosition) throws {
        try use { index throws(SQLiteFailure) in
            try index.transaction { index throws(SQLiteFailure) in try index.connection.clear(position) }
        }
    }

    package func prune(_ position: IndexPosition, below index: UInt64) throws {
        try use { open throws(SQLiteFailure) in
            try open.transaction { open throws(SQLiteFailure) in try open.connection.prune(position, below: index) }
        }
    }

    package func forget(numbers: [UInt32], fingerprints: [WaybillLedger.Fingerprint]) throws {
        try use { index throws(SQLiteFailure) in
            try index.connection.execute("PRAGMA synchronous = FULL")
            try index.transaction { index throws(SQLiteFailure) in try index.connection.forget(numbers, fingerprints) }
            // What was deleted stands in the journal until it is folded in.
            var isHeld = false
            try index.connection.run("PRAGMA wal_checkpoint(TRUNCATE)") { isHeld = $0.int(0) != 0 }
            try index.connection.execute("PRAGMA synchronous = NORMAL")
            guard !isHeld else { throw SQLiteFailure(code: SQLITE_BUSY, message: "somebody reads it") }
        }
    }

    package func reading<Result>(_ body: (any IndexSnapshot) throws -> Result) throws -> Result {
        // A first use makes or mends the file.
        try use { _ throws(SQLiteFailure) in }
        return try file.using(.shared) {
            let snapshot: SQLiteIndexSnapshot
            do {
                snapshot = try SQLiteIndexSnapshot(path: file.path)
            } catch let failure as SQLiteFailure {
                throw Self.explain(failure, file.path)
            }
            return try body(snapshot)
        }
    }

    /// Puts an index built aside in this one's place, unless subjects were forgotten since: then it may hold them. True: it is done.
    package func replace(by other: SQLiteTransferIndex, forgotten: Int64) throws -> Bool {
        let isReplaced = try file.using(.alone) {
            try open.withLock { open in
                if try self.forgotten(&open) != forgotten { return false }
                open = nil
                try other.finish(forgotten: forgotten)
                try file.replace(by: other.file.path)
                return true
            }
        }
        return isReplaced
    }

    /// How often subjects were forgotten.
    package func forgotten() throws -> Int64 { try file.using(.shared) { try open.withLock { try self.forgotten(&$0) } } }

    private func forgotten(_ open: inout OpenIndex?) throws -> Int64 {
        do {
            try refresh(&open)
            return try open?.connection.forgottenCount() ?? 0
        } catch let failure as SQLiteFailure {
            throw Self.explain(failure, file.path)
        }
    }

    /// Makes the file durable and whole, without a journal, and closes it.
    private func finish(forgotten: Int64) throws {
        try open.withLock { open in
            try refresh(&open)
            do {
                try open?.connection.run("UPDATE state SET forgotten = ?1", [.int(forgotten)])
                try open?.connection.execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = WAL")
                try open?.connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
            } catch let failure as SQLiteFailure {
                throw Self.explain(failure, file.path)
            }
            open = nil
        }
    }

    private func use<Value: Sendable>(_ body: @Sendable (inout OpenIndex) throws(SQLiteFailure) -> Value) throws -> Value {
        try file.using(.shared) {
            try open.withLock { slot in
                do {
                    try refresh(&slot)
                    guard var open = slot.take() else { throw SQLiteFailure(code: SQLITE_CANTOPEN, message: "the index is closed") }
                    let result = Result { () throws(SQLiteFailure) in try body(&open) }
                    slot = consume open
                    return try result.get()
                } catch let failure as SQLiteFailure {
                    if failure.code == SQLITE_CORRUPT || failure.code == SQLITE_NOTADB { slot = nil }
                    throw Self.explain(failure, file.path)
                }
            }
        }
    }

    /// Opens the file, or the one that took its place.
    private func refresh(_ slot: inout OpenIndex?) throws {
        let found = try file.identity()
        if let open = slot.take() {
            if open.identity == found { return slot = consume open }
        }
        do {
            slot = try OpenIndex(file: file, durability: durability)
        } catch let failure as SQLiteFailure where found != nil && (failure.code == SQLITE_NOTADB || failure.code == SQLITE_CORRUPT) {
            try file.remove()
            slot = try OpenIndex(file: file, durability: durability)
        }
    }

    private static func explain(_ failure: SQLiteFailure, _ path: String) -> LogStoreError {
        switch failure.code {
        case SQLITE_FULL: .rolledBack(.diskFull, "The disk of the index \(path) is full; free space.")
        case SQLITE_BUSY, SQLITE_LOCKED: .rolledBack(.busy, "Another process holds the index \(path); try again.")
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM:
            .unusable("The index \(path) cannot be opened (\(failure.message)); check its owner and mode.")
        default: .broken("The index \(path) failed (\(failure.message)); run waybill log reindex.")
        }
    }
}

/// The writer's connection, and what it remembers of the file.
struct OpenIndex: ~Copyable {
    var connection: LogConnection
    let identity: IndexFile.Identity?
    var terms: [ObjectIdentifier: (held: SharedTransferTerms, id: Int64)] = [:]
    var words: [[UInt8]: Int64] = [:]
    static let wordsMax = 200_000

    init(file: IndexFile, durability: SQLiteTransferIndex.Durability) throws {
        try PrivateFile.create(file.path)
        self.init(try Self.connection(path: file.path, durability), try file.identity())
    }

    private init(_ connection: consuming LogConnection, _ identity: IndexFile.Identity?) {
        self.connection = connection
        self.identity = identity
    }

    private static func connection(path: String, _ durability: SQLiteTransferIndex.Durability) throws(SQLiteFailure) -> LogConnection {
        var connection = try LogConnection(path: path, flags: SQLITE_OPEN_READWRITE)
        connection.setBusyTimeout(milliseconds: 30_000)
        switch durability {
        case .kept:
            try connection.execute(
                """
                PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;
                PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000
                """)
        case .building:
            try connection.execute(
                """
                PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -262144;
                PRAGMA locking_mode = EXCLUSIVE
                """)
        }
        try connection.makeIndexTables()
        return connection
    }

    /// A failure leaves the file as it was, and what was remembered of it is forgotten.
    mutating func transaction<Value>(_ body: (inout OpenIndex) throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
        try connection.run("BEGIN IMMEDIATE")
        do throws(SQLiteFailure) {
            let value = try body(&self)
            try connection.run("COMMIT")
            return value
        } catch {
            (terms, words) = ([:], [:])
            if connection.isInTransaction { try connection.run("ROLLBACK") }
            throw error
        }
    }
}

extension LogConnection {
    /// Throws `SQLITE_NOTADB` if the file is another version's, which is as good as none.
    fileprivate mutating func makeIndexTables() throws(SQLiteFailure) {
        let application = try LogSchema.integer(&self, "PRAGMA application_id")
        let version = try LogSchema.integer(&self, "PRAGMA user_version")
        if application == IndexSchema.applicationID, version == IndexSchema.version { return }
        guard try LogSchema.integer(&self, "SELECT count(*) FROM sqlite_schema") == 0 else {
            throw SQLiteFailure(code: SQLITE_NOTADB, message: "the index is of another version")
        }
        try execute(
            """
            BEGIN IMMEDIATE; \(IndexSchema.tables); PRAGMA application_id = \(IndexSchema.applicationID);
            PRAGMA user_version = \(IndexSchema.version); COMMIT
            """)
    }
}
