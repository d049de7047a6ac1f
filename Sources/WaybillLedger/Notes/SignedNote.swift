/// One signature line of a note.
package struct NoteSignature: Sendable, Equatable {
    package var name: String
    package var hash: UInt32
    package var body: [UInt8]
    package init(name: String, hash: UInt32, body: [UInt8]) {
        self.name = name
        self.hash = hash
        self.body = body
    }

    /// Reads one signature line, without its newline.
    package init?(line: some StringProtocol) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "\u{2014}", NoteVerifier.isName(parts[1]), let body = Base64.decode(parts[2]), body.count > 4
        else { return nil }
        let hash = body.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        self.init(name: String(parts[1]), hash: hash, body: Array(body.dropFirst(4)))
    }

    package var line: String {
        let hashBytes = (0..<4).map { UInt8(truncatingIfNeeded: hash >> UInt32(24 - 8 * $0)) }
        return "\u{2014} \(name) \(Base64.encode(hashBytes + body))\n"
    }
}

/// A text with signatures in the form of C2SP `signed-note`.
package struct SignedNote: Sendable, Equatable {
    /// Ends with a newline.
    package let text: String
    package let signatures: [NoteSignature]

    /// As many as Go's `note.Open` takes; the specification wants at least 16.
    package static let signaturesMax = 100
    package static let bytesMax = 1_000_000

    /// Throws if `text` cannot stand in a note.
    package init(signing text: String, by signers: [NoteSigner]) throws(NoteError) {
        guard text.hasSuffix("\n"), SignedNote.isText(text.utf8) else { throw .malformed }
        var signatures = [NoteSignature]()
        for signer in signers {
            do { signatures.append(try signer.sign(text)) } catch { throw .notSigned }
        }
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note; checks its form, not its signatures.
    package init(_ bytes: [UInt8]) throws(NoteError) {
        guard bytes.count <= SignedNote.bytesMax, SignedNote.isText(bytes), let whole = String(validating: bytes, as: UTF8.self),
            let blank = whole.utf8.lastRange(ofBlankLine: ())
        else { throw .malformed }
        text = String(whole[..<blank])
        let lines = whole[whole.utf8.index(after: blank)...].split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 2, lines.last == "", lines.count - 1 <= SignedNote.signaturesMax else { throw .malformed }
        var signatures = [NoteSignature]()
        for line in lines.dropLast() {
            guard let signature = NoteSignature(line: line) else { throw .malformed }
            signatures.append(signature)
        }
        self.signatures = signatures
    }

    /// The same text with more signatures under it.
    package func adding(_ more: [NoteSignature]) -> SignedNote { SignedNote(text: text, signatures: signatures + more) }

    private init(text: String, signatures: [NoteSignature]) {
        self.text = text
        self.signatures = signatures
    }

    package var string: String { text + "\n" + signatures.map(\.line).joined() }

    /// The verifiers that signed this note. Throws if a signature claims one of them and is false: then nothing in it can be trusted.
    package func verified(by verifiers: [NoteVerifier]) throws(NoteError) -> [NoteVerifier] {
        var found = [NoteVerifier]()
        for signature in signatures {
            guard let verifier = verifiers.first(where: { $0.name == signature.name && $0.hash == signature.hash }) else { continue }
            guard verifier.accepts(signature, text: text) else { throw .badSignature }
            found.append(verifier)
        }
        guard !found.isEmpty else { throw .unsigned }
        return found
    }

    /// No control characters but newline.
    private static func isText(_ bytes: some Sequence<UInt8>) -> Bool { bytes.allSatisfy { $0 >= 0x20 || $0 == 0x0a } }
}

package enum NoteError: Error, Sendable, Equatable {
    case malformed, badSignature, unsigned, notSigned
}

extension String.UTF8View {
    /// Where the text before the last blank line ends.
    fileprivate func lastRange(ofBlankLine: Void) -> Index? {
        var at = endIndex
        var previousIsNewline = false
        while at > startIndex {
            formIndex(before: &at)
            let isNewline = self[at] == 0x0a
            if isNewline, previousIsNewline { return index(after: at) }
            previousIsNewline = isNewline
        }
        return nil
    }
}
