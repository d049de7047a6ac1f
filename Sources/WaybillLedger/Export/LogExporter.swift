package import WaybillCore

/// Gives entries out by index: gapless, at least once, and never what opens a commitment.
///
/// Remembers the transfers under way where it stopped, so going on from there reads nothing twice. One for each receiver; it blocks.
package struct LogExporter {
    package struct Filter: Sendable {
        package var fromIndex: UInt64 = 0
        /// Intents and denials of this vendor and the outcomes of those intents; nil: every entry.
        package var vendor: String?
        /// Half-open range of entry times.
        package var since: Timestamp?
        package var until: Timestamp?
        package init() {}
    }

    /// Of intents whose outcome has not come by; beyond it they are read again.
    package static let heldBytesMax = 64 * 1_024 * 1_024

    private let reader: any LogReader
    private let filter: Filter
    private let vendor: [UInt8]?
    /// Transfers open at entry `at`; of `filter.vendor` only, if there is one.
    private var open: OpenIntents
    private var at: UInt64?

    package init(reader: any LogReader, filter: Filter = Filter(), heldBytesMax: Int = Self.heldBytesMax) {
        self.reader = reader
        self.filter = filter
        vendor = filter.vendor.map { Array($0.utf8) }
        open = OpenIntents(bytesMax: heldBytesMax)
    }

    /// The entries from `cursor` on (nil: from the first that the filter wants), at most `entriesMax` looked at and about `bytesMax` of
    /// their bytes given out. `batch.next` is where to go on once they are safe; it may have moved although the filter let none through.
    package mutating func records(from cursor: ExportCursor?, entriesMax: Int, bytesMax: Int) throws -> ExportBatch {
        guard let range = try range(from: cursor) else { return ExportBatch(records: [], next: cursor, isAtEnd: true) }
        var records = [ExportRecord]()
        let high = Self.end(range, UInt64(clamping: entriesMax))
        let next = try walk(from: range.low, to: high, bytesMax: bytesMax, joining: true) { entry, intent in
            guard let milliseconds = entry.entry.milliseconds else { throw Self.damaged(entry.index) }
            records.append(
                ExportRecord(
                    index: entry.index, origin: range.origin, kind: entry.kind, time: Timestamp(nanoseconds: milliseconds * 1_000_000),
                    leaf: entry.leaf, entry: Array(entry.bytes), intent: intent))
        }
        return ExportBatch(records: records, next: ExportCursor(origin: range.origin, next: next), isAtEnd: next >= range.high)
    }

    /// As `records`, but straight into a format's bytes, in chunks of whole lines; without the format's header. Nil: the log is empty.
    package mutating func write(
        _ format: any ExportFormat, from cursor: ExportCursor?, entriesMax: UInt64 = .max, sink: ([UInt8]) throws -> Void
    ) throws -> ExportCursor? {
        guard let format = format as? any EntryFormat else {
            throw ExportError(.unknownFormat, "The format \(format.name) writes records only.")
        }
        guard let range = try range(from: cursor) else { return cursor }
        let high = Self.end(range, entriesMax)
        var chunk = [UInt8]()
        chunk.reserveCapacity(2 * Self.chunkBytesMin)
        func flush() throws {
            guard chunk.count >= Self.chunkBytesMin else { return }
            try sink(chunk)
            chunk.removeAll(keepingCapacity: true)
        }
        var next = high
        if format is NDJSONFormat, filter.vendor == nil {
            // Nothing about an entry has to be known to copy it.
            try reader.forEachEntry(from: range.low, to: high) { _, entry in
                chunk.append(contentsOf: entry)
                chunk.append(0x0a)
                try flush()
            }
        } else {
            next = try walk(from: range.low, to: high, bytesMax: .max, joining: format.joinsIntents) { entry, _ in
                format.append(entry, to: &chunk)
                try flush()
            }
        }
        if !chunk.isEmpty { try sink(chunk) }
        return ExportCursor(origin: range.origin, next: next)
    }

    private static let chunkBytesMin = 65_536

    private static func damaged(_ index: UInt64) -> LogStoreError { .broken("Entry \(index) is damaged; run waybill log verify.") }

    /// Nil: the log is empty.
    private func range(from cursor: ExportCursor?) throws -> (origin: String, low: UInt64, high: UInt64)? {
        let (identity, size) = (try reader.identity(), try reader.head()?.size ?? 0)
        if let cursor { try Self.check(cursor, origin: identity?.origin, size: size) }
        guard let origin = identity?.origin else { return nil }
        let since = try filter.since.map { try reader.firstEntry(notBefore: $0) } ?? 0
        let until = try filter.until.map { try reader.firstEntry(notBefore: $0) } ?? size
        let low = max(cursor?.next ?? 0, filter.fromIndex, since)
        return (origin, low, max(low, min(size, until)))
    }

    /// At least one entry, so that an export always moves.
    private static func end(_ range: (origin: String, low: UInt64, high: UInt64), _ entriesMax: UInt64) -> UInt64 {
        range.low + min(range.high - range.low, max(1, entriesMax))
    }

    private static func check(_ cursor: ExportCursor, origin: String?, size: UInt64) throws(ExportError) {
        if let origin, cursor.origin != origin {
            throw ExportError(
                .otherLog,
                "The cursor is of the log \(cursor.origin) and this log is \(origin); take this log's cursor, or begin with "
                    + "--from-index at the entry up to which you have it.")
        }
        guard cursor.next <= size else {
            throw ExportError(
                .beyondEnd,
                "The cursor stands at entry \(cursor.next) and the log has \(size) only: it was rolled back or replaced; run waybill log "
                    + "verify before you export again.")
        }
    }

    /// Every wanted entry of `low..<high`, up to the first that does not fit in `bytesMax`; returns the index to go on from.
    private mutating func walk(
        from low: UInt64, to high: UInt64, bytesMax: Int, joining: Bool, _ body: (EntryView, [UInt8]?) throws -> Void
    ) throws -> UInt64 {
        guard low < high else { return low }
        let (reader, joins) = (reader, joining || vendor != nil)
        if joins, at != low { try findOpen(before: low) }
        var (scratch, scratchOfIntent) = ([CanonicalScanner.Member](), [CanonicalScanner.Member]())
        var (next, bytesLeft) = (low, bytesMax)
        at = nil
        do {
            try reader.forEachEntry(from: low, to: high) { index, bytes in
                guard let entry = EntryReading(bytes, &scratch), let kind = entry.kindFast else { throw Self.damaged(index) }
                if bytes.count > bytesLeft, bytesLeft < bytesMax { throw Stop() }
                let (isWanted, intent) = joins ? try follow(entry, kind, index, bytes) : (true, nil)
                next = index + 1
                guard isWanted else { return }
                bytesLeft -= bytes.count + (intent?.count ?? 0)
                if let intent {
                    try intent.withUnsafeBytes {
                        let reading = EntryReading($0, &scratchOfIntent)
                        try body(EntryView(index: index, kind: kind, bytes: bytes, entry: entry, intent: reading), intent)
                    }
                } else {
                    try body(EntryView(index: index, kind: kind, bytes: bytes, entry: entry, intent: nil), nil)
                }
            }
        } catch is Stop {}
        if joins { at = next }
        return next
    }

    private struct Stop: Error {}

    /// Keeps the account of open transfers; tells whether the filter wants the entry, and an outcome's intent.
    private mutating func follow(
        _ entry: EntryReading, _ kind: EntryKind, _ index: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws -> (isWanted: Bool, intent: [UInt8]?) {
        switch kind {
        case .intent:
            guard isOfVendor(entry) else { return (false, nil) }
            guard let key = entry.text("xid").flatMap({ TransferKey($0) }) else { throw Self.damaged(index) }
            open.open(key, index, bytes)
            return (true, nil)
        case .denied: return (isOfVendor(entry), nil)
        case .outcome:
            guard let key = entry.text("xid").flatMap({ TransferKey($0) }) else { throw Self.damaged(index) }
            let intent = try open.take(key, from: reader)
            return (vendor == nil || intent != nil, intent)
        case .seal, .config, .keychange, .erasure: return (vendor == nil, nil)
        }
    }

    private func isOfVendor(_ entry: EntryReading) -> Bool {
        guard let vendor else { return true }
        return entry.text("vendor")?.elementsEqual(vendor) ?? false
    }

    /// Transfers open at `index`: outcomes name neither vendor nor fields, so their intents are found before it.
    private mutating func findOpen(before index: UInt64) throws {
        open.removeAll()
        // The newest commit that ends there knows from where on; the one that holds `index` may know of outcomes behind it.
        guard let mark = try reader.commits(before: index, limit: 2).first(where: { $0.end <= index }) else { return }
        let reader = reader
        var scratch = [CanonicalScanner.Member]()
        try reader.forEachEntry(from: min(mark.oldestOpen, index), to: index) { index, bytes in
            guard let entry = EntryReading(bytes, &scratch), let kind = entry.kindFast else { throw Self.damaged(index) }
            switch kind {
            case .intent: _ = try follow(entry, kind, index, bytes)
            case .outcome: if let key = entry.text("xid").flatMap({ TransferKey($0) }) { open.close(key) }
            default: return
            }
        }
    }
}
