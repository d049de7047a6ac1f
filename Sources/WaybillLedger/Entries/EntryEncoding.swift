import WaybillCore

/// Entries the writer encodes whole, because it alone knows what stands in them.
enum EntryEncoding {
    struct Stamp {
        var author: EntryAuthor
        var nseq: UInt64
        /// `EntryTime.text`
        var time: [UInt8]
    }

    static func outcome(_ outcome: TransferOutcome, intentLeaf: TreeHash, stamp: Stamp, into b: inout [UInt8]) {
        b.append("{\"ep\":")
        b.append(json: stamp.author.epoch)
        b.append(",\"http\":")
        b.append(json: outcome.status)
        b.append(",\"il\":")
        b.append(hex: intentLeaf)
        b.append(",\"kind\":\"outcome\",\"log\":")
        b.append(json: stamp.author.origin)
        b.append(",\"ms\":")
        b.append(json: outcome.milliseconds)
        b.append(",\"node\":")
        b.append(json: stamp.author.node)
        b.append(",\"nseq\":")
        b.append(decimal: UInt(stamp.nseq))
        if let reason = outcome.reason {
            b.append(",\"reason\":")
            b.append(json: reason)
        }
        b.append(",\"res\":")
        b.append(json: outcome.result.rawValue)
        b.append(",\"sent\":")
        b.append(json: outcome.sentBytes)
        b.append(",\"t\":\"")
        b.append(contentsOf: stamp.time)
        b.append("\",\"v\":1,\"xid\":\"")
        b.append(xid: outcome.xid)
        b.append("\"}")
    }

    static func seal(_ seal: Seal, stamp: Stamp, into b: inout [UInt8]) {
        let heads = seal.heads.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { vendor, head in
            CanonicalValue.object(["h": .string(head.leaf.description), "vendor": .string(vendor), "vseq": .int(Int(head.vseq))])
        }
        let sealed = CanonicalValue.object(["ep": .int(seal.epoch), "node": .string(seal.node), "nseq": .int(Int(seal.nseq))])
        let refused = seal.refused.mapValues { CanonicalValue.int($0) }
        append(.seal, ["heads": .array(heads), "of": sealed, "refused": .object(refused), "why": .string(seal.why.rawValue)], stamp, &b)
    }

    static func notice(_ notice: LogNotice, stamp: Stamp, into b: inout [UInt8]) {
        append(notice.kind, notice.members, stamp, &b)
    }

    private static func append(_ kind: EntryKind, _ members: [String: CanonicalValue], _ stamp: Stamp, _ b: inout [UInt8]) {
        let common: [String: CanonicalValue] = [
            "ep": .int(stamp.author.epoch), "kind": .string(kind.rawValue), "log": .string(stamp.author.origin),
            "node": .string(stamp.author.node), "nseq": .int(Int(stamp.nseq)), "t": .string(String(decoding: stamp.time, as: UTF8.self)),
            "v": .int(EntryForm.version),
        ]
        b.append(.object(members.merging(common) { _, common in common }))
    }
}

/// The heads of the vendors active since the last seal of an epoch: between two seals a vendor's slice is complete.
struct Seal: Sendable, Equatable {
    enum Why: String, Sendable { case minute, stop, dead }
    struct Head: Sendable, Equatable {
        var vseq: UInt64
        /// Leaf hash of the vendor's last intent, and its place.
        var leaf: TreeHash
        var index: UInt64 = 0
    }
    /// The epoch sealed, and its last `nseq` before this seal.
    var node: String
    var epoch: Int
    var nseq: UInt64
    var heads: [String: Head]
    /// Requests that got no entry, by problem code.
    var refused: [String: Int]
    var why: Why
}

/// An entry about the log or its installation rather than a transfer.
package enum LogNotice: Sendable, Equatable {
    /// An administrative act: `act` names it, `detail` says more. Never personal data.
    case config(act: String, detail: [String: String])
    /// From `old` to `new`, both as vkeys.
    case keyChange(old: String, new: String)
    /// `tombstone`: keyed, 32 bytes; `transfers`: how many entries named the subject.
    case erasure(tombstone: TreeHash, transfers: Int)

    package var kind: EntryKind {
        switch self {
        case .config: .config
        case .keyChange: .keychange
        case .erasure: .erasure
        }
    }

    var members: [String: CanonicalValue] {
        switch self {
        case .config(let act, let detail): ["act": .string(act), "d": .object(detail.mapValues { .string($0) })]
        case .keyChange(let old, let new): ["new": .string(new), "old": .string(old)]
        case .erasure(let tombstone, let transfers): ["n": .int(transfers), "tomb": .string(tombstone.description)]
        }
    }
}
