import Crypto
import NIOCore
import WaybillCore

/// Who sends, by `Waybill-Token: token` or `Proxy-Authorization: Basic base64(caller:token)`.
///
/// Tokens are found by their SHA-256, so that the time it takes tells nothing about a token that is close.
enum CallerAuthentication {
    /// Nil unless every credential presented is valid and all name one caller.
    static func caller(_ fields: HTTPFields, policy: PolicySet) -> CallerID? {
        guard fields.count(.waybillToken) <= 1, fields.count(.proxyAuthorization) <= 1 else { return nil }
        switch (fields.first(.waybillToken), fields.first(.proxyAuthorization)) {
        case (nil, nil): return nil
        case (let token?, nil): return caller(token: fields.array(token)[...], policy)
        case (nil, let basic?): return caller(basic: fields.array(basic), policy)
        case (let token?, let basic?):
            guard let caller = caller(token: fields.array(token)[...], policy) else { return nil }
            return caller == self.caller(basic: fields.array(basic), policy) ? caller : nil
        }
    }

    private static func caller(token: ArraySlice<UInt8>, _ policy: PolicySet) -> CallerID? {
        guard !token.isEmpty else { return nil }
        return policy.caller(tokenSHA256: Array(SHA256.hash(data: token)))
    }

    private static func caller(basic value: [UInt8], _ policy: PolicySet) -> CallerID? {
        let scheme = Array("basic ".utf8)
        guard value.count > scheme.count, value.prefix(scheme.count).map(HTTPBytes.lowercased) == scheme,
            let decoded = decodeBase64(value.dropFirst(scheme.count)), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let caller = caller(token: decoded[(colon + 1)...], policy)
        else { return nil }
        return policy[caller].id.utf8.elementsEqual(decoded[..<colon]) ? caller : nil
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
