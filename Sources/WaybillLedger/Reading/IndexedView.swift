import WaybillCore

/// The whole log at one moment: what the index holds of it, and its tail read from the entries themselves.
struct IndexedView {
    let log: any LogReader
    let snapshot: any IndexSnapshot
    let position: IndexPosition
    let size: UInt64
    private let tail: IndexBatch
    /// Outcomes in the tail, by the indexes of intents that are in the index, where they are still open.
    private let endings: [UInt64: IndexedTransfer.Ending]

    /// Throws if the index is of another log, or too far behind for the tail to be read each time. `marks`: subjects are asked for.
    init(_ log: any LogReader, _ snapshot: any IndexSnapshot, tailEntriesMax: Int, marks: Bool) throws {
        self.log = log
        self.snapshot = snapshot
        let none = IndexPosition(log: 0, next: 0, root: MerkleHashing.emptyRoot, sighting: 0, pruned: 0, forgotten: 0)
        position = try log.commits(from: 0, limit: 1).first.flatMap { try snapshot.position(of: $0.root) } ?? none
        // After the position: the log has what the index has.
        size = try log.head()?.size ?? 0
        guard try log.holds(position), size >= position.next else {
            throw LogStoreError.unusable("The index is of a log that was rolled back or replaced since; run waybill log reindex.")
        }
        guard size - position.next <= UInt64(tailEntriesMax) else {
            throw LogStoreError.unusable(
                "The index is \(size - position.next) entries behind the log; let the gate catch up, or run waybill log reindex.")
        }
        let empty = IndexBatch(low: position.next, high: position.next, root: position.root)
        var digester = LogDigester(reader: log, open: try snapshot.open(position, from: log.oldestOpen(at: position.next)))
        tail = try digester.next(from: position.next, below: size, entriesMin: .max, marks: marks) ?? empty
        endings = Dictionary(tail.endings.map { ($0.intent, $0.ending) }, uniquingKeysWith: { _, last in last })
    }

    /// Entries of a half-open range of times.
    func entries(since: Timestamp?, until: Timestamp?) throws -> Range<UInt64> {
        let low = try since.map { try log.firstEntry(notBefore: $0) } ?? 0
        let high = try until.map { try log.firstEntry(notBefore: $0) } ?? size
        return min(low, size)..<max(min(low, size), min(high, size))
    }

    /// Newest first, at most `limit`.
    func transfers(_ filter: TransferFilter, in entries: Range<UInt64>, limit: Int) throws -> [IndexedTransfer] {
        var found = tail.transfers.filter { entries.contains($0.index) && filter.matches($0) }
        if found.count >= limit { return Array(found.reversed().prefix(limit)) }
        let indexed = entries.clamped(to: 0..<position.next)
        if !indexed.isEmpty {
            found += try overridden().filter { indexed.contains($0.index) && filter.matches($0) }
            let terms = filter.asksForTerms ? try self.terms(filter) : nil
            found += try snapshot.transfers(position, in: indexed, terms: terms, state: filter.state, limit: limit + endings.count)
                .filter { endings[$0.index] == nil }
        }
        found.sort { $0.index > $1.index }
        return Array(found.prefix(limit))
    }

    /// Those of the entries, in the order asked for, that are transfers and fit.
    func transfers(_ filter: TransferFilter, at indexes: [UInt64]) throws -> [IndexedTransfer] {
        let stored = try snapshot.transfers(position, at: indexes.filter { $0 < position.next }).map { ended($0) }
        let all = Dictionary(stored.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
        return indexes.compactMap { index in
            let found = index < position.next ? all[index] : tail.transfers.position(of: index).map { tail.transfers[$0] }
            return found.flatMap { filter.matches($0) ? $0 : nil }
        }
    }

    /// Newest first; `limit` lines of each part, and whether there may be more.
    func marks(_ part: SubjectTrace.Part, in entries: Range<UInt64>, limit: Int) throws -> [(index: UInt64, line: [UInt8])] {
        var found = tail.marks.filter { $0.number == part.number && entries.contains($0.index) }.map { (index: $0.index, line: $0.line) }
        found.sort { $0.index > $1.index }
        if found.count < limit {
            let indexed = entries.clamped(to: 0..<position.next)
            found += try snapshot.marks(position, of: part.number, in: indexed, limit: limit - found.count)
        }
        return Array(found.prefix(limit))
    }

    /// Sums of whole buckets within the index, the tail's outcomes set right.
    func tallies(terms: [Int64], in buckets: TallyBuckets) throws -> [Tally] {
        try snapshot.tallies(position, terms: terms, in: buckets)
    }

    /// What the index lacks of the times from `low` up to `high`: the tail's transfers, and what its outcomes change.
    func corrections(_ filter: TransferFilter, milliseconds: Range<Int64>) throws -> [Tally] {
        var tallies = tail.transfers.filter { milliseconds.contains($0.milliseconds) && filter.matches($0) }.map { Tally($0) }
        for transfer in try overridden() where milliseconds.contains(transfer.milliseconds) && filter.matches(transfer) {
            var before = transfer
            before.ending = nil
            var (less, more) = (Tally(before), Tally(transfer))
            (less.transfers, less.records, less.denied) = (-less.transfers, -less.records, -less.denied)
            (less.reasons, more.reasons) = ([:], [:])
            tallies += [less, more]
        }
        return tallies
    }

    /// Single transfers of the index, without the tail.
    func indexed(_ filter: TransferFilter, in entries: Range<UInt64>) throws -> [IndexedTransfer] {
        let entries = entries.clamped(to: 0..<position.next)
        guard !entries.isEmpty else { return [] }
        let terms = filter.asksForTerms ? try self.terms(filter) : nil
        return try snapshot.transfers(position, in: entries, terms: terms, state: nil, limit: .max >> 1)
    }

    func terms(_ filter: TransferFilter) throws -> [Int64] {
        try snapshot.terms().filter { filter.matches($0.value.terms) }.keys.sorted()
    }

    /// Transfers before the tail that ended within it.
    private func overridden() throws -> [IndexedTransfer] {
        try snapshot.transfers(position, at: endings.keys.sorted()).map { ended($0) }
    }

    private func ended(_ transfer: IndexedTransfer) -> IndexedTransfer {
        guard let ending = endings[transfer.index] else { return transfer }
        var transfer = transfer
        transfer.ending = ending
        return transfer
    }
}
