package import WaybillCore

/// Gives entries out by index: gapless, at least once, and never what opens a commitment.
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

    private let reader: any LogReader
    private let chunkBytesMin = 65_536

    package init(reader: any LogReader) { self.reader = reader }

    /// NDJSON: each line is exactly one leaf of the tree. Returns the index to go on from. `sink` gets whole lines.
    package func ndjson(_ filter: Filter, sink: ([UInt8]) throws -> Void) throws -> UInt64 {
        let size = try reader.head()?.size ?? 0
        let low = max(filter.fromIndex, try filter.since.map { try reader.firstEntry(notBefore: $0) } ?? 0)
        let high = min(size, try filter.until.map { try reader.firstEntry(notBefore: $0) } ?? size)
        guard low < high else { return max(low, filter.fromIndex) }
        var transfers = Set<TransferKey>()
        var scratch = [CanonicalScanner.Member]()
        var chunk = [UInt8]()
        // Outcomes name no vendor: those of transfers open at `low` are found by their intents before it.
        let from = filter.vendor == nil ? low : min(low, try reader.commits(before: low, limit: 1).first?.oldestOpen ?? low)
        try reader.forEachEntry(from: from, to: high) { index, bytes in
            if let vendor = filter.vendor, !belongs(bytes, to: vendor, &transfers, &scratch) { return }
            guard index >= low else { return }
            chunk.append(contentsOf: bytes)
            chunk.append(0x0a)
            guard chunk.count >= chunkBytesMin else { return }
            try sink(chunk)
            chunk.removeAll(keepingCapacity: true)
        }
        if !chunk.isEmpty { try sink(chunk) }
        return high
    }

    private func belongs(
        _ bytes: UnsafeRawBufferPointer, to vendor: String, _ transfers: inout Set<TransferKey>, _ scratch: inout [CanonicalScanner.Member]
    ) -> Bool {
        guard let entry = EntryReading(bytes, &scratch), let key = entry.text("xid").flatMap({ TransferKey($0) }) else { return false }
        switch entry.kindFast {
        case .intent:
            guard entry.string("vendor") == vendor else { return false }
            transfers.insert(key)
            return true
        case .denied: return entry.string("vendor") == vendor
        case .outcome: return transfers.remove(key) != nil
        default: return false
        }
    }
}
