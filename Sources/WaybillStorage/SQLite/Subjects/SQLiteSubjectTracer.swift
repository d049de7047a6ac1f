import GRDBSQLite
import Synchronization
package import WaybillCore
package import WaybillLedger

/// Gathers what names one subject: from the consent store, then from the log's first-seen subjects.
///
/// Only reads, so that it works beside a running gate. A subject may stand under several numbers: its own, those of subjects merged into
/// it, and numbers under which the log saw one of its identifiers before an import knew it.
package final class SQLiteSubjectTracer: Sendable {
    private let connection: Mutex<LogConnection?>
    private let sealer: Sealer
    private let keys: LogKeys
    private let sightings: any SightingFinder

    /// `consents`: the consent store's file; a missing one knows nobody. Throws if it cannot be read or was made with another master key.
    package init(
        consents path: String, keyring: Keyring, keys: LogKeys, sightings: any SightingFinder
    ) throws(ConsentStoreError) {
        sealer = Sealer(key: keyring.sealing)
        self.keys = keys
        self.sightings = sightings
        do {
            var connection = try LogConnection(path: path, flags: SQLITE_OPEN_READONLY)
            connection.setBusyTimeout(milliseconds: 5_000)
            try Self.check(&connection, Fingerprinter(key: keyring.fingerprints))
            self.connection = Mutex(Optional(consume connection))
        } catch let failure as SQLiteFailure where failure.code == SQLITE_CANTOPEN {
            connection = Mutex(nil)
        } catch {
            throw Self.explain(error)
        }
    }

    /// Nil: nobody is known by this identifier. The trace is secret; see `SubjectTrace`.
    package func trace(_ identifier: Identifier) throws(ConsentStoreError) -> SubjectTrace? {
        do {
            let asked = try sightings.sightings(with: keys.fingerprint(identifier))
            var gathering = Gathering()
            try connection.withLock { connection in
                if connection != nil { try connection?.gather(identifier, asked, keys, sealer, into: &gathering) }
            }
            let first = gathering.identifiers.isEmpty ? [identifier] : gathering.identifiers
            var seen = asked
            for other in first where other != identifier { seen += try sightings.sightings(with: keys.fingerprint(other)) }
            for sighting in seen where try !isAnothers(sighting.number, gathering) { try gathering.add(sighting) }
            for part in gathering.parts {
                for sighting in try sightings.sightings(of: part.number) {
                    for found in try keys.open(sighting.sealed, number: sighting.number) where try !isAnothers(found, gathering) {
                        gathering.add(found)
                    }
                }
            }
            return gathering.parts.isEmpty ? nil : SubjectTrace(parts: gathering.parts, identifiers: gathering.identifiers)
        } catch {
            throw Self.explain(error)
        }
    }

    /// Whether the consent store says that number or identifier belong to somebody else.
    private func isAnothers(_ number: UInt32, _ gathering: Gathering) throws -> Bool {
        let keeper = try connection.withLock { connection in try connection?.keeper(ofNumber: number) }
        return keeper.flatMap { $0 }.map { $0 != gathering.keeper } ?? false
    }

    private func isAnothers(_ identifier: Identifier, _ gathering: Gathering) throws -> Bool {
        let keeper = try connection.withLock { connection in
            try connection?.keeper(ofFingerprint: Self.bytes(keys.fingerprint(identifier)))
        }
        return keeper.flatMap { $0 }.map { $0 != gathering.keeper } ?? false
    }

    fileprivate static func bytes(_ fingerprint: WaybillLedger.Fingerprint) -> [UInt8] {
        withUnsafeBytes(of: fingerprint.bytes) { Array($0) }
    }

    /// With another master key every subject would look unknown.
    private static func check(_ connection: inout LogConnection, _ fingerprinter: Fingerprinter) throws {
        var stored: [UInt8]?
        try connection.run("SELECT key_check FROM store_state") { stored = $0.isNull(0) ? nil : $0.blob(0) }
        guard let stored else { return }
        guard stored == fingerprinter.fingerprint(of: Array("key check\0".utf8)).bytes else {
            throw ConsentStoreError(
                code: .wrongKey, message: "The store was made with another master key; put that key back, or start with an empty store.")
        }
    }

    private static func explain(_ error: any Error) -> ConsentStoreError {
        switch error {
        case let error as LogStoreError: ConsentStoreError(code: .unavailable, message: error.message)
        case let error as SQLiteFailure:
            ConsentStoreError(code: .unavailable, message: "The store cannot be read (\(error.message)); check the disk.")
        case is LogKeyError:
            ConsentStoreError(code: .damaged, message: "A sealed value does not open; the log was changed from outside. Restore a backup.")
        default: ConsentStoreError(error)
        }
    }
}

/// A trace in the making.
private struct Gathering {
    /// The subject's number in the consent store.
    var keeper: UInt32?
    var parts: [SubjectTrace.Part] = []
    var identifiers: [Identifier] = []

    mutating func add(_ identifier: Identifier) { if !identifiers.contains(identifier) { identifiers.append(identifier) } }

    mutating func add(_ sighting: StoredSighting) throws(ConsentStoreError) { try add(sighting.number, sighting.salt) }

    mutating func add(_ number: UInt32, _ salt: [UInt8]) throws(ConsentStoreError) {
        guard !parts.contains(where: { $0.number == number }) else { return }
        guard let part = SubjectTrace.Part(number: number, salt: salt) else { throw SubjectRows.damaged }
        parts.append(part)
    }
}

extension LogConnection {
    fileprivate mutating func keeper(ofNumber number: UInt32) throws(SQLiteFailure) -> UInt32? {
        let sql = "SELECT number FROM subject WHERE number = ?1 UNION ALL SELECT subject FROM alias WHERE number = ?1 LIMIT 1"
        return try first(sql, .int(Int64(number)))
    }

    fileprivate mutating func keeper(ofFingerprint fingerprint: [UInt8]) throws(SQLiteFailure) -> UInt32? {
        try first("SELECT subject FROM identifier WHERE fingerprint = ?1", .blob(fingerprint))
    }

    private mutating func first(_ sql: String, _ value: SQLiteValue) throws(SQLiteFailure) -> UInt32? {
        var found: UInt32?
        try run(sql, [value]) { found = UInt32(exactly: $0.int(0)) }
        return found
    }

    /// What the consent store holds: of the identifier's subject, or of the one that a first-seen number of it became.
    fileprivate mutating func gather(
        _ identifier: Identifier, _ asked: [StoredSighting], _ keys: LogKeys, _ sealer: Sealer, into gathering: inout Gathering
    ) throws {
        var keeper = try keeper(ofFingerprint: SQLiteSubjectTracer.bytes(keys.fingerprint(identifier)))
        for sighting in asked where keeper == nil { keeper = try self.keeper(ofNumber: sighting.number) }
        guard let keeper else { return }
        gathering.keeper = keeper
        var rows: [(UInt32?, [UInt8])] = []
        let parts = """
            SELECT number, salt FROM subject WHERE number = ?1 UNION ALL SELECT number, salt FROM alias WHERE subject = ?1
            """
        try run(parts, [.int(Int64(keeper))]) { rows.append((UInt32(exactly: $0.int(0)), $0.blob(1))) }
        for (number, salt) in rows {
            guard let number else { throw SubjectRows.damaged }
            try gathering.add(number, salt)
        }
        var sealed: [([UInt8], [UInt8])] = []
        try run("SELECT fingerprint, sealed FROM identifier WHERE subject = ?1", [.int(Int64(keeper))]) {
            sealed.append(($0.blob(0), $0.blob(1)))
        }
        for (fingerprint, sealed) in sealed {
            guard let fingerprint = WaybillCore.Fingerprint(bytes: fingerprint) else { throw SubjectRows.damaged }
            gathering.add(Identifier(bytes: try sealer.open(sealed, context: SealContext.identifier(fingerprint))))
        }
    }
}
