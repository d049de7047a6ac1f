import GRDBSQLite
import Synchronization
import WaybillCore
import WaybillLedger

/// One state of the index's file, read through a connection of its own.
final class SQLiteIndexSnapshot: IndexSnapshot {
    private let connection: Mutex<LogConnection>
    private let shared = Mutex<[Int64: SharedTransferTerms]>([:])
    private let words = Mutex<[Int64: [UInt8]]>([:])
    /// Terms are looked up one by one up to here, then the index is walked by time.
    private static let seeksMax = 4_096

    init(path: String) throws {
        let connection = try LogConnection(path: path, flags: SQLITE_OPEN_READONLY)
        connection.setBusyTimeout(milliseconds: 5_000)
        try connection.execute("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; BEGIN")
        self.connection = Mutex(connection)
    }

    func position(of first: TreeHash) throws -> IndexPosition? {
        try ask { connection throws(SQLiteFailure) in try connection.indexPosition(of: first) }
    }

    func open(_ position: IndexPosition, from low: UInt64) throws -> [TransferID: UInt64] {
        try ask { connection throws(SQLiteFailure) in try connection.openTransfers(position, from: low) }
    }

    func terms() throws -> [Int64: SharedTransferTerms] {
        let rows = try rows("SELECT id, body FROM terms") { ($0.int(0), $0.blob(1)) }
        return try shared.withLock { shared in
            for (id, body) in rows where shared[id] == nil {
                guard let terms = TransferTerms(bytes: body) else { throw Self.damaged }
                shared[id] = SharedTransferTerms(terms)
            }
            return shared
        }
    }

    private static let columns = "key, t, terms, n, nd, dropped, codes, xid, state, ended, http, sent, ms, reason"
    private static let damaged = LogStoreError.broken("The index holds what it should not; run waybill log reindex.")

    func transfers(
        _ position: IndexPosition, in entries: Range<UInt64>, terms: [Int64]?, state: TransferState?, limit: Int
    ) throws -> [IndexedTransfer] {
        let (low, high) = (IndexSchema.key(position.log, entries.lowerBound), IndexSchema.key(position.log, entries.upperBound))
        guard let terms else {
            let isWanted = state.map { " AND state = \($0.rawValue)" } ?? ""
            return try transfers(
                "SELECT \(Self.columns) FROM transfer WHERE key >= ?1 AND key < ?2\(isWanted) ORDER BY key DESC LIMIT ?3",
                [.int(low), .int(high), .int(Int64(limit))])
        }
        let states = state.map { [$0] } ?? TransferState.allCases
        var keys: [Int64] = []
        var floor = low
        for term in terms {
            for state in states {
                keys += try rows(
                    "SELECT key FROM transfer WHERE terms = ?1 AND state = ?2 AND key >= ?3 AND key < ?4 ORDER BY key DESC LIMIT ?5",
                    [.int(term), .int(state.rawValue), .int(floor), .int(high), .int(Int64(limit))]
                ) { $0.int(0) }
                // What is older than enough others is not looked for any more.
                guard keys.count >= 2 * limit else { continue }
                keys.sort(by: >)
                keys.removeLast(keys.count - limit)
                floor = keys.last ?? floor
            }
        }
        keys.sort(by: >)
        return try transfers(at: keys.prefix(limit))
    }

    func transfers(_ position: IndexPosition, at entries: [UInt64]) throws -> [IndexedTransfer] {
        try transfers(at: entries.map { IndexSchema.key(position.log, $0) })
    }

    private func transfers(at keys: some Sequence<Int64>) throws -> [IndexedTransfer] {
        var found: [IndexedTransfer] = []
        for key in keys { found += try transfers("SELECT \(Self.columns) FROM transfer WHERE key = ?1", [.int(key)]) }
        return found
    }

    private func transfers(_ sql: String, _ values: [SQLiteValue]) throws -> [IndexedTransfer] {
        struct Row {
            var numbers: InlineArray<14, Int64>
            var xid: TransferID?
        }
        return try rows(sql, values) { row in
            Row(numbers: InlineArray { $0 == 7 ? 0 : row.int(Int32($0)) }, xid: row.transferID(7))
        }.map { row in
            let numbers = row.numbers
            guard let xid = row.xid, let state = TransferState(rawValue: numbers[8]) else { throw Self.damaged }
            let index = IndexSchema.index(numbers[0])
            let ending = try state.result.map { result in
                IndexedTransfer.Ending(
                    index: index + UInt64(clamping: numbers[9]), result: result, status: Int(numbers[10]), sentBytes: Int(numbers[11]),
                    milliseconds: Int(numbers[12]), reason: try word(numbers[13]))
            }
            return IndexedTransfer(
                index: index, milliseconds: numbers[1], xid: xid, terms: try terms(numbers[2]), records: Int(numbers[3]),
                denied: Int(numbers[4]), droppedMembers: Int(numbers[5]), codes: try word(numbers[6]), ending: ending)
        }
    }

    func marks(
        _ position: IndexPosition, of number: UInt32, in entries: Range<UInt64>, limit: Int
    ) throws -> [(index: UInt64, line: [UInt8])] {
        guard !entries.isEmpty else { return [] }
        let (low, high) = (IndexSchema.key(position.log, entries.lowerBound), IndexSchema.key(position.log, entries.upperBound) - 1)
        var found: [(index: UInt64, line: [UInt8])] = []
        for segment in stride(from: IndexSchema.segment(high), through: IndexSchema.segment(low), by: -1) where found.count < limit {
            let base = segment << IndexSchema.segmentShift
            let rows = try rows(
                "SELECT at, line FROM mark WHERE segment = ?1 AND subject = ?2 AND at >= ?3 AND at <= ?4 ORDER BY at DESC LIMIT ?5",
                [
                    .int(segment), .int(IndexSchema.subject(number)), .int(max(low - base, 0)), .int(min(high - base, 1 << 21 - 1)),
                    .int(Int64(limit - found.count)),
                ]
            ) { (base | $0.int(0), $0.int(1)) }
            for (key, line) in rows { found.append((IndexSchema.index(key), try word(line))) }
        }
        return found
    }

    func tallies(_ position: IndexPosition, terms: [Int64], in buckets: TallyBuckets) throws -> [Tally] {
        let (span, range, length): (Int64, Range<Int64>, Int64) =
            switch buckets {
            case .days(let range): (0, range, TallyBuckets.dayMilliseconds)
            case .hours(let range): (1, range, TallyBuckets.hourMilliseconds)
            }
        guard !range.isEmpty else { return [] }
        var tallies: [Tally] = []
        let bounds: [SQLiteValue] = [.int(position.log), .int(span), .int(range.lowerBound), .int(range.upperBound)]
        for id in terms {
            let shared = try self.terms(id)
            let sums = try rows(
                """
                SELECT bucket, state, transfers, records, denied, bytes FROM tally
                WHERE log = ?1 AND span = ?2 AND bucket >= ?3 AND bucket < ?4 AND terms = ?5
                """, bounds + [.int(id)]
            ) { row in InlineArray<6, Int64> { row.int(Int32($0)) } }
            for sum in sums {
                guard let state = TransferState(rawValue: sum[1]) else { throw Self.damaged }
                tallies.append(
                    Tally(
                        terms: shared, start: sum[0] * length, state: state, transfers: Int(sum[2]), records: Int(sum[3]),
                        denied: Int(sum[4]), bytes: Int(sum[5]), reasons: [:]))
            }
            guard !shared.terms.reasons.isEmpty else { continue }
            let codes = try rows(
                "SELECT bucket, code, records FROM tally_code WHERE log = ?1 AND span = ?2 AND bucket >= ?3 AND bucket < ?4 AND terms = ?5",
                bounds + [.int(id)]
            ) { ($0.int(0), $0.text(1), $0.int(2)) }
            for (bucket, code, records) in codes {
                tallies.append(
                    Tally(
                        terms: shared, start: bucket * length, state: .open, transfers: 0, records: 0, denied: 0, bytes: 0,
                        reasons: [code: Int(records)]))
            }
        }
        return tallies
    }

    func sightingRows(_ position: IndexPosition, with fingerprint: WaybillLedger.Fingerprint) throws -> [Int64] {
        let low = IndexSchema.segment(IndexSchema.key(position.log, 0))
        return try (0...IndexSchema.segment(position.sighting)).flatMap { segment in
            try rows("SELECT at FROM sighting WHERE segment = ?1 AND print = ?2", [.int(low + segment), .int(fingerprint.prefix)]) {
                segment << IndexSchema.segmentShift | $0.int(0)
            }
        }
    }

    private func terms(_ id: Int64) throws -> SharedTransferTerms {
        if let known = shared.withLock({ $0[id] }) { return known }
        guard let found = try terms()[id] else { throw Self.damaged }
        return found
    }

    private func word(_ id: Int64) throws -> [UInt8] {
        if id == 0 { return [] }
        if let known = words.withLock({ $0[id] }) { return known }
        guard let found = try rows("SELECT body FROM word WHERE id = ?1", [.int(id)], { $0.blob(0) }).first else { throw Self.damaged }
        words.withLock { $0[id] = found }
        return found
    }

    private func rows<Row: Sendable>(
        _ sql: String, _ values: [SQLiteValue] = [], _ row: @Sendable (SQLiteRow) -> Row
    ) throws -> [Row] {
        try ask { connection throws(SQLiteFailure) in
            var rows: [Row] = []
            try connection.run(sql, values) { rows.append(row($0)) }
            return rows
        }
    }

    private func ask<Value: Sendable>(_ body: @Sendable (inout LogConnection) throws(SQLiteFailure) -> Value) throws -> Value {
        do {
            return try connection.withLock { connection throws(SQLiteFailure) in try body(&connection) }
        } catch {
            throw LogStoreError.broken("The index cannot be read (\(error.message)); run waybill log reindex.")
        }
    }
}
