/// Names of header fields the gate knows; recognised once, while parsing, so that rules compare numbers.
enum FieldName: String, CaseIterable {
    case other = ""
    // Framing and hop-by-hop
    case host
    case connection
    case keepAlive = "keep-alive"
    case proxyConnection = "proxy-connection"
    case transferEncoding = "transfer-encoding"
    case te
    case trailer
    case upgrade
    case contentLength = "content-length"
    case expect
    // To the vendor
    case accept
    case acceptLanguage = "accept-language"
    case acceptEncoding = "accept-encoding"
    case authorization
    case contentType = "content-type"
    case contentEncoding = "content-encoding"
    case userAgent = "user-agent"
    case idempotencyKey = "idempotency-key"
    case ifMatch = "if-match"
    case ifNoneMatch = "if-none-match"
    case prefer
    // Never to the vendor
    case cookie
    case referer
    case forwarded
    case range
    case ifRange = "if-range"
    case traceparent
    case tracestate
    case baggage
    case proxyAuthorization = "proxy-authorization"
    // Ours
    case waybillToken = "waybill-token"
    case waybillPurpose = "waybill-purpose"
    // Signatures over the body
    case contentMD5 = "content-md5"
    case digest
    case contentDigest = "content-digest"
    case reprDigest = "repr-digest"
    case signature
    case amzContentSHA256 = "x-amz-content-sha256"
    // From the vendor
    case etag
    case lastModified = "last-modified"
    case cacheControl = "cache-control"
    case date
    case link
    case location
    case retryAfter = "retry-after"
    case wwwAuthenticate = "www-authenticate"
    case setCookie = "set-cookie"

    private static let byLength: [[(bytes: [UInt8], name: FieldName)]] = {
        var table: [[(bytes: [UInt8], name: FieldName)]] = Array(repeating: [], count: 32)
        for name in allCases where name != .other { table[name.rawValue.utf8.count].append((Array(name.rawValue.utf8), name)) }
        return table
    }()

    static func recognise(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> FieldName {
        guard range.count < byLength.count else { return .other }
        for candidate in byLength[range.count] where bytes.matches(range, candidate.bytes) { return candidate.name }
        return .other
    }

    /// Concerns one connection only (RFC 9110 §7.6.1): never passed on.
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .te, .trailer, .upgrade, .proxyAuthorization: true
        default: false
        }
    }

    /// Must not come after the body, where a reader may or may not let it change what came before (RFC 9110 §6.5.1).
    var isForbiddenInTrailers: Bool {
        switch self {
        case .transferEncoding, .contentLength, .host, .connection, .trailer, .te, .expect, .range, .authorization, .proxyAuthorization,
            .cookie, .setCookie, .contentType, .contentEncoding, .cacheControl, .waybillToken, .waybillPurpose:
            true
        default: false
        }
    }
}
