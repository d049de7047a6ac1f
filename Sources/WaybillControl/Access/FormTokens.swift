import Crypto
import WaybillLedger

extension AccessDesk {
    /// What each form of a session carries. Derived, so that there is nothing to keep: only the session's own pages show it.
    func formToken(of sessionSHA256: String) -> String { mac("form", sessionSHA256) }

    /// Keyed, so that nobody without the key can find out what was hashed.
    func mac(_ use: String, _ text: String) -> String {
        hex(Array(HMAC<SHA256>.authenticationCode(for: Array("\(use)\0\(text)".utf8), using: parts.key)))
    }
}
