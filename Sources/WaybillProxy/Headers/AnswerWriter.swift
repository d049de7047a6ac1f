import NIOCore
import WaybillCore

/// What the gate adds to every answer.
struct Marks {
    var xid: TransferID
    var decision: Outcome
    var sent: Int
    var held: Int
    var denied: Int
    /// Set when the answer is the vendor's 4xx or 5xx, or ours about one.
    var vendorStatus: Int?
}

extension HeadWriter {
    mutating func writeStatusLine(_ status: Int) {
        if status == 200 { return put("HTTP/1.1 200 OK\r\n") }
        put("HTTP/1.1 ")
        put(status)
        put(" ")
        put(ReasonPhrase.of(status))
        put("\r\n")
    }

    mutating func writeMarks(_ marks: Marks) {
        put("Waybill-Transfer: ")
        put(marks.xid)
        put("\r\nWaybill-Decision: ")
        put(marks.decision.text)
        put("\r\nWaybill-Records: sent=")
        put(marks.sent)
        put("; held=")
        put(marks.held)
        put("; denied=")
        put(marks.denied)
        put("\r\n")
        if let status = marks.vendorStatus {
            put("Waybill-Vendor-Status: ")
            put(status)
            put("\r\n")
        }
    }

    mutating func writeLength(_ length: Int) {
        put("Content-Length: ")
        put(length)
        put("\r\n")
    }
}

extension ByteBuffer {
    /// A refusal, whole. `omitsBody`: the answer to HEAD.
    mutating func writeRefusal(
        _ refusal: Refusal, marks: Marks, date: String, closes: Bool, omitsBody: Bool, allocator: ByteBufferAllocator
    ) {
        let body = ProblemDocument.encode(refusal, xid: marks.xid, allocator: allocator)
        HeadWriter.append(to: &self, room: 512) { out in
            out.writeStatusLine(refusal.status)
            out.put("Date: ")
            out.put(Array(date.utf8))
            out.put("\r\nContent-Type: application/problem+json\r\n")
            out.writeLength(body.readableBytes)
            switch refusal.status {
            case 401: out.put("WWW-Authenticate: Waybill-Token\r\n")
            case 407: out.put("Proxy-Authenticate: Basic realm=\"waybill\"\r\n")
            case 503: out.put("Retry-After: 1\r\n")
            default: break
            }
            out.writeMarks(marks)
            if closes { out.put("Connection: close\r\n") }
            out.put("\r\n")
        }
        if !omitsBody { put(body) }
    }
}

extension Outcome {
    /// As `Waybill-Decision` says it.
    fileprivate var text: StaticString {
        switch self {
        case .allow: "allow"
        case .allowRedacted: "allow_redacted"
        case .deny: "deny"
        case .hold: "hold"
        }
    }
}

enum ReasonPhrase {
    static func of(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: ""
        }
    }
}
