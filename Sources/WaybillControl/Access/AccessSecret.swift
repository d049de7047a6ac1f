import Crypto
import FoundationEssentials
import WaybillLedger

/// Secrets that are shown once and kept as their SHA-256: with 256 random bits there is nothing to guess, so no slow hash is needed.
package enum AccessSecret {
    package static let tokenPrefix = "wbt_"
    package static let setUpPrefix = "wbs_"
    /// base64url of 32 bytes.
    private static let bodyBytes = 43

    package static func make(_ prefix: String) -> String { prefix + base64url(random(32)) }

    /// What is kept of it: hexadecimal.
    package static func digest(_ secret: String) -> String { hex(Array(SHA256.hash(data: Array(secret.utf8)))) }

    static func isShaped(_ text: String, _ prefix: String) -> Bool {
        text.utf8.count == prefix.utf8.count + bodyBytes && text.hasPrefix(prefix)
    }

    static func random(_ count: Int) -> [UInt8] {
        SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { Array($0) }
    }

    static func base64url(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// In a time that depends on their lengths only.
    static func areEqual(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
