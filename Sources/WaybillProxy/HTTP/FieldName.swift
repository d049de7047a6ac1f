/// Names of header fields the gate knows; recognised once, while parsing, so that rules compare numbers.
enum FieldName: UInt8, CaseIterable {
    case other
    // Framing and hop-by-hop
    case host
    case connection
    case keepAlive
    case proxyConnection
    case transferEncoding
    case te
    case trailer
    case upgrade
    case contentLength
    case expect
    // To the vendor
    case accept
    case acceptLanguage
    case acceptEncoding
    case authorization
    case contentType
    case contentEncoding
    case userAgent
    case idempotencyKey
    case ifMatch
    case ifNoneMatch
    case prefer
    // Never to the vendor
    case cookie
    case referer
    case forwarded
    case range
    case ifRange
    case traceparent
    case tracestate
    case baggage
    case proxyAuthorization
    // Ours
    case waybillToken
    case waybillPurpose
    // Signatures over the body
    case contentMD5
    case digest
    case contentDigest
    case reprDigest
    case signature
    case amzContentSHA256
    // From the vendor
    case etag
    case lastModified
    case cacheControl
    case date
    case link
    case location
    case retryAfter
    case wwwAuthenticate
    case setCookie

    /// As it is compared: lower case. Empty for `other`.
    var text: StaticString {
        switch self {
        case .other: ""
        case .host: "host"
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .transferEncoding: "transfer-encoding"
        case .te: "te"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .contentLength: "content-length"
        case .expect: "expect"
        case .accept: "accept"
        case .acceptLanguage: "accept-language"
        case .acceptEncoding: "accept-encoding"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .userAgent: "user-agent"
        case .idempotencyKey: "idempotency-key"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .prefer: "prefer"
        case .cookie: "cookie"
        case .referer: "referer"
        case .forwarded: "forwarded"
        case .range: "range"
        case .ifRange: "if-range"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .baggage: "baggage"
        case .proxyAuthorization: "proxy-authorization"
        case .waybillToken: "waybill-token"
        case .waybillPurpose: "waybill-purpose"
        case .contentMD5: "content-md5"
        case .digest: "digest"
        case .contentDigest: "content-digest"
        case .reprDigest: "repr-digest"
        case .signature: "signature"
        case .amzContentSHA256: "x-amz-content-sha256"
        case .etag: "etag"
        case .lastModified: "last-modified"
        case .cacheControl: "cache-control"
        case .date: "date"
        case .link: "link"
        case .location: "location"
        case .retryAfter: "retry-after"
        case .wwwAuthenticate: "www-authenticate"
        case .setCookie: "set-cookie"
        }
    }

    /// One bit of a set of names.
    var bit: UInt64 { 1 << UInt64(rawValue) }

    static func recognise(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> FieldName {
        guard range.count > 1, range.count <= FieldNameTable.lengthMax else { return .other }
        var candidate = FieldNameTable.first[FieldNameTable.slot(range.count, bytes[range.lowerBound])]
        while candidate != 0, let name = FieldName(rawValue: candidate) {
            if bytes.matches(range, name.text) { return name }
            candidate = FieldNameTable.next[Int(candidate)]
        }
        return .other
    }

    static func named(_ text: String) -> FieldName {
        let bytes = Array(text.utf8)
        return recognise(bytes.span, 0..<bytes.count)
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

/// Which known names have a given length and first letter: a chain through `next`, ended by 0.
private enum FieldNameTable {
    static let lengthMax = 31
    static let first = chains.first
    static let next = chains.next

    /// Upper and lower case share a slot.
    @inline(__always)
    static func slot(_ length: Int, _ firstByte: UInt8) -> Int { length << 5 | Int(firstByte & 31) }

    private static let chains: (first: InlineArray<1024, UInt8>, next: InlineArray<64, UInt8>) = {
        var first = InlineArray<1024, UInt8>(repeating: 0)
        var next = InlineArray<64, UInt8>(repeating: 0)
        for name in FieldName.allCases where name != .other {
            let slot = slot(name.text.utf8CodeUnitCount, name.text.utf8Start.pointee)
            next[Int(name.rawValue)] = first[slot]
            first[slot] = name.rawValue
        }
        return (first, next)
    }()
}
