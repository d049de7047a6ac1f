package import Crypto
package import WaybillCore

/// Tokens of links to a person's page, and of second steps: each is made with a key of the installation and holds no
/// identifier.
package struct PersonLinks: Sendable {
    package static let secondsMax: Int64 = 30 * 86_400
    package static let secondsDefault: Int64 = 7 * 86_400
    /// How long a second step may follow the first.
    package static let confirmationSeconds: Int64 = 900

    private let key: SymmetricKey

    package init(key: SymmetricKey) { self.key = key }

    /// 16 bytes of id, 8 of its last second, 16 of proof.
    package func token(_ link: PersonLink) -> String {
        let body = link.id.bytes + PersonLinks.bytes(link.expiresAt.seconds)
        return Base64URL.text(body + proof("link", body))
    }

    /// The link's id; nil: forged, cut or over. Whether it is revoked only the register knows.
    package func id(_ token: String, now: Timestamp) -> WaybillCore.Fingerprint? {
        guard let bytes = Base64URL.bytes(token), bytes.count == 40, equal(proof("link", Array(bytes[..<24])), bytes[24...]),
            now.seconds < PersonLinks.seconds(bytes[16..<24])
        else { return nil }
        return WaybillCore.Fingerprint(bytes: bytes[..<16])
    }

    /// The first step's answer, which the second step gives back: about one subject and one choice.
    package func confirmation(_ number: UInt32, _ choice: String, now: Timestamp) -> String {
        let until = PersonLinks.bytes(now.seconds + PersonLinks.confirmationSeconds)
        return Base64URL.text(until + proof("confirm/\(number)/\(choice)", until))
    }

    package func isConfirmation(_ text: String, _ number: UInt32, _ choice: String, now: Timestamp) -> Bool {
        guard let bytes = Base64URL.bytes(text), bytes.count == 24 else { return false }
        return equal(proof("confirm/\(number)/\(choice)", Array(bytes[..<8])), bytes[8...]) && now.seconds < PersonLinks.seconds(bytes[..<8])
    }

    private func proof(_ label: String, _ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(label.utf8) + [0] + bytes, using: key).prefix(16))
    }

    private static func bytes(_ seconds: Int64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: seconds >> Int64(56 - 8 * $0)) } }
    private static func seconds(_ bytes: some Sequence<UInt8>) -> Int64 { bytes.reduce(0) { $0 << 8 | Int64($1) } }
}
