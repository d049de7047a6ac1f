import Crypto
import FoundationEssentials
import WaybillCore

/// Codes of an authenticator app (RFC 6238): SHA-1, 30 seconds, six digits, which is what every app knows.
enum TOTP {
    static let stepSeconds: Int64 = 30
    static let secretBytes = 20
    /// Steps by which clocks may differ.
    static let skewSteps: Int64 = 1

    static func step(at time: Timestamp) -> Int64 { time.seconds / stepSeconds }

    static func code(_ secret: [UInt8], step: Int64) -> String {
        let counter = withUnsafeBytes(of: UInt64(bitPattern: step).bigEndian) { Array($0) }
        let mac = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(mac[19] & 0x0f)
        let number =
            UInt32(mac[offset] & 0x7f) << 24 | UInt32(mac[offset + 1]) << 16 | UInt32(mac[offset + 2]) << 8 | UInt32(mac[offset + 3])
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The step whose code it is; nil: none, or one not after `last`, which was taken before.
    static func match(_ text: String, secret: [UInt8], after last: Int64, now: Timestamp) -> Int64? {
        let given = Array(text.utf8.filter { $0 != 0x20 })
        let present = step(at: now)
        var found: Int64?
        for step in (present - skewSteps)...(present + skewSteps)
        where AccessSecret.areEqual(given, Array(code(secret, step: step).utf8)) && step > last {
            found = step
        }
        return found
    }

    /// What an app reads out of the picture.
    static func uri(_ secret: [UInt8], account: String, issuer: String) -> String {
        let issuer = escaped(issuer)
        return "otpauth://totp/\(issuer):\(escaped(account))?secret=\(Base32.text(secret))&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=6&period=\(stepSeconds)"
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == 0x2d || byte == 0x2e || byte == 0x5f
            if isPlain { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}

/// RFC 4648, without padding.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var (buffer, bits): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                out.append(alphabet[Int(buffer >> bits & 31)])
            }
        }
        if bits > 0 { out.append(alphabet[Int(buffer << (5 - bits) & 31)]) }
        return String(decoding: out, as: UTF8.self)
    }
}

/// For whoever has lost the app: ten codes, each good once.
enum RecoveryCodes {
    static let count = 10
    private static let bytes = 10

    /// As they are shown: `ABCD-EFGH-IJKL-MNOP`.
    static func make() -> [String] {
        (0..<count).map { _ in
            let text = Array(Base32.text(AccessSecret.random(bytes)))
            return stride(from: 0, to: text.count, by: 4).map { String(text[$0..<min($0 + 4, text.count)]) }.joined(separator: "-")
        }
    }

    /// 80 random bits: there is nothing to guess, so no slow hash is needed.
    static func digest(_ code: String) -> String {
        AccessSecret.digest("recovery:" + code.uppercased().filter { $0.isLetter || $0.isNumber })
    }
}
