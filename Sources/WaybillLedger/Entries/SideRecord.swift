import WaybillCore

/// What stands beside an intent or a denial: prunable, and never hashed into the tree itself, only committed to.
package struct SideRecord: Sendable, Equatable {
    package struct Commitment: Sendable, Equatable {
        package var hash: TreeHash
        /// 0 once the subject was erased.
        package var number: UInt32
        /// Place of the subject among the transfer's, as the lines name it (`s`); nil: several, and written before places were kept.
        package var position: UInt32?
    }
    /// Index of the entry.
    package var index: UInt64
    /// Sorted by hash, as `subj.root` wants them.
    package var commitments: [Commitment]
    /// Key of the entry's `body`; empty for denials.
    package var bodyKey: [UInt8]
    /// Canonical JSON: what was decided on each record.
    package var lines: [[UInt8]]

    /// Without the index, for a row. Ends with the commitments' positions unless all are of one subject.
    static func payload(commitments: [Commitment], bodyKey: [UInt8], lines: EncodedLines) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(8 + commitments.count * 40 + bodyKey.count + lines.bytes.count)
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: commitments.count))
        for commitment in commitments {
            bytes.append(commitment.hash)
            bytes.append(bigEndian: commitment.number)
        }
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: bodyKey.count))
        bytes.append(contentsOf: bodyKey)
        bytes.append(contentsOf: lines.bytes)
        if commitments.contains(where: { $0.position != 0 }) {
            for commitment in commitments { bytes.append(bigEndian: commitment.position ?? .max) }
        }
        return bytes
    }

    /// Lines as a payload ends with them: the same for every draft of one template.
    struct EncodedLines: Sendable {
        fileprivate var bytes: [UInt8] = []

        init(_ lines: [[UInt8]]) {
            bytes.append(bigEndian: UInt32(truncatingIfNeeded: lines.count))
            for line in lines {
                bytes.append(bigEndian: UInt32(truncatingIfNeeded: line.count))
                bytes.append(contentsOf: line)
            }
        }
    }

    /// Adds one record to a commit's row.
    static func append(_ payload: [UInt8], offset: Int, to row: inout [UInt8]) {
        row.append(bigEndian: UInt32(truncatingIfNeeded: offset))
        row.append(bigEndian: UInt32(truncatingIfNeeded: payload.count))
        row.append(contentsOf: payload)
    }

    /// The records of a commit's row; nil if it is damaged. Does not look at the row's seal.
    package static func records(inRow row: [UInt8], first: UInt64) -> [SideRecord]? {
        var reader = ByteReader(row)
        var records = [SideRecord]()
        while !reader.atEnd {
            guard let offset = reader.uint32(), let length = reader.uint32(), let payload = reader.bytes(Int(length)) else { return nil }
            if offset == SideRowSeal.offset { return reader.atEnd ? records : nil }
            guard let record = SideRecord(payload, index: first &+ UInt64(offset)) else { return nil }
            records.append(record)
        }
        return records
    }

    private init?(_ payload: [UInt8], index: UInt64) {
        var reader = ByteReader(payload)
        self.index = index
        commitments = []
        lines = []
        guard let count = reader.uint32() else { return nil }
        for _ in 0..<count {
            guard let bytes = reader.bytes(TreeHash.byteCount), let hash = TreeHash(bytes), let number = reader.uint32() else { return nil }
            commitments.append(Commitment(hash: hash, number: number))
        }
        guard let length = reader.uint32(), let key = reader.bytes(Int(length)), let lineCount = reader.uint32() else { return nil }
        bodyKey = key
        for _ in 0..<lineCount {
            guard let length = reader.uint32(), let line = reader.bytes(Int(length)) else { return nil }
            lines.append(line)
        }
        if reader.atEnd {
            if Set(commitments.lazy.map(\.number)).count == 1 { for at in commitments.indices { commitments[at].position = 0 } }
        } else {
            for at in commitments.indices {
                guard let position = reader.uint32() else { return nil }
                commitments[at].position = position == .max ? nil : position
            }
        }
        guard reader.atEnd else { return nil }
    }

    /// The root of `subj`.
    package var subjectRoot: TreeHash { SideRecord.root(of: commitments) }

    static func root(of commitments: [Commitment]) -> TreeHash {
        MerkleHashing.root(of: commitments.lazy.map { $0.hash.withBytes { MerkleHashing.leaf($0) } })
    }

    /// The root of `dec`, with the transfer's decision key.
    package func lineRoot(key: TreeHash) -> TreeHash { SideRecord.root(ofLines: lines, key: key) }

    static func root(ofLines lines: [[UInt8]], key: TreeHash) -> TreeHash {
        let key = MACKey(key)
        return MerkleHashing.root(of: lines.lazy.map { line in key.mac(line).withBytes { MerkleHashing.leaf($0) } })
    }
}

extension TransferDraft.RecordLine {
    /// `{"b":basis,"c":[codes],"d":decision,"f":[fields],"i":index,"s":[positions]}`
    var bytes: [UInt8] {
        var b = [UInt8]()
        b.reserveCapacity(160)
        b.append("{\"b\":")
        b.append(json: basis)
        b.append(",\"c\":")
        b.append(json: codes.map(\.rawValue))
        b.append(",\"d\":")
        b.append(json: decision.rawValue)
        b.append(",\"f\":")
        b.append(json: fields)
        b.append(",\"i\":")
        b.append(json: index)
        b.append(",\"s\":[")
        for (i, position) in subjects.enumerated() {
            if i > 0 { b.append(0x2c) }
            b.append(json: position)
        }
        b.append("]}")
        return b
    }
}
