package import WaybillCore

/// Finds transfers of one log: in the index as far as it is, and in the log's entries beyond. Never silently incomplete.
package struct TransferFinder {
    /// Entries behind which the index may be: so many are read with each question.
    package static let tailEntriesMax = 200_000
    private static let marksAtOnce = 2_000

    private let log: any LogReader
    private let index: any TransferIndex
    private let tailEntriesMax: Int

    package init(log: any LogReader, index: any TransferIndex, tailEntriesMax: Int = tailEntriesMax) {
        self.log = log
        self.index = index
        self.tailEntriesMax = tailEntriesMax
    }

    package struct Page<Item: Sendable>: Sendable {
        /// Newest first.
        package var items: [Item]
        /// Index below which the next page begins; nil: that was all.
        package var next: UInt64?
        package init(items: [Item], next: UInt64?) {
            self.items = items
            self.next = next
        }
    }

    /// What one transfer told its recipient about a subject.
    package struct Disclosure: Sendable {
        package struct Line: Sendable, Equatable {
            package var decision: String
            package var basis: String
            package var codes: [String]
            package var fields: [String]
        }
        package var transfer: IndexedTransfer
        /// Of the records that were about the subject; empty: it cannot be told any more which ones were.
        package var lines: [Line]
    }

    package func list(_ filter: TransferFilter = TransferFilter(), limit: Int, below: UInt64? = nil) throws -> Page<IndexedTransfer> {
        try reading { view in
            var entries = try view.entries(since: filter.since, until: filter.until)
            entries = entries.clamped(to: 0..<(below ?? .max))
            let found = try view.transfers(filter, in: entries, limit: limit)
            return Page(items: found, next: found.count == limit ? found.last?.index : nil)
        }
    }

    /// Of transfers that were sent, or are not known not to have been; what was denied, or aborted before anything left, disclosed nothing.
    package func disclosures(
        of trace: SubjectTrace, _ filter: TransferFilter = TransferFilter(), limit: Int, below: UInt64? = nil
    ) throws -> Page<Disclosure> {
        try reading(marks: true) { view in
            var entries = try view.entries(since: filter.since, until: filter.until)
            let kept = try Self.sideRowsBegin(view) ?? view.size
            entries = entries.clamped(to: kept..<max(kept, below ?? .max))
            var found: [Disclosure] = []
            var lines = DisclosureLines()
            var atOnce = min(Self.marksAtOnce, max(limit, 64))
            while !entries.isEmpty, found.count < limit {
                let (groups, rest) = try Self.groups(view, trace, entries, atOnce)
                if groups.isEmpty, !rest.isEmpty { atOnce *= 2 }
                let transfers = try view.transfers(filter, at: groups.keys.sorted(by: >))
                found += transfers.filter { !$0.isKnownUnsent }.map {
                    Disclosure(transfer: $0, lines: (groups[$0.index] ?? []).compactMap { lines.line($0) })
                }
                entries = rest
            }
            let isMore = found.count > limit || (found.count == limit && !entries.isEmpty)
            found = Array(found.prefix(limit))
            return Page(items: found, next: isMore ? found.last?.transfer.index : nil)
        }
    }

    /// The time before which disclosures are not known any more, because side records were pruned; nil: all are there.
    package func disclosuresPrunedBefore() throws -> Timestamp? {
        try reading { view in
            let kept = try Self.sideRowsBegin(view) ?? view.size
            guard kept > 0, try !view.transfers(TransferFilter(), in: 0..<kept, limit: 1).isEmpty else { return nil }
            return try view.log.time(ofEntry: kept)?.time ?? view.log.head()?.time
        }
    }

    /// `marks`: the body asks for subjects.
    func reading<Result>(marks: Bool = false, _ body: (IndexedView) throws -> Result) throws -> Result {
        try index.reading { snapshot in try body(IndexedView(log, snapshot, tailEntriesMax: tailEntriesMax, marks: marks)) }
    }

    private static func sideRowsBegin(_ view: IndexedView) throws -> UInt64? { try view.log.sideRows(from: 0, limit: 1).first?.first }

    /// Lines by transfer, whole groups only, and the entries that remain to be looked at.
    private static func groups(
        _ view: IndexedView, _ trace: SubjectTrace, _ entries: Range<UInt64>, _ atOnce: Int
    ) throws -> (groups: [UInt64: [[UInt8]]], rest: Range<UInt64>) {
        var all: [(index: UInt64, line: [UInt8])] = []
        // Below it, a part may have more than was given.
        var floor = entries.lowerBound
        for part in trace.parts {
            let marks = try view.marks(part, in: entries, limit: atOnce)
            all += marks
            if marks.count == atOnce, let last = marks.last { floor = max(floor, last.index + 1) }
        }
        var groups: [UInt64: [[UInt8]]] = [:]
        for (index, line) in all where index >= floor { groups[index, default: []].append(line) }
        return (groups, entries.lowerBound..<floor)
    }
}

/// Reads lines, each that is like others once.
private struct DisclosureLines {
    private var known: [[UInt8]: TransferFinder.Disclosure.Line] = [:]

    mutating func line(_ core: [UInt8]) -> TransferFinder.Disclosure.Line? {
        if let line = known[core] { return line }
        guard !core.isEmpty, case .object(let members) = CanonicalParser.parse(core + [0x7d]), case .string(let basis) = members["b"],
            case .string(let decision) = members["d"]
        else { return nil }
        let line = TransferFinder.Disclosure.Line(
            decision: decision, basis: basis, codes: members["c"]?.strings ?? [], fields: members["f"]?.strings ?? [])
        known[core] = line
        return line
    }
}
