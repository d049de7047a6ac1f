import Crypto
import FoundationEssentials
import WaybillCore

/// Who sent a webhook, told by a signature over its raw bytes. What is missing, malformed, old or wrong is refused alike.
struct WebhookSignature {
    /// How far the sender's clock may be from ours, either way; also how long a delivery can be replayed at most.
    static let windowSeconds: Int64 = 300

    var method: String
    /// As the sender called it: scheme, host, path and query.
    var uri: String?
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    /// Nil: not true. Otherwise what tells this delivery from every other.
    func verified(_ source: String, secret: String, now: Timestamp) -> String? {
        source == "hubspot" && headers["waybill-signature"] == nil
            ? hubspot(SymmetricKey(data: Array(secret.utf8)), now) : shared(SymmetricKey(data: Array(secret.utf8)), now)
    }

    /// HubSpot's v3: base64 of HMAC-SHA256 over method, URI, body and time in milliseconds (developers.hubspot.com, validating requests).
    private func hubspot(_ key: SymmetricKey, _ now: Timestamp) -> String? {
        guard let uri, let signature = headers["x-hubspot-signature-v3"], let time = headers["x-hubspot-request-timestamp"],
            let milliseconds = Int64(time), isNear(milliseconds / 1_000, now), let given = Data(base64Encoded: signature)
        else { return nil }
        let text = Array(method.utf8) + Array(Self.decoded(uri).utf8) + body + Array(time.utf8)
        return HMAC<SHA256>.isValidAuthenticationCode(given, authenticating: text, using: key) ? "v3:\(Base64URL.text(Array(given)))" : nil
    }

    /// Ours, for whoever can compute a hash: `Waybill-Signature: t=1767225600,v1=HEX`, HMAC-SHA256 over `t`, a full stop, and the body.
    private func shared(_ key: SymmetricKey, _ now: Timestamp) -> String? {
        var (time, given): (String?, [UInt8]?) = (nil, nil)
        for part in (headers["waybill-signature"] ?? "").split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map { String($0).filter { $0 != " " } }
            guard pair.count == 2 else { return nil }
            switch pair[0] {
            case "t": time = pair[1]
            case "v1": given = Self.hex(pair[1])
            default: continue
            }
        }
        guard let time, let seconds = Int64(time), isNear(seconds, now), let given else { return nil }
        let text = Array("\(time).".utf8) + body
        return HMAC<SHA256>.isValidAuthenticationCode(given, authenticating: text, using: key) ? "v1:\(Base64URL.text(given))" : nil
    }

    private func isNear(_ seconds: Int64, _ now: Timestamp) -> Bool {
        (now.seconds - Self.windowSeconds...now.seconds + Self.windowSeconds).contains(seconds)
    }

    /// HubSpot signs the URI with these characters decoded.
    private static func decoded(_ uri: String) -> String {
        [("%3A", ":"), ("%2F", "/"), ("%3F", "?"), ("%40", "@"), ("%21", "!"), ("%24", "$"), ("%27", "'"), ("%28", "("), ("%29", ")"),
            ("%2A", "*"), ("%2C", ","), ("%3B", ";")
        ].reduce(uri) { $0.replacing($1.0, with: $1.1) }
    }

    private static func hex(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 64 else { return nil }
        let nibbles = text.compactMap(\.hexDigitValue)
        guard nibbles.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
    }
}
