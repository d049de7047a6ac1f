import NIOCore
import WaybillCore

/// What the gate adds to every answer.
struct Marks {
    var xid: String
    var decision: Outcome
    var sent: Int
    var held: Int
    var denied: Int
    /// Set when the answer is the vendor's 4xx or 5xx, or ours about one.
    var vendorStatus: Int?
}

extension ByteBuffer {
    mutating func writeStatusLine(_ status: Int) {
        writeStaticString("HTTP/1.1 ")
        writeString(String(status))
        writeStaticString(" ")
        writeString(ReasonPhrase.of(status))
        writeStaticString("\r\n")
    }

    mutating func writeMarks(_ marks: Marks) {
        writeStaticString("Waybill-Transfer: ")
        writeString(marks.xid)
        writeStaticString("\r\nWaybill-Decision: ")
        writeString(marks.decision.rawValue)
        writeStaticString("\r\nWaybill-Records: sent=")
        writeString(String(marks.sent))
        writeStaticString("; held=")
        writeString(String(marks.held))
        writeStaticString("; denied=")
        writeString(String(marks.denied))
        writeStaticString("\r\n")
        if let status = marks.vendorStatus {
            writeStaticString("Waybill-Vendor-Status: ")
            writeString(String(status))
            writeStaticString("\r\n")
        }
    }

    mutating func writeLength(_ length: Int) {
        writeStaticString("Content-Length: ")
        writeString(String(length))
        writeStaticString("\r\n")
    }

    /// A refusal, whole. `omitsBody`: the answer to HEAD.
    mutating func writeRefusal(
        _ refusal: Refusal, marks: Marks, date: String, closes: Bool, omitsBody: Bool, allocator: ByteBufferAllocator
    ) {
        var body = ProblemDocument.encode(refusal, xid: marks.xid, allocator: allocator)
        writeStatusLine(refusal.status)
        writeStaticString("Date: ")
        writeString(date)
        writeStaticString("\r\nContent-Type: application/problem+json\r\n")
        writeLength(body.readableBytes)
        switch refusal.status {
        case 401: writeStaticString("WWW-Authenticate: Waybill-Token\r\n")
        case 407: writeStaticString("Proxy-Authenticate: Basic realm=\"waybill\"\r\n")
        case 503: writeStaticString("Retry-After: 1\r\n")
        default: break
        }
        writeMarks(marks)
        if closes { writeStaticString("Connection: close\r\n") }
        writeStaticString("\r\n")
        if !omitsBody { writeBuffer(&body) }
    }
}

enum ReasonPhrase {
    static func of(_ status: Int) -> String {
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
