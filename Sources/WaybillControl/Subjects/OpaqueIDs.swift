package import Crypto
import WaybillCore

/// Ids of subjects and consent events as the API, the console and receipts name them: sealed under a key of their own, so that nobody without
/// it can guess one, read a number in it, or tell which of two subjects is the older. The same subject always has the same id.
package struct OpaqueIDs: Sendable {
    private let key: SymmetricKey

    package init(key: SymmetricKey) { self.key = key }

    package func subject(_ number: UInt32) -> String { seal(1, OpaqueIDs.bytes(UInt64(number), count: 4)) }

    /// Nil: it is no subject's.
    package func number(_ id: String) -> UInt32? {
        open(1, id, count: 4).map { UInt32(truncatingIfNeeded: OpaqueIDs.integer($0)) }
    }

    package func event(_ number: UInt32, _ sequence: Int64) -> String {
        seal(2, OpaqueIDs.bytes(UInt64(number), count: 4) + OpaqueIDs.bytes(UInt64(bitPattern: sequence), count: 8))
    }

    package func event(_ id: String) -> (number: UInt32, sequence: Int64)? {
        open(2, id, count: 12).map { plain in
            (UInt32(truncatingIfNeeded: OpaqueIDs.integer(plain[..<4])), Int64(bitPattern: OpaqueIDs.integer(plain[4...])))
        }
    }

    /// A tag over what is sealed, which is also what hides it: nothing is stored and nothing is random.
    private func seal(_ kind: UInt8, _ plain: [UInt8]) -> String {
        let tag = mac([kind, 0] + plain).prefix(16)
        return Base64URL.text(Array(tag) + zip(plain, mac([kind, 1] + tag)).map { $0 ^ $1 })
    }

    private func open(_ kind: UInt8, _ id: String, count: Int) -> [UInt8]? {
        guard let sealed = Base64URL.bytes(id), sealed.count == 16 + count else { return nil }
        let plain = zip(sealed[16...], mac([kind, 1] + sealed[..<16])).map { $0 ^ $1 }
        return equal(mac([kind, 0] + plain).prefix(16), sealed[..<16]) ? Array(plain) : nil
    }

    private func mac(_ bytes: [UInt8]) -> [UInt8] { Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key)) }

    private static func bytes(_ number: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
    }
    private static func integer(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
func equal(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}

/// RFC 4648 § 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | ($1 < group.count ? UInt32(group[start + $1]) : 0) }
            for i in 0...group.count { out.append(alphabet[Int(bits >> UInt32(18 - 6 * i) & 63)]) }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil: not one text's only spelling.
    static func bytes(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in text.utf8 {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return count < 6 && bits & (1 << UInt32(count) - 1) == 0 ? out : nil
    }
}
