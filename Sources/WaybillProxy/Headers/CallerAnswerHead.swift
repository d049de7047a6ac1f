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
        _ head: AnswerHead, framing: Framing, marks: Marks, plan: VendorPlan, rewriter: @autoclosure () -> LinkRewriter?,
        answersHEAD: Bool, closes: Bool, to out: inout ByteBuffer
    ) {
        let fields = head.fields
        HeadWriter.append(to: &out, room: fields.bytes.readableBytes + 512) { out in
            out.writeStatusLine(head.status)
            out.put(fields) { line, bytes in
                switch rule(line, fields, bytes, plan) {
                case .pass: return .pass
                case .drop: return .drop
                case .rewrite:
                    guard let rewriter = rewriter() else { return .pass }
                    let value = fields.array(line.value)
                    let rewritten = line.known == .location ? rewriter.reference(value) : rewriter.links(value)
                    return rewritten.map { .replace($0) } ?? .drop
                }
            }
            switch framing {
            case .length(let length): out.writeLength(length)
            case .chunked: out.put("Transfer-Encoding: chunked\r\n")
            case .none where answersHEAD:
                // What GET would have given, as the vendor says.
                if let length = fields.first(.contentLength), head.status != 204 {
                    out.put("Content-Length: ")
                    out.put(length, of: fields)
                    out.put("\r\n")
                }
            case .none, .untilClose: break
            }
            out.writeMarks(marks)
            if closes { out.put("Connection: close\r\n") }
            out.put("\r\n")
        }
    }

    private enum Rule { case pass, rewrite, drop }

    private static func rule(
        _ line: HTTPFields.Line, _ fields: HTTPFields, _ bytes: borrowing Span<UInt8>, _ plan: VendorPlan
    ) -> Rule {
        guard !line.known.isHopByHop, line.known != .contentLength, line.known != .host, !bytes.hasPrefix(line.name, "waybill-"),
            !fields.isNamedByConnection(line, bytes)
        else { return .drop }
        switch line.known {
        case .contentType, .contentEncoding, .etag, .lastModified, .cacheControl, .date, .retryAfter, .wwwAuthenticate: return .pass
        case .location, .link: return .rewrite
        default:
            let passes =
                bytes.holds(line.name, "ratelimit") || bytes.hasSuffix(line.name, "request-id")
                || bytes.matches(line.name, anyOf: plan.allowBack)
            return passes ? .pass : .drop
        }
    }
}
