import Crypto
import NIOCore
import WaybillCore

/// Who sends, by `Waybill-Token: token`, `Proxy-Authorization: Basic base64(caller:token)` or a client certificate.
///
/// Tokens are found by their SHA-256, so that the time it takes tells nothing about a token that is close.
enum CallerAuthentication {
    /// Those the connection has shown already, and the request's own. Nil: one is repeated or cannot be read.
    static func credentials(_ fields: HTTPFields, shown: [CallerCredential]) -> [CallerCredential]? {
        var credentials = shown
        guard !fields.isRepeated(.waybillToken), !fields.isRepeated(.proxyAuthorization) else { return nil }
        if let token = fields.first(.waybillToken) {
            guard let credential = CallerCredential(token: fields.array(token)[...], name: nil) else { return nil }
            credentials.append(credential)
        }
        if let value = fields.first(.proxyAuthorization) {
            guard let credential = basic(fields.array(value)) else { return nil }
            credentials.append(credential)
        }
        return credentials
    }

    /// Nil unless there is one and all name the same caller.
    static func caller(_ credentials: [CallerCredential], policy: PolicySet) -> CallerID? {
        guard let caller = credentials.first?.caller(in: policy) else { return nil }
        return credentials.dropFirst().allSatisfy { $0.caller(in: policy) == caller } ? caller : nil
    }

    private static func basic(_ value: [UInt8]) -> CallerCredential? {
        let scheme = Array("basic ".utf8)
        guard value.count > scheme.count, value.prefix(scheme.count).map(HTTPBytes.lowercased) == scheme,
            let decoded = decodeBase64(value.dropFirst(scheme.count)), let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return CallerCredential(token: decoded[(colon + 1)...], name: decoded[..<colon])
    }

    /// RFC 4648 §4, padded, nothing else. Nil for anything else.
    static func decodeBase64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = text.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.count - digits.count
        guard text.count % 4 == 0, padding <= 2, text.suffix(padding).allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
        var result: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in digits {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= (1 << UInt32(count)) - 1
            }
        }
        return bits == 0 ? result : nil
    }
}

/// Something by which a caller can be found, in this policy set or a later one.
enum CallerCredential: Sendable, Equatable {
    /// SHA-256 of a token, and the caller's name if it was said with it.
    case token(sha256: [UInt8], name: [UInt8]?)
    /// DNS names and URIs of a client certificate that TLS verified.
    case certificate(names: [String])

    /// Nil for an empty token.
    init?(token: ArraySlice<UInt8>, name: ArraySlice<UInt8>?) {
        guard !token.isEmpty else { return nil }
        self = .token(sha256: Array(SHA256.hash(data: token)), name: name.map { Array($0) })
    }

    /// Nil: nobody's, or several callers'.
    func caller(in policy: PolicySet) -> CallerID? {
        switch self {
        case .token(let sha256, let name):
            guard let caller = policy.caller(tokenSHA256: sha256) else { return nil }
            return name.map { policy[caller].id.utf8.elementsEqual($0) } ?? true ? caller : nil
        case .certificate(let names):
            let callers = Set(names.compactMap { policy.caller(mtlsSAN: $0) })
            return callers.count == 1 ? callers.first : nil
        }
    }
}

/// Whose token a connection has shown last, so that the next request on it need not be hashed.
///
/// The whole token is compared, in a time that depends on its length alone: behind a shared balancer one connection may carry several
/// callers' requests, and none of them learns by timing how near it came to another's token. Forgotten with the policy set.
struct CallerMemory {
    private var token: [UInt8] = []
    private var known: (caller: CallerID, policy: PolicySnapshot)?

    /// Nil: ask `CallerAuthentication`.
    func caller(_ fields: HTTPFields, policy: PolicySnapshot) -> CallerID? {
        guard let known, known.policy === policy, !fields.contains(.proxyAuthorization), !fields.isRepeated(.waybillToken),
            let shown = fields.first(.waybillToken), shown.count == token.count
        else { return nil }
        let bytes = fields.bytes.readableBytesUInt8Span
        var difference: UInt8 = 0
        for i in 0..<token.count { difference |= token[i] ^ bytes[shown.lowerBound + i] }
        return difference == 0 ? known.caller : nil
    }

    /// Nothing but a token said who it is.
    mutating func remember(_ caller: CallerID, _ fields: HTTPFields, policy: PolicySnapshot) {
        guard !fields.contains(.proxyAuthorization), let shown = fields.first(.waybillToken) else { return }
        token = fields.array(shown)
        known = (caller, policy)
    }
}
