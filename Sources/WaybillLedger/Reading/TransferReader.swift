package import WaybillCore

/// Finds transfers by reading entries, newest first. Entries are the only source: nothing has to be rebuilt.
package struct TransferReader {
    package struct Filter: Sendable {
        package var vendor: String?
        package var caller: String?
        package var decision: TransferSummary.Decision?
        /// Half-open range of entry times.
        package var since: Timestamp?
        package var until: Timestamp?
        package init() {}
    }

    package struct Page: Sendable {
        package var transfers: [TransferSummary]
        /// Give it back to go on; nil: that was all.
        package var cursor: UInt64?
    }

    let reader: any LogReader

    package init(reader: any LogReader) { self.reader = reader }

    /// At most `limit` transfers, newest first, from below `cursor`.
    package func list(_ filter: Filter = Filter(), limit: Int, cursor: UInt64? = nil) throws -> Page {
        let size = try reader.head()?.size ?? 0
        let top = min(cursor ?? size, try filter.until.map { try reader.firstEntry(notBefore: $0) } ?? size)
        let bottom = try filter.since.map { try reader.firstEntry(notBefore: $0) } ?? 0
        var found = [TransferSummary]()
        var endings = [TransferKey: TransferSummary.Ending]()
        var at = top
        scan: while at > bottom, found.count < limit {
            let commits = try reader.commits(before: at, limit: 8)
            guard !commits.isEmpty else { break }
            for commit in commits {
                let batch = entries(of: commit, below: at, filter, &endings)
                for summary in batch.reversed() where summary.index >= bottom {
                    found.append(summary)
                    at = summary.index
                    if found.count == limit { break scan }
                }
                at = commit.first
                if at <= bottom { break scan }
            }
        }
        if top < size { try addEndings(after: top, of: found, &endings) }
        for i in found.indices { found[i].ending = TransferKey(text: found[i].xid).flatMap { endings[$0] } }
        return Page(transfers: found, cursor: found.count == limit && at > bottom ? at : nil)
    }

    /// Intents and denials of one commit that fit, in order; and every outcome.
    private func entries(
        of commit: StoredCommit, below top: UInt64, _ filter: Filter, _ endings: inout [TransferKey: TransferSummary.Ending]
    ) -> [TransferSummary] {
        var scratch = [CanonicalScanner.Member]()
        var found = [TransferSummary]()
        commit.body.withUnsafeBytes { bytes in
            _ = EntryBundle.forEach(bytes) { offset, range in
                let index = commit.first + UInt64(offset)
                guard let entry = EntryReading(UnsafeRawBufferPointer(rebasing: bytes[range]), &scratch) else { return }
                switch entry.kindFast {
                case .outcome:
                    if let key = entry.text("xid").flatMap({ TransferKey($0) }) {
                        endings[key] = endings[key] ?? TransferSummary.Ending(entry, index: index)
                    }
                case .intent, .denied:
                    guard index < top, filter.vendor == nil || entry.string("vendor") == filter.vendor,
                        filter.caller == nil || entry.string("caller") == filter.caller, let summary = TransferSummary(entry, index: index),
                        filter.decision == nil || summary.decision == filter.decision
                    else { return }
                    found.append(summary)
                default: return
                }
            }
        }
        return found
    }

    private struct Done: Error {}

    /// Outcomes that stand above the place where the list began.
    private func addEndings(after top: UInt64, of found: [TransferSummary], _ endings: inout [TransferKey: TransferSummary.Ending]) throws {
        let wanted = found.filter { $0.decision != .deny }.compactMap { TransferKey(text: $0.xid) }.filter { endings[$0] == nil }
        var missing = Set(wanted)
        guard !missing.isEmpty else { return }
        var scratch = [CanonicalScanner.Member]()
        do {
            try reader.forEachEntry(from: top) { index, bytes in
                guard let entry = EntryReading(bytes, &scratch), entry.kindFast == .outcome,
                    let key = entry.text("xid").flatMap({ TransferKey($0) }), missing.remove(key) != nil
                else { return }
                endings[key] = TransferSummary.Ending(entry, index: index)
                if missing.isEmpty { throw Done() }
            }
        } catch is Done {}
    }
}

extension TransferKey {
    init?(text: String) {
        var text = text
        guard let key = text.withUTF8({ TransferKey(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = key
    }
}
