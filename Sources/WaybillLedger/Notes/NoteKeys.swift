package import Crypto
package import FoundationEssentials

/// A public key of C2SP `signed-note`: `<name>+<hash>+<base64(algorithm ‖ key)>`.
package struct NoteVerifier: Sendable {
    package enum Algorithm: UInt8, Sendable {
        case ed25519 = 0x01
        /// Timestamped cosignatures of witnesses (C2SP `tlog-cosignature`).
        case cosignature = 0x04
    }

    package let name: String
    package let hash: UInt32
    package let algorithm: Algorithm
    package let key: Curve25519.Signing.PublicKey

    package init(name: String, algorithm: Algorithm, key: Curve25519.Signing.PublicKey) {
        self.name = name
        self.algorithm = algorithm
        self.key = key
        hash = NoteVerifier.hash(name: name, algorithm: algorithm, key: key)
    }

    /// Nil unless well-formed, of a known algorithm, and with the hash that belongs to its name and key.
    package init?(_ vkey: String) {
        let parts = vkey.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, NoteVerifier.isName(parts[0]), parts[1].utf8.count == 8, let hash = UInt32(parts[1], radix: 16),
            let body = Base64.decode(parts[2]), let first = body.first, let algorithm = Algorithm(rawValue: first), body.count == 33
        else { return nil }
        let key: Curve25519.Signing.PublicKey
        do { key = try Curve25519.Signing.PublicKey(rawRepresentation: body.dropFirst()) } catch { return nil }
        self.init(name: String(parts[0]), algorithm: algorithm, key: key)
        guard self.hash == hash else { return nil }
    }

    package var vkey: String {
        "\(name)+\(NoteVerifier.text(hash))+\(Base64.encode([algorithm.rawValue] + key.rawRepresentation))"
    }

    /// A name is not empty and holds neither white space nor `+`.
    package static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0 != "+" && !$0.properties.isWhitespace }
    }

    /// True if `signature` is this key's and true of `text`.
    package func accepts(_ signature: NoteSignature, text: String) -> Bool {
        guard signature.name == name, signature.hash == hash else { return false }
        switch algorithm {
        case .ed25519: return key.isValidSignature(signature.body, for: Array(text.utf8))
        case .cosignature:
            guard let time = signature.cosignatureSeconds else { return false }
            return key.isValidSignature(signature.body.dropFirst(8), for: Array("cosignature/v1\ntime \(time)\n\(text)".utf8))
        }
    }

    private static func hash(name: String, algorithm: Algorithm, key: Curve25519.Signing.PublicKey) -> UInt32 {
        let digest = SHA256.hash(data: Array(name.utf8) + [0x0a, algorithm.rawValue] + key.rawRepresentation)
        return digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }

    static func text(_ hash: UInt32) -> String { hex((0..<4).map { UInt8(truncatingIfNeeded: hash >> UInt32(24 - 8 * $0)) }) }
}

extension NoteSignature {
    /// When a witness made it, in seconds since 1970; nil: it is no cosignature.
    package var cosignatureSeconds: UInt64? {
        guard body.count == 72 else { return nil }
        return body.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}

/// Signs notes under one name.
package struct NoteSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    package let verifier: NoteVerifier

    /// `seed`: 32 secret bytes. Throws if it holds another number.
    package init(name: String, seed: some ContiguousBytes) throws {
        key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        verifier = NoteVerifier(name: name, algorithm: .ed25519, key: key.publicKey)
    }

    func sign(_ text: String) throws -> NoteSignature {
        NoteSignature(name: verifier.name, hash: verifier.hash, body: Array(try key.signature(for: Array(text.utf8))))
    }
}

/// Strict standard base64: padded, nothing but the alphabet, and no bits set that a re-encoding would lose.
package enum Base64 {
    package static func encode(_ bytes: some Collection<UInt8>) -> String { Data(bytes).base64EncodedString() }
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = String(text)
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
        return Array(data)
    }
}
