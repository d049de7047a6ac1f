package import WaybillCore

/// Everything the log holds about one transfer.
package struct TransferDetail: Sendable {
    package struct Entry: Sendable {
        package var index: UInt64
        package var leaf: TreeHash
        /// As it stands in the log.
        package var bytes: [UInt8]
    }
    /// The intent or denial.
    package var entry: Entry
    package var outcome: Entry?
    package var summary: TransferSummary
    /// What was decided on each record, canonical JSON; empty once pruned.
    package var lines: [[UInt8]]
    /// Numbers of the subjects, 0 where erased.
    package var subjects: [UInt32]

    /// As `waybill transfers show --output json` prints it.
    package var json: CanonicalValue {
        guard case .object(var members) = summary.json else { return summary.json }
        members["leaf_hash"] = .string(entry.leaf.description)
        members["entry"] = CanonicalParser.parse(entry.bytes)
        members["outcome_index"] = outcome.map { .int(Int($0.index)) }
        members["outcome_entry"] = outcome.flatMap { CanonicalParser.parse($0.bytes) }
        members["decisions"] = .array(lines.compactMap { CanonicalParser.parse($0) })
        return .object(members)
    }
}

extension TransferReader {
    private struct Done: Error {}

    /// The last transfer with this id; nil: the log has none.
    ///
    /// The id tells when it was made, so that only the hour after is read; the whole log if it is not there.
    package func show(_ xid: TransferID) throws -> TransferDetail? {
        guard let size = try reader.head()?.size else { return nil }
        let made = withUnsafeBytes(of: xid.bytes) { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) >> 16 }
        let time = Timestamp(nanoseconds: Int64(clamping: made).multipliedReportingOverflow(by: 1_000_000).partialValue)
        let low = try reader.firstEntry(notBefore: time.adding(seconds: -10))
        let high = try reader.firstEntry(notBefore: time.adding(seconds: 3_600))
        return try find(xid, low, size, intentBelow: high) ?? find(xid, 0, size, intentBelow: size)
    }

    private func find(_ xid: TransferID, _ low: UInt64, _ size: UInt64, intentBelow high: UInt64) throws -> TransferDetail? {
        // `xid` is the last member of the entries that have one.
        let ending = Array("\"xid\":\"\(xid.description)\"}".utf8)
        var scratch = [CanonicalScanner.Member]()
        var detail: TransferDetail?
        do {
            try reader.forEachEntry(from: low, to: size) { index, bytes in
                if detail == nil, index >= high { throw Done() }
                guard bytes.count >= ending.count, bytes[(bytes.count - ending.count)...].elementsEqual(ending),
                    let entry = EntryReading(bytes, &scratch)
                else { return }
                let found = TransferDetail.Entry(index: index, leaf: MerkleHashing.leaf(bytes), bytes: Array(bytes))
                if let summary = TransferSummary(entry, index: index) {
                    detail = TransferDetail(entry: found, summary: summary, lines: [], subjects: [])
                    if summary.decision == .deny { throw Done() }
                } else if let end = TransferSummary.Ending(entry, index: index), detail != nil {
                    detail?.outcome = found
                    detail?.summary.ending = end
                    // A transfer that was decided again goes on under its id.
                    if end.result != .aborted { throw Done() }
                }
            }
        } catch is Done {}
        guard var detail else { return nil }
        try addSide(to: &detail)
        return detail
    }

    private func addSide(to detail: inout TransferDetail) throws {
        let index = detail.entry.index
        guard let commit = try reader.commits(from: index, limit: 1).first,
            let row = try reader.sideRows(from: commit.first, limit: 1).first,
            row.first == commit.first,
            let record = SideRecord.records(inRow: row.body, first: row.first)?.first(where: { $0.index == index })
        else { return }
        detail.lines = record.lines
        detail.subjects = record.commitments.map(\.number)
    }
}
