// Subject numbers in side records, read and overwritten where they stand: nothing else of a row changes, nor its length.

extension SideRecord {
    private static let headerBytes = 8
    private static let commitmentBytes = TreeHash.byteCount + 4

    /// The entries of a commit's row whose record names one of the numbers; nil if the row is damaged.
    package static func entries(inRow row: [UInt8], first: UInt64, naming numbers: Set<UInt32>) -> [UInt64]? {
        var found: [UInt64] = []
        let isWhole = row.withUnsafeBytes { row in
            forEachPayload(row) { offset, payload in
                forEachNumber(UnsafeRawBufferPointer(rebasing: row[payload])) { at in
                    let number = row.loadUnaligned(fromByteOffset: payload.lowerBound + at, as: UInt32.self).bigEndian
                    if numbers.contains(number), found.last != first + UInt64(offset) { found.append(first + UInt64(offset)) }
                }
            }
        }
        return isWhole ? found : nil
    }

    /// The row with 0 in the place of these numbers, and sealed again if its seal fits: one that was changed before still shows it. Nil if
    /// nothing in it changes, or it is damaged.
    package static func row(_ row: [UInt8], first: UInt64, without numbers: Set<UInt32>, seal: SideRowSeal) -> [UInt8]? {
        var changes: [Int] = []
        let isWhole = row.withUnsafeBytes { row in
            forEachPayload(row) { _, payload in
                forEachNumber(UnsafeRawBufferPointer(rebasing: row[payload])) { at in
                    let place = payload.lowerBound + at
                    if numbers.contains(row.loadUnaligned(fromByteOffset: place, as: UInt32.self).bigEndian) { changes.append(place) }
                }
            }
        }
        guard isWhole, !changes.isEmpty else { return nil }
        let isAsWritten = seal.fits(row, first: first)
        var row = row
        for place in changes { for i in 0..<4 { row[place + i] = 0 } }
        if isAsWritten { seal.renew(&row, first: first) }
        return row
    }

    /// A payload with 0 in the place of the numbers that `isForgotten`; nil if nothing in it changes.
    static func anonymous(_ payload: [UInt8], where isForgotten: (UInt32) -> Bool) -> [UInt8]? {
        var changes: [Int] = []
        payload.withUnsafeBytes { bytes in
            _ = forEachNumber(bytes) { at in
                if isForgotten(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).bigEndian) { changes.append(at) }
            }
        }
        guard !changes.isEmpty else { return nil }
        var payload = payload
        for place in changes { for i in 0..<4 { payload[place + i] = 0 } }
        return payload
    }

    /// False: the row ends within a record.
    private static func forEachPayload(
        _ row: UnsafeRawBufferPointer, _ body: (_ offset: UInt32, _ payload: Range<Int>) -> Bool
    ) -> Bool {
        var at = 0
        while at < row.count {
            guard at + headerBytes <= row.count else { return false }
            let offset = row.loadUnaligned(fromByteOffset: at, as: UInt32.self).bigEndian
            let start = at + headerBytes
            at = start + Int(row.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self).bigEndian)
            guard at <= row.count else { return false }
            if offset == SideRowSeal.offset { return at == row.count }
            guard body(offset, start..<at) else { return false }
        }
        return true
    }

    /// Where the numbers stand in a payload. False: it is too short for those it says it has.
    private static func forEachNumber(_ payload: UnsafeRawBufferPointer, _ body: (Int) -> Void) -> Bool {
        guard payload.count >= 4 else { return false }
        let count = Int(payload.loadUnaligned(as: UInt32.self).bigEndian)
        guard count <= (payload.count - 4) / commitmentBytes else { return false }
        for i in 0..<count { body(4 + i * commitmentBytes + TreeHash.byteCount) }
        return true
    }
}
