/// Follows the entries of a subject's package: intents of the period, and the outcomes that close them.
struct SubjectSlice {
    private let scope: PackageScope
    private let period: EntryPeriod
    private(set) var pairs = TransferPairs()

    init(_ scope: PackageScope) {
        self.scope = scope
        period = EntryPeriod(scope)
    }

    mutating func take(_ entry: EntryReading, _ kind: EntryKind, _ index: UInt64, _ leaf: TreeHash) -> String? {
        switch kind {
        case .intent:
            guard index >= scope.first, index < scope.end, period.place(entry.text("t")) == 0 else {
                return "The intent is not of the period."
            }
            return pairs.take(intent: entry, index, leaf)
        case .outcome: return pairs.take(outcome: entry, index)
        case .denied, .seal, .config, .keychange, .erasure: return "The entry does not belong to the package."
        }
    }

    var gaps: CanonicalValue { .object(pairs.members) }
}

/// Either kind of slice, entry by entry.
struct PackageSlice {
    private(set) var vendor: VendorSlice?
    private(set) var subject: SubjectSlice?
    private var scratch: [CanonicalScanner.Member] = []

    init(_ scope: PackageScope) {
        switch scope.kind {
        case .vendor(let id): vendor = VendorSlice(scope, vendor: id)
        case .subject: subject = SubjectSlice(scope)
        }
    }

    /// Checks the form, then what the slice asks. Nil: sound. `row` becomes the entry's line of `index.csv`.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ index: UInt64, _ leaf: TreeHash, row: inout [UInt8]) -> String? {
        row.removeAll(keepingCapacity: true)
        guard let entry = EntryReading(bytes, &scratch) else { return "The entry is not in canonical form." }
        guard let kind = entry.kindFast, EntryKeys.fit(scratch, kind) else { return "The entry is of no known kind, or has other members." }
        guard let time = entry.text("t"), time.count == EntryTime.byteCount else { return "The entry has no time." }
        PackageSlice.append(index, kind, time, entry.text("xid"), to: &row)
        return vendor?.take(entry, kind, index, leaf) ?? subject?.take(entry, kind, index, leaf)
    }

    private static func append(
        _ index: UInt64, _ kind: EntryKind, _ time: UnsafeRawBufferPointer, _ xid: UnsafeRawBufferPointer?, to row: inout [UInt8]
    ) {
        row.append(decimal: UInt(index))
        row.append(0x2c)
        row.append(contentsOf: kind.rawValue.utf8)
        row.append(0x2c)
        row.append(contentsOf: time)
        row.append(0x2c)
        if let xid { row.append(contentsOf: xid) }
        row.append(0x0a)
    }

    var pairs: TransferPairs { vendor?.pairs ?? subject?.pairs ?? TransferPairs() }
    /// `gaps.json`: what stands in the entries about what could be missing.
    var gaps: [UInt8] { (vendor?.gaps ?? subject?.gaps ?? .object([:])).bytes + [0x0a] }
}

/// A half-open period, compared with entries' times as text, which sorts like time.
struct EntryPeriod {
    private let from: [UInt8]
    private let until: [UInt8]

    init(_ scope: PackageScope) {
        from = EntryTime.text(scope.from)
        until = EntryTime.text(scope.until)
    }

    /// -1: before it; 0: in it; 1: after it. Nil: no time.
    func place(_ time: UnsafeRawBufferPointer?) -> Int? {
        guard let time, time.count == EntryTime.byteCount else { return nil }
        if time.lexicographicallyPrecedes(from) { return -1 }
        return time.lexicographicallyPrecedes(until) ? 0 : 1
    }
}
