import Crypto
import FoundationEssentials
import WaybillCore

/// Somebody on the way to the identity provider. It stands sealed in the browser's cookie and nowhere else, so that strangers who set out
/// again and again fill nothing here.
struct ProviderTrip: Codable, Sendable, Equatable {
    /// Longer ones are forgotten: a cookie holds 4,096 bytes.
    static let nextBytesMax = 1_000

    var state = AccessSecret.make("")
    var nonce = AccessSecret.make("")
    /// PKCE's.
    var verifier = AccessSecret.make("")
    var next: String?
    var until: Timestamp

    init(next: String?, until: Timestamp) {
        self.next = next.flatMap { $0.utf8.count <= Self.nextBytesMax ? $0 : nil }
        self.until = until
    }

    /// Nil: it was not sealed here.
    init?(sealed cookie: String, by key: SymmetricKey) {
        let plain = cookie.replacing("-", with: "+").replacing("_", with: "/")
        guard let bytes = Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)) else { return nil }
        do {
            self = try JSONDecoder().decode(Self.self, from: try AES.GCM.open(try AES.GCM.SealedBox(combined: bytes), using: key))
        } catch {
            return nil
        }
    }

    func sealed(by key: SymmetricKey) throws -> String {
        AccessSecret.base64url(Array(try AES.GCM.seal(try JSONEncoder().encode(self), using: key).combined ?? Data()))
    }

    /// S256.
    var challenge: String { AccessSecret.base64url(Array(SHA256.hash(data: Array(verifier.utf8)))) }
}
