import NIOCore
import WaybillCore

/// The head of a request as the vendor gets it: re-framed, headers by allow-list, hop-by-hop ones gone.
enum VendorRequestHead {
    static func write(
        _ head: CallerHead, target: [UInt8], destination: Vendor.Destination, plan: VendorPlan, bodyBytes: Int,
        trace: OutgoingTrace? = nil, to out: inout ByteBuffer
    ) {
        let fields = head.fields
        HeadWriter.append(to: &out, room: fields.bytes.readableBytes + target.count + 512) { out in
            out.put(head.method, of: fields)
            out.put(" ")
            out.put(target)
            out.put(" HTTP/1.1\r\n")
            out.put(plan.hostLine(destination))
            for line in fields.lines where passes(line, fields, plan) { out.put(line, of: fields) }
            if let credential = plan.credential { out.put(credential.line) }
            if let trace { out.put(trace) }
            // Identity, because an answer may later have to be read (tokens restored), and a caller's choice would go past us.
            out.put("Accept-Encoding: identity\r\n")
            if bodyBytes > 0 || head.hasBody || head.fields.contains(.contentLength) { out.writeLength(bodyBytes) }
            out.put("\r\n")
        }
    }

    private static func passes(_ line: HTTPFields.Line, _ fields: HTTPFields, _ plan: VendorPlan) -> Bool {
        let bytes = fields.bytes.readableBytesUInt8Span
        if let credential = plan.credential, bytes.matches(line.name, credential.lowercasedName) { return false }
        switch line.known {
        case .accept, .acceptLanguage, .authorization, .contentType, .userAgent, .idempotencyKey, .ifMatch, .ifNoneMatch, .prefer:
            return !fields.isNamedByConnection(line, bytes)
        case .other, .contentMD5, .digest, .contentDigest, .reprDigest, .signature, .amzContentSHA256, .date:
            return plan.allow.contains { bytes.matches(line.name, $0) } && !isOurs(line, bytes) && !fields.isNamedByConnection(line, bytes)
        default:
            // Framing, hop-by-hop, Cookie, Referer, Forwarded, Range, trace context as it came, our own: never, whatever a vendor's file says.
            return false
        }
    }

    private static func isOurs(_ line: HTTPFields.Line, _ bytes: borrowing Span<UInt8>) -> Bool {
        bytes.hasPrefix(line.name, "waybill-") || bytes.hasPrefix(line.name, "proxy-")
    }
}

extension Span<UInt8> {
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
