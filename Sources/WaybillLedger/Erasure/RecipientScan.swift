import WaybillCore

/// One vendor that received something about a person, under one agreement.
package struct Recipient: Sendable, Codable, Equatable {
    package var vendor: String
    /// Its id; empty: sent without one (rights traffic).
    package var agreement: String
    package var versions: [Int]
    /// Ids of all fields ever sent in those transfers; of requests with several records, those of any record.
    package var fields: [String]
    package var first: String
    package var last: String
    package var transfers: Int
    /// `ok`, `vendor_error`, `partial`, `aborted`, `unknown`, or `open`. Only an aborted one is certain not to have arrived.
    package var lastOutcome: String

    private enum CodingKeys: String, CodingKey {
        case vendor, agreement, versions, fields, first, last, transfers
        case lastOutcome = "last_outcome"
    }
}

/// Finds the recipients of a person's data by reading side records and entries.
package struct RecipientScan {
    private let readers: [any LogReader]

    /// `readers`: every shard of the log, oldest first.
    package init(_ readers: [any LogReader]) { self.readers = readers }

    /// By vendor and agreement. Transfers of which nothing left (`aborted` before a byte was sent) are counted too: they were decided.
    package func recipients(of numbers: Set<UInt32>) throws -> (recipients: [Recipient], transfers: Int) {
        var transfers: [TransferSummary] = []
        for reader in readers { transfers += try self.transfers(in: reader, of: numbers) }
        return (grouped(transfers), transfers.count)
    }

    private func transfers(in reader: any LogReader, of numbers: Set<UInt32>) throws -> [TransferSummary] {
        var places: [UInt64] = []
        try LogErasure.forEachSideRow(in: reader) { row throws(LogStoreError) in
            guard let entries = SideRecord.entries(inRow: row.body, first: row.first, naming: numbers) else {
                throw LogStoreError.broken("The side records of the commit at entry \(row.first) are damaged; run waybill log verify.")
            }
            places += entries
        }
        var transfers = try summaries(in: reader, at: places)
        try addEndings(in: reader, to: &transfers)
        return transfers
    }

    private func grouped(_ transfers: [TransferSummary]) -> [Recipient] {
        var found: [String: Recipient] = [:]
        for transfer in transfers {
            for agreement in transfer.agreements.isEmpty ? [""] : transfer.agreements {
                let halves = agreement.split(separator: "@")
                let id = halves.first.map(String.init) ?? ""
                var recipient =
                    found["\(transfer.vendor)\0\(id)"]
                    ?? Recipient(
                        vendor: transfer.vendor, agreement: id, versions: [], fields: [], first: transfer.time, last: transfer.time,
                        transfers: 0, lastOutcome: "open")
                recipient.transfers += 1
                recipient.last = transfer.time
                recipient.lastOutcome = transfer.ending?.result.rawValue ?? "open"
                recipient.fields = Set(recipient.fields).union(transfer.fields).sorted()
                if halves.count == 2, let version = Int(halves[1]) {
                    recipient.versions = Set(recipient.versions).union([version]).sorted()
                }
                found["\(transfer.vendor)\0\(id)"] = recipient
            }
        }
        return found.values.sorted { ($0.vendor, $0.agreement) < ($1.vendor, $1.agreement) }
    }

    private func summaries(in reader: any LogReader, at places: [UInt64]) throws -> [TransferSummary] {
        var found: [TransferSummary] = []
        var scratch = [CanonicalScanner.Member]()
        for place in places {
            try reader.forEachEntry(from: place, to: place + 1) { index, bytes in
                if let entry = EntryReading(bytes, &scratch), let summary = TransferSummary(entry, index: index) { found.append(summary) }
            }
        }
        return found
    }

    private struct Done: Error {}

    private func addEndings(in reader: any LogReader, to transfers: inout [TransferSummary]) throws {
        guard let first = transfers.first else { return }
        // A transfer that was decided again goes on under its id.
        var open: [TransferKey: [Int]] = [:]
        for (i, transfer) in transfers.enumerated() {
            if let key = TransferID(transfer.xid).map({ TransferKey($0) }) { open[key, default: []].append(i) }
        }
        var scratch = [CanonicalScanner.Member]()
        var endings: [(Int, TransferSummary.Ending)] = []
        do {
            try reader.forEachEntry(from: first.index) { index, bytes in
                // `"xid":"…"}` ends every entry that has one.
                guard bytes.count > 40,
                    let key = TransferKey(UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - 38)..<(bytes.count - 2)])),
                    let at = open[key]?.first, transfers[at].index < index, let entry = EntryReading(bytes, &scratch),
                    let ending = TransferSummary.Ending(entry, index: index)
                else { return }
                endings.append((at, ending))
                open[key]?.removeFirst()
                if open[key]?.isEmpty ?? false { open[key] = nil }
                if open.isEmpty { throw Done() }
            }
        } catch is Done {}
        for (at, ending) in endings { transfers[at].ending = ending }
    }
}
