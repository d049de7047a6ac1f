import WaybillCore

/// Shows a change in a row of side records. The tree commits to what its entries must prove (commitments, decision lines); numbers of subjects
/// and keys of bodies stand in no entry.
///
/// A row ends with a record of an offset no entry has, which holds an HMAC over the commit's first index and all that stands before it.
package struct SideRowSeal: Sendable {
    static let offset = UInt32.max
    private static let byteCount = 8 + TreeHash.byteCount
    private let key: MACKey

    init(key: MACKey) { self.key = key }

    /// Adds the seal to a row that has none.
    func close(_ row: inout [UInt8], first: UInt64) {
        let mac: TreeHash = row.withUnsafeBytes { self.mac($0, first) }
        row.append(bigEndian: SideRowSeal.offset)
        row.append(bigEndian: UInt32(TreeHash.byteCount))
        row.append(mac)
    }

    /// True if the row is as it was written for the commit that begins at `first`.
    package func fits(_ row: [UInt8], first: UInt64) -> Bool {
        let end = row.count - SideRowSeal.byteCount
        guard end > 0 else { return false }
        return row.withUnsafeBytes { bytes in
            let mark = bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)
            guard UInt32(bigEndian: mark) == SideRowSeal.offset else { return false }
            return mac(UnsafeRawBufferPointer(rebasing: bytes[..<end]), first) == TreeHash(at: end + 8, in: bytes)
        }
    }

    /// A whole row, for who changes one rightly: an erasure sets numbers to 0.
    package func row(_ records: [SideRecord], first: UInt64) -> [UInt8] {
        var row = [UInt8]()
        for record in records {
            let payload = SideRecord.payload(
                commitments: record.commitments, bodyKey: record.bodyKey, lines: SideRecord.EncodedLines(record.lines))
            SideRecord.append(payload, offset: Int(record.index - first), to: &row)
        }
        close(&row, first: first)
        return row
    }

    private func mac(_ row: UnsafeRawBufferPointer, _ first: UInt64) -> TreeHash {
        withUnsafeBytes(of: first.bigEndian) { key.mac($0, row) }
    }
}
