/// What an entry is about. What the keys mean stands in docs/reference/log-entries.md; in short, beyond those of transfer-log.md:
///
/// | key | kinds | meaning |
/// |---|---|---|
/// | `cseq` | intent, denied | consent sequence |
/// | `endp` | intent, denied | endpoint id |
/// | `nd` | intent, denied | records denied |
/// | `pset` | intent, denied | digest of the policy set |
/// | `reason` | outcome | why the gate itself ended it |
/// | `of`, `heads`, `refused`, `why` | seal | what is sealed, vendors' heads, counted refusals, occasion |
/// | `act`, `d` | config | administrative act and details |
/// | `old`, `new` | keychange | verifier keys |
/// | `tomb`, `n` | erasure | tombstone, entries that named the subject |
package enum EntryKind: String, CaseIterable, Sendable {
    case intent, outcome, denied, seal, config, keychange, erasure
}

package enum EntryForm {
    /// The `v` of entries written now.
    package static let version = 1
    /// Longest entry, in bytes.
    package static let entryBytesMax = 16_384
}

/// Who writes: constant for one run of one node.
package struct EntryAuthor: Sendable, Equatable {
    package var origin: String
    package var node: String
    package var epoch: Int
    package init(origin: String, node: String, epoch: Int) {
        self.origin = origin
        self.node = node
        self.epoch = epoch
    }
}

/// An entry before the writer adds what only it knows.
///
/// `intent` and `denied` are encoded where they arise, on many threads; `nseq`, `t` and `vseq` are spliced in at the cuts.
package struct EntryDraft: Sendable {
    package var kind: EntryKind
    var bytes: [UInt8]
    /// Where `nseq`'s digits go, where `t`'s text goes, and where `vseq`'s digits go (intents).
    var nseqAt: Int
    var timeAt: Int
    var vseqAt: Int?
    var vendor: String

    /// Longest the finished entry can get.
    var bytesMax: Int { bytes.count + EntryTime.byteCount + 2 * 16 }

    func splice(nseq: UInt64, vseq: UInt64, time: [UInt8], into target: inout [UInt8]) {
        // By address: each slice of the array would count a reference to it.
        bytes.withUnsafeBufferPointer { bytes in
            target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[..<nseqAt]))
            target.append(decimal: UInt(nseq))
            target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[nseqAt..<timeAt]))
            target.append(contentsOf: time)
            guard let vseqAt else { return target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[timeAt...])) }
            target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[timeAt..<vseqAt]))
            target.append(decimal: UInt(vseq))
            target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[vseqAt...]))
        }
    }
}
