import NIOCore
import WaybillCore

/// A vendor's answer's head as the caller gets it: re-framed, headers by allow-list, addresses led back through the gate.
enum CallerAnswerHead {
    /// How the body goes on to the caller.
    enum Framing: Equatable { case none, length(Int), chunked, untilClose }

    static func framing(_ head: AnswerHead, isHTTP10: Bool) -> Framing {
        switch head.framing {
        case .none: .none
        case .length(let length): .length(length)
        case .chunked, .untilClose: isHTTP10 ? .untilClose : .chunked
        }
    }

    /// `rewriter` nil: addresses pass as they are.
    static func write(
        _ head: AnswerHead, framing: Framing, marks: Marks, plan: VendorPlan, rewriter: LinkRewriter?, answersHEAD: Bool, closes: Bool,
        allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        var out = allocator.buffer(capacity: 1_024)
        out.writeStatusLine(head.status)
        let fields = head.fields
        for line in fields.lines {
            switch rule(line, fields, plan) {
            case .rewriteLocation where rewriter == nil, .rewriteLinks where rewriter == nil: out.writeLine(line, of: fields)
            case .pass: out.writeLine(line, of: fields)
            case .rewriteLocation:
                if let value = rewriter?.reference(fields.array(line.value)) { out.writeLine(line, of: fields, value: value) }
            case .rewriteLinks:
                if let value = rewriter?.links(fields.array(line.value)) { out.writeLine(line, of: fields, value: value) }
            case .drop: break
            }
        }
        switch framing {
        case .length(let length): out.writeLength(length)
        case .chunked: out.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .none where answersHEAD:
            // What GET would have given, as the vendor says.
            if let length = fields.first(.contentLength), head.status != 204 {
                out.writeStaticString("Content-Length: ")
                out.copyRange(length, of: fields)
                out.writeStaticString("\r\n")
            }
        case .none, .untilClose: break
        }
        out.writeMarks(marks)
        if closes { out.writeStaticString("Connection: close\r\n") }
        out.writeStaticString("\r\n")
        return out
    }

    private enum Rule { case pass, rewriteLocation, rewriteLinks, drop }

    private static let rateLimit = Array("ratelimit".utf8)
    private static let requestID = Array("request-id".utf8)
    private static let ours = Array("waybill-".utf8)

    private static func rule(_ line: HTTPFields.Line, _ fields: HTTPFields, _ plan: VendorPlan) -> Rule {
        let bytes = fields.bytes.readableBytesUInt8Span
        guard !line.known.isHopByHop, line.known != .contentLength, line.known != .host, !bytes.hasPrefix(line.name, ours),
            !fields.isNamedByConnection(line, bytes)
        else { return .drop }
        switch line.known {
        case .contentType, .contentEncoding, .etag, .lastModified, .cacheControl, .date, .retryAfter, .wwwAuthenticate: return .pass
        case .location: return .rewriteLocation
        case .link: return .rewriteLinks
        default:
            let passes =
                bytes.holds(line.name, rateLimit) || bytes.hasSuffix(line.name, requestID)
                || plan.allowBack.contains { bytes.matches(line.name, $0) }
            return passes ? .pass : .drop
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeLine(_ line: HTTPFields.Line, of fields: HTTPFields) {
        copyRange(line.name, of: fields)
        writeStaticString(": ")
        copyRange(line.value, of: fields)
        writeStaticString("\r\n")
    }

    fileprivate mutating func writeLine(_ line: HTTPFields.Line, of fields: HTTPFields, value: [UInt8]) {
        copyRange(line.name, of: fields)
        writeStaticString(": ")
        writeBytes(value)
        writeStaticString("\r\n")
    }
}
