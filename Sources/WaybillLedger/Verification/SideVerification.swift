import WaybillCore

/// Side rows in step with the commits: against the roots in the entries, and against their seals.
///
/// They may have been pruned, by months that an entry names. An erasure sets numbers to 0 and removes first-seen subjects.
struct SideVerification {
    let keys: LogKeys?
    private let reader: any LogReader
    private let seal: SideRowSeal?
    private var rows: ArraySlice<StoredSideRow> = []
    private var from: UInt64 = 0
    private var isAtEnd = false
    private var sightings = SightingVerification()
    private(set) var missingRows = 0

    init(reader: any LogReader, keys: LogKeys?) {
        self.reader = reader
        self.keys = keys
        seal = keys?.sideRows
    }

    var firstSeen: FirstSeenNumbers { sightings.known }

    mutating func check(
        _ commit: StoredCommit, _ committed: [(index: UInt64, entry: EntryChecker.Committed)], _ notes: inout ShardNotes
    ) throws -> [VerificationReport.Fault] {
        guard let row = try take(first: commit.first, end: commit.end) else {
            guard let first = committed.first else { return [] }
            // Judged at the end: the entry that says that the month went comes later.
            missingRows += 1
            notes.missSide(at: first.index, month: LogMonth(commit.time))
            return []
        }
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
    mutating func finish(total: UInt64, later: LaterShards) throws -> [VerificationReport.Fault] {
        var faults = [VerificationReport.Fault]()
        try fill()
        if let row = rows.first, try row.first < total || reader.head()?.size == total {
            faults.append(.init(index: row.first, kind: .side, what: "Side records belong to no commit."))
        }
        return faults + (try sightings.finish(reader, keys, later))
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
