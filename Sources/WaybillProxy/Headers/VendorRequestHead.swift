import NIOCore
import WaybillCore

/// The head of a request as the vendor gets it: re-framed, headers by allow-list, hop-by-hop ones gone.
enum VendorRequestHead {
    static func write(
        _ head: CallerHead, target: [UInt8], hostLine: [UInt8], plan: VendorPlan, bodyBytes: Int,
        trace: OutgoingTrace? = nil, to out: inout ByteBuffer
    ) {
        let fields = head.fields
        HeadWriter.append(to: &out, room: fields.bytes.readableBytes + target.count + 512) { out in
            out.put(head.method, of: fields)
            out.put(" ")
            out.put(target)
            out.put(" HTTP/1.1\r\n")
            out.put(hostLine)
            out.put(fields) { line, bytes in passes(line, fields, bytes, plan) ? .pass : .drop }
            if let credential = plan.credential { out.put(credential.line) }
            if let trace { out.put(trace) }
            // Identity, because an answer may later have to be read (tokens restored), and a caller's choice would go past us.
            out.put("Accept-Encoding: identity\r\n")
            if bodyBytes > 0 || head.hasBody || head.fields.contains(.contentLength) { out.writeLength(bodyBytes) }
            out.put("\r\n")
        }
    }

    private static func passes(
        _ line: HTTPFields.Line, _ fields: HTTPFields, _ bytes: borrowing Span<UInt8>, _ plan: VendorPlan
    ) -> Bool {
        if let credential = plan.credential, bytes.matches(line.name, credential.lowercasedName) { return false }
        switch line.known {
        case .accept, .acceptLanguage, .authorization, .contentType, .userAgent, .idempotencyKey, .ifMatch, .ifNoneMatch, .prefer:
            return !fields.isNamedByConnection(line, bytes)
        case .other, .contentMD5, .digest, .contentDigest, .reprDigest, .signature, .amzContentSHA256, .date:
            return bytes.matches(line.name, anyOf: plan.allow) && !isOurs(line, bytes) && !fields.isNamedByConnection(line, bytes)
        default:
            // Framing, hop-by-hop, Cookie, Referer, Forwarded, Range, trace context as it came, our own: never, whatever a vendor's file
            // says.
            return false
        }
    }

    private static func isOurs(_ line: HTTPFields.Line, _ bytes: borrowing Span<UInt8>) -> Bool {
        bytes.hasPrefix(line.name, "waybill-") || bytes.hasPrefix(line.name, "proxy-")
    }
}

extension Span<UInt8> {
    func matches(_ range: Range<Int>, anyOf lowercased: [[UInt8]]) -> Bool {
        for name in lowercased where matches(range, name) { return true }
        return false
    }

    func hasPrefix(_ range: Range<Int>, _ lowercased: StaticString) -> Bool {
        let count = lowercased.utf8CodeUnitCount
        return range.count >= count && matches(range.lowerBound..<(range.lowerBound + count), lowercased)
    }

    func hasSuffix(_ range: Range<Int>, _ lowercased: StaticString) -> Bool {
        let count = lowercased.utf8CodeUnitCount
        return range.count >= count && matches((range.upperBound - count)..<range.upperBound, lowercased)
    }

    func holds(_ range: Range<Int>, _ lowercased: StaticString) -> Bool {
        let count = lowercased.utf8CodeUnitCount
        guard range.count >= count else { return false }
        for start in range.lowerBound...(range.upperBound - count) where matches(start..<(start + count), lowercased) { return true }
        return false
    }
}
