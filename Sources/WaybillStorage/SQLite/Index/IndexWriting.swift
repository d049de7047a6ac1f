import GRDBSQLite
import WaybillCore
import WaybillLedger

// Taking in a batch, within one transaction.
extension OpenIndex {
    mutating func take(
        _ batch: IndexBatch, _ sightings: [StoredSighting], _ position: IndexPosition, _ origin: String
    ) throws(SQLiteFailure) -> IndexPosition {
        var sums = TallySums()
        try insert(batch.transfers, position.log, &sums)
        try end(batch.endings, position.log, &sums)
        try write(sums, position.log)
        try insert(batch.marks, position)
        try insert(sightings, position.log)
        var next = position
        next.next = batch.high
        next.root = batch.root
        next.sighting = sightings.last?.row ?? position.sighting
        try connection.run(
            "UPDATE log SET origin = ?2, next = ?3, root = ?4, sighting = ?5 WHERE id = ?1",
            [.int(next.log), .text(origin), .int(Int64(clamping: next.next)), .blob(next.root.bytes), .int(next.sighting)])
        return next
    }

    private mutating func insert(_ transfers: [IndexedTransfer], _ log: Int64, _ sums: inout TallySums) throws(SQLiteFailure) {
        let insert = try IndexStatement(
            &connection, "INSERT INTO transfer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")
        for transfer in transfers {
            let terms = try id(of: transfer.terms)
            let state = transfer.state
            insert.bind(1, IndexSchema.key(log, transfer.index))
            insert.bind(2, transfer.milliseconds)
            insert.bind(3, terms)
            insert.bind(4, Int64(transfer.records))
            insert.bind(5, Int64(transfer.denied))
            insert.bind(6, Int64(transfer.droppedMembers))
            insert.bind(7, try id(of: transfer.codes))
            let ending = transfer.ending
            insert.bind(9, state.rawValue)
            insert.bind(10, ending.map { Int64($0.index - transfer.index) } ?? 0)
            insert.bind(11, Int64(ending?.status ?? 0))
            insert.bind(12, Int64(ending?.sentBytes ?? 0))
            insert.bind(13, Int64(ending?.milliseconds ?? 0))
            insert.bind(14, try id(of: ending?.reason ?? []))
            let xid = transfer.xid.bytes
            try withUnsafeBytes(of: xid) { (bytes: UnsafeRawBufferPointer) throws(SQLiteFailure) in
                insert.bind(8, bytes)
                try insert.run(connection)
            }
            sums.add(transfer, terms: terms, state: state, sign: 1)
        }
    }

    /// Outcomes of transfers that are in already.
    private mutating func end(
        _ endings: [(intent: UInt64, ending: IndexedTransfer.Ending)], _ log: Int64, _ sums: inout TallySums
    ) throws(SQLiteFailure) {
        let find = try IndexStatement(&connection, "SELECT t, terms, n, nd, state FROM transfer WHERE key = ?1")
        let update = try IndexStatement(
            &connection, "UPDATE transfer SET state = ?2, ended = ?3, http = ?4, sent = ?5, ms = ?6, reason = ?7 WHERE key = ?1")
        for (intent, ending) in endings {
            let key = IndexSchema.key(log, intent)
            var found: TallySums.Row?
            find.bind(1, key)
            try find.run(connection) {
                found = TallySums.Row(
                    milliseconds: $0.int(0), terms: $0.int(1), records: $0.int(2), denied: $0.int(3), state: $0.int(4), bytes: 0)
            }
            guard var row = found, row.state == TransferState.open.rawValue else { continue }
            sums.add(row, sign: -1)
            row.state = TransferState(ending.result).rawValue
            row.bytes = Int64(ending.sentBytes)
            sums.add(row, sign: 1)
            update.bind(1, key)
            update.bind(2, row.state)
            update.bind(3, Int64(ending.index - intent))
            update.bind(4, Int64(ending.status))
            update.bind(5, row.bytes)
            update.bind(6, Int64(ending.milliseconds))
            update.bind(7, try id(of: ending.reason))
            try update.run(connection)
        }
    }

    private mutating func write(_ sums: TallySums, _ log: Int64) throws(SQLiteFailure) {
        let tally = try IndexStatement(
            &connection,
            """
            INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET transfers = transfers + excluded.transfers,
                records = records + excluded.records, denied = denied + excluded.denied, bytes = bytes + excluded.bytes
            """)
        for (key, sum) in sums.sums where !sum.isNothing {
            tally.bind(1, key.terms)
            tally.bind(2, log)
            tally.bind(3, key.span)
            tally.bind(4, key.bucket)
            tally.bind(5, key.state)
            tally.bind(6, sum.transfers)
            tally.bind(7, sum.records)
            tally.bind(8, sum.denied)
            tally.bind(9, sum.bytes)
            try tally.run(connection)
        }
        for (key, codes) in sums.codes {
            for (code, records) in sums.counts(of: codes) {
                try connection.run(
                    "INSERT INTO tally_code VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET records = records + excluded.records",
                    [.int(key.terms), .int(log), .int(key.span), .int(key.bucket), .text(code), .int(records)])
            }
        }
    }

    private mutating func insert(_ marks: [IndexBatch.Mark], _ position: IndexPosition) throws(SQLiteFailure) {
        let insert = try IndexStatement(&connection, "INSERT OR IGNORE INTO mark VALUES (?1, ?2, ?3, ?4)")
        var rows: [(segment: Int64, subject: Int64, at: Int64, line: Int64)] = []
        rows.reserveCapacity(marks.count)
        for mark in marks {
            let key = IndexSchema.key(position.log, mark.index)
            rows.append((IndexSchema.segment(key), IndexSchema.subject(mark.number), IndexSchema.offset(key), try id(of: mark.line)))
        }
        // In the table's order, so that each of its pages is written once.
        rows.sort { ($0.segment, $0.subject, $0.at, $0.line) < ($1.segment, $1.subject, $1.at, $1.line) }
        for row in rows {
            insert.bind(1, row.segment)
            insert.bind(2, row.subject)
            insert.bind(3, row.at)
            insert.bind(4, row.line)
            try insert.run(connection)
        }
    }

    private mutating func insert(_ sightings: [StoredSighting], _ log: Int64) throws(SQLiteFailure) {
        let insert = try IndexStatement(&connection, "INSERT OR IGNORE INTO sighting VALUES (?1, ?2, ?3)")
        var rows: [(segment: Int64, print: Int64, at: Int64)] = []
        for sighting in sightings {
            let key = IndexSchema.key(log, UInt64(clamping: sighting.row))
            for fingerprint in sighting.keyedFingerprints {
                rows.append((IndexSchema.segment(key), fingerprint.prefix, IndexSchema.offset(key)))
            }
        }
        rows.sort { ($0.segment, $0.print) < ($1.segment, $1.print) }
        for row in rows {
            insert.bind(1, row.segment)
            insert.bind(2, row.print)
            insert.bind(3, row.at)
            try insert.run(connection)
        }
    }

    private mutating func id(of shared: SharedTransferTerms) throws(SQLiteFailure) -> Int64 {
        if let known = terms[ObjectIdentifier(shared)] { return known.id }
        let id = try row(of: shared.terms.bytes, in: "terms")
        terms[ObjectIdentifier(shared)] = (shared, id)
        return id
    }

    /// 0: nothing.
    private mutating func id(of word: [UInt8]) throws(SQLiteFailure) -> Int64 {
        if word.isEmpty { return 0 }
        if let known = words[word] { return known }
        if words.count >= Self.wordsMax { words = [:] }
        let id = try row(of: word, in: "word")
        words[word] = id
        return id
    }

    /// `table` is one of ours, never input.
    private mutating func row(of body: [UInt8], in table: String) throws(SQLiteFailure) -> Int64 {
        try connection.run("INSERT OR IGNORE INTO \(table)(body) VALUES (?1)", [.blob(body)])
        var id: Int64 = 0
        try connection.run("SELECT id FROM \(table) WHERE body = ?1", [.blob(body)]) { id = $0.int(0) }
        return id
    }
}

/// What a batch adds to the sums of its days and hours.
struct TallySums {
    struct Key: Hashable {
        var terms: Int64
        var span: Int64
        var bucket: Int64
        var state: Int64
    }
    struct Sum {
        var transfers: Int64 = 0
        var records: Int64 = 0
        var denied: Int64 = 0
        var bytes: Int64 = 0
        fileprivate mutating func add(_ row: Row, _ sign: Int64) {
            transfers += sign
            records += sign * row.records
            denied += sign * row.denied
            bytes += sign * row.bytes
        }
        var isNothing: Bool { transfers == 0 && records == 0 && denied == 0 && bytes == 0 }
    }
    struct Row {
        var milliseconds: Int64
        var terms: Int64
        var records: Int64
        var denied: Int64
        var state: Int64
        var bytes: Int64
    }
    private(set) var sums: [Key: Sum] = [:]
    /// By bucket, without the state: codes as they stand in entries, and how often.
    private(set) var codes: [Key: [[UInt8]: Int64]] = [:]
    static let none = Array("{}".utf8)

    mutating func add(_ transfer: IndexedTransfer, terms: Int64, state: TransferState, sign: Int64) {
        let row = Row(
            milliseconds: transfer.milliseconds, terms: terms, records: Int64(transfer.records), denied: Int64(transfer.denied),
            state: state.rawValue, bytes: Int64(transfer.ending?.sentBytes ?? 0))
        add(row, sign: sign)
        guard transfer.codes.count > 2 else { return }
        let keys = Self.keys(row)
        for i in keys.indices {
            var key = keys[i]
            key.state = 0
            codes[key, default: [:]][transfer.codes, default: 0] += sign
        }
    }

    mutating func add(_ row: Row, sign: Int64) {
        let keys = Self.keys(row)
        for i in keys.indices { sums[keys[i], default: Sum()].add(row, sign) }
    }

    func counts(of codes: [[UInt8]: Int64]) -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for (text, times) in codes {
            guard case .object(let members) = CanonicalParser.parse(text) else { continue }
            for (code, records) in members { counts[code, default: 0] += times * Int64(records.integer ?? 0) }
        }
        return counts
    }

    private static func keys(_ row: Row) -> InlineArray<2, Key> {
        [
            Key(terms: row.terms, span: 0, bucket: row.milliseconds / TallyBuckets.dayMilliseconds, state: row.state),
            Key(terms: row.terms, span: 1, bucket: row.milliseconds / TallyBuckets.hourMilliseconds, state: row.state),
        ]
    }
}
