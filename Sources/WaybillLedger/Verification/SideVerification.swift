import WaybillCore

/// Side rows in step with the commits: against the roots in the entries, and against their seals.
///
/// They may have been pruned, by months that an entry names, here or in a later shard. An erasure sets numbers to 0 and removes first-seen subjects.
struct SideVerification {
    private struct Month {
        var rows = 0
        var missing = 0
        var firstMissing: UInt64 = 0
    }

    let keys: LogKeys?
    private let reader: any LogReader
    private let seal: SideRowSeal?
    private var rows: ArraySlice<StoredSideRow> = []
    private var from: UInt64 = 0
    private var isAtEnd = false
    private var months: [Int: Month] = [:]
    private var lastMonth = 0
    private var month: (day: Day, number: Int)?
    private var sightings = SightingVerification()
    private(set) var prunedRows = 0

    init(reader: any LogReader, keys: LogKeys?) {
        self.reader = reader
        self.keys = keys
        seal = keys?.sideRows
    }

    mutating func check(
        _ commit: StoredCommit, _ committed: [(index: UInt64, entry: EntryChecker.Committed)]
    ) throws -> [VerificationReport.Fault] {
        lastMonth = number(of: commit.time.day)
        guard let row = try take(first: commit.first, end: commit.end) else {
            guard !committed.isEmpty else { return [] }
            if months[lastMonth]?.missing ?? 0 == 0 { months[lastMonth, default: Month()].firstMissing = commit.first }
            months[lastMonth, default: Month()].missing += 1
            return []
        }
        months[lastMonth, default: Month()].rows += 1
        guard row.first == commit.first, let records = SideRecord.records(inRow: row.body, first: row.first) else {
            return [.init(index: commit.first, kind: .side, what: "The side records of the commit are damaged.")]
        }
        guard records.map(\.index) == committed.map(\.index) else {
            return [.init(index: commit.first, kind: .side, what: "The side records of the commit are not of its entries.")]
        }
        var faults = [VerificationReport.Fault]()
        for (record, (index, entry)) in zip(records, committed) {
            if let what = check(record, entry) { faults.append(.init(index: index, kind: .side, what: what)) }
        }
        guard seal?.fits(row.body, first: row.first) ?? true else {
            return faults + [
                .init(index: commit.first, kind: .side, what: "The commit's side row is not as it was written: its seal is wrong.")
            ]
        }
        for record in records { for commitment in record.commitments { sightings.saw(commitment.number) } }
        return faults
    }

    private func check(_ record: SideRecord, _ entry: EntryChecker.Committed) -> String? {
        if let subjects = entry.subjects {
            guard subjects.count == UInt64(record.commitments.count), subjects.root == record.subjectRoot else {
                return "The commitments to subjects are not those of the entry."
            }
        } else if !record.commitments.isEmpty {
            return "A denial has commitments to subjects."
        }
        guard record.bodyKey.count == (entry.subjects == nil ? 0 : 16) else { return "The key of the body has not its length." }
        guard entry.lines.count == UInt64(record.lines.count) else { return "The decision lines are not those of the entry." }
        if let keys, entry.lines.root != record.lineRoot(key: keys.decisionKey(xid: entry.xid.xid)) {
            return "The decision lines are not those of the entry."
        }
        return nil
    }

    /// What is left once all commits were seen.
    mutating func finish(total: UInt64, notes: ShardNotes, later: LaterShards) throws -> [VerificationReport.Fault] {
        var faults = [VerificationReport.Fault]()
        let named = notes.prunedMonths.union(later.prunedMonths)
        for (number, month) in months.sorted(by: { $0.key < $1.key }) where month.missing > 0 {
            if named.contains(LogMonth(number: number)) {
                prunedRows += month.missing
            } else {
                let what =
                    "\(month.missing) rows of side records are missing from \(LogMonth(number: number)), and no entry says that the month was deleted."
                faults.append(.init(index: month.firstMissing, kind: .side, what: what))
            }
        }
        try fill()
        if let row = rows.first, try row.first < total || reader.head()?.size == total {
            faults.append(.init(index: row.first, kind: .side, what: "Side records belong to no commit."))
        }
        // The next shard took over the first-seen subjects of one that has ended.
        guard let holder = later.sightings ?? (notes.hasEnded ? nil : reader) else { return faults }
        return faults + (try sightings.finish(holder, keys, sides: reader))
    }

    /// `yyyymm`.
    private mutating func number(of day: Day) -> Int {
        if let month, month.day == day { return month.number }
        let (year, number, _) = day.civil
        month = (day, year * 100 + number)
        return year * 100 + number
    }

    /// The row that begins in the range, if there is one.
    private mutating func take(first: UInt64, end: UInt64) throws -> StoredSideRow? {
        try fill()
        guard let row = rows.first, row.first < end else { return nil }
        return rows.removeFirst()
    }

    private mutating func fill() throws {
        guard rows.isEmpty, !isAtEnd else { return }
        rows = try reader.sideRows(from: from, limit: 64)[...]
        guard let last = rows.last else { return isAtEnd = true }
        // A damaged file can give rows out of order, and then for ever.
        guard last.first >= from, last.first < .max else {
            throw LogStoreError.broken("Side records are out of order; the file is damaged.")
        }
        from = last.first + 1
    }
}
