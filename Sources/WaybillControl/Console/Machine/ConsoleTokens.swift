import Crypto
import FoundationEssentials
import Synchronization
import WaybillCore
import WaybillLedger

/// Form tokens of pages that need no session: bound to a cookie of the browser by a key of this process.
struct ConsoleTokens: Sendable {
    static let cookie = "waybill_form"
    static let cookieSecondsMax = 12 * 3_600
    static let field = "csrf"
    private let key = SymmetricKey(size: .bits256)

    static func random() -> String { SymmetricKey(size: .bits256).withUnsafeBytes { hex(Array($0)) } }

    func token(of cookie: String) -> String {
        hex(Array(HMAC<SHA256>.authenticationCode(for: Array(cookie.utf8), using: key)))
    }

    /// In constant time: both are hashed first.
    static func isEqual(_ a: String, _ b: String) -> Bool {
        SHA256.hash(data: Array(a.utf8)) == SHA256.hash(data: Array(b.utf8))
    }
}

/// What the page after a form says: kept here, known by a random name in a cookie, and shown once.
final class ConsoleNotices: Sendable {
    static let cookie = "waybill_notice"
    static let secondsMax = 60
    private static let keptMax = 1_000
    private let kept = Mutex<[(name: String, text: String, until: Timestamp)]>([])

    func keep(_ text: String, now: Timestamp) -> String {
        let name = ConsoleTokens.random()
        kept.withLock { kept in
            kept.removeAll { $0.until < now }
            if kept.count >= Self.keptMax { kept.removeFirst() }
            kept.append((name, text, now.adding(seconds: Int64(Self.secondsMax))))
        }
        return name
    }

    func take(_ name: String, now: Timestamp) -> String? {
        kept.withLock { kept in
            guard let place = kept.firstIndex(where: { $0.name == name }) else { return nil }
            let found = kept.remove(at: place)
            return found.until < now ? nil : found.text
        }
    }
}
