/// The state of a log that its key signs (C2SP `tlog-checkpoint`).
package struct Checkpoint: Sendable, Equatable {
    package var origin: String
    package var size: UInt64
    package var root: TreeHash
    /// Lines after the root, each without its newline.
    package var extensions: [String] = []

    package init(origin: String, size: UInt64, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Nil unless `text` is a note's text of that form: decimal size without leading zeros, root of 32 bytes.
    package init?(text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.removeLast().isEmpty, lines.allSatisfy({ !$0.isEmpty }), let size = UInt64(lines[1]),
            String(size) == lines[1],
            let bytes = Base64.decode(lines[2]), let root = TreeHash(bytes)
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
        extensions = lines.dropFirst(3).map(String.init)
    }

    package var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" + extensions.map { $0 + "\n" }.joined() }

    package func signed(by signers: [NoteSigner]) throws(NoteError) -> SignedNote { try SignedNote(signing: text, by: signers) }
}
