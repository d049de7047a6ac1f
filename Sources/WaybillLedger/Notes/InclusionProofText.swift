/// C2SP `tlog-proof`: an inclusion proof with its checkpoint, as text.
package struct InclusionProofText: Sendable, Equatable {
    package static let header = "c2sp.org/tlog-proof@v1"

    /// Application data; nil: no such line.
    package var extra: [UInt8]?
    package var index: UInt64
    package var proof: [TreeHash]
    /// A signed note.
    package var checkpoint: String

    package init(extra: [UInt8]? = nil, index: UInt64, proof: [TreeHash], checkpoint: String) {
        self.extra = extra
        self.index = index
        self.proof = proof
        self.checkpoint = checkpoint
    }

    package init?(_ text: String) {
        guard let end = text.firstRange(of: "\n\n") else { return nil }
        var lines = text[..<end.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Substring(InclusionProofText.header) else { return nil }
        if let line = lines.first, line.hasPrefix("extra ") {
            guard let bytes = Base64.decode(line.dropFirst(6)) else { return nil }
            extra = bytes
            lines.removeFirst()
        }
        guard let line = lines.popFirst(), line.hasPrefix("index "), let index = UInt64(line.dropFirst(6)),
            String(index) == line.dropFirst(6)
        else { return nil }
        let hashes = lines.map { Base64.decode($0).flatMap { TreeHash($0) } }
        guard hashes.count <= 63, !hashes.contains(where: { $0 == nil }), end.upperBound < text.endIndex else { return nil }
        self.index = index
        proof = hashes.compactMap { $0 }
        checkpoint = String(text[end.upperBound...])
    }

    package var text: String {
        let lines = [InclusionProofText.header] + (extra.map { ["extra " + Base64.encode($0)] } ?? []) + ["index \(index)"]
        return (lines + proof.map { Base64.encode($0.bytes) }).joined(separator: "\n") + "\n\n" + checkpoint
    }
}
