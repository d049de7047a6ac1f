/// A consistency proof with the checkpoint it leads to, as text: the body of C2SP `tlog-witness`' `add-checkpoint`.
///
/// `old <size>`, one hash a line in base64, an empty line, the signed checkpoint.
package struct ConsistencyProofText: Sendable, Equatable {
    package static let hashesMax = 63

    package var old: UInt64
    package var proof: [TreeHash]
    /// A signed note.
    package var checkpoint: String

    package init(old: UInt64, proof: [TreeHash], checkpoint: String) {
        self.old = old
        self.proof = proof
        self.checkpoint = checkpoint
    }

    /// Nil unless of exactly that form.
    package init?(_ text: String) {
        guard let end = text.firstRange(of: "\n\n"), end.upperBound < text.endIndex else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, first.hasPrefix("old "), let old = UInt64(first.dropFirst(4)), String(old) == first.dropFirst(4)
        else { return nil }
        let hashes = lines.dropFirst().map { Base64.decode($0).flatMap { TreeHash($0) } }
        guard hashes.count <= Self.hashesMax, !hashes.contains(where: { $0 == nil }) else { return nil }
        self.init(old: old, proof: hashes.compactMap { $0 }, checkpoint: String(text[end.upperBound...]))
    }

    package var text: String { (["old \(old)"] + proof.map { Base64.encode($0.bytes) }).joined(separator: "\n") + "\n\n" + checkpoint }
}
