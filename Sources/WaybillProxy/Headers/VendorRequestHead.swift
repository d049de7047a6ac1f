import NIOCore
import WaybillCore

/// The head of a request as the vendor gets it: re-framed, headers by allow-list, hop-by-hop ones gone.
enum VendorRequestHead {
    static func write(
        _ head: CallerHead, target: [UInt8], destination: Vendor.Destination, plan: VendorPlan, bodyBytes: Int,
        trace: OutgoingTrace? = nil, allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        var out = allocator.buffer(capacity: 1_024 + bodyBytesInline(bodyBytes))
        let fields = head.fields
        out.copyRange(head.method, of: fields)
        out.writeStaticString(" ")
        out.writeBytes(target)
        out.writeStaticString(" HTTP/1.1\r\nHost: ")
        out.writeString(destination.authority)
        out.writeStaticString("\r\n")
        for line in fields.lines where passes(line, fields, plan) {
            out.copyRange(line.name, of: fields)
            out.writeStaticString(": ")
            out.copyRange(line.value, of: fields)
            out.writeStaticString("\r\n")
        }
        if let credential = plan.credential { out.writeBytes(credential.line) }
        if let trace { out.writeTraceParent(trace) }
        // Identity, because an answer may later have to be read (tokens restored), and a caller's choice would go past us.
        out.writeStaticString("Accept-Encoding: identity\r\n")
        if bodyBytes > 0 || head.hasBody || head.fields.contains(.contentLength) { out.writeLength(bodyBytes) }
        out.writeStaticString("\r\n")
        return out
    }

    /// Room for a small body behind the head, so that both leave in one write without another allocation.
    private static func bodyBytesInline(_ bodyBytes: Int) -> Int { bodyBytes <= 16 * 1_024 ? bodyBytes : 0 }

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

    private static let ours = Array("waybill-".utf8)
    private static let proxy = Array("proxy-".utf8)

    private static func isOurs(_ line: HTTPFields.Line, _ bytes: borrowing Span<UInt8>) -> Bool {
        bytes.hasPrefix(line.name, ours) || bytes.hasPrefix(line.name, proxy)
    }
}

extension Span<UInt8> {
    func hasPrefix(_ range: Range<Int>, _ lowercased: [UInt8]) -> Bool {
        range.count >= lowercased.count && matches(range.lowerBound..<(range.lowerBound + lowercased.count), lowercased)
    }

    func hasPrefix(_ range: Range<Int>, _ lowercased: StaticString) -> Bool {
        range.count >= lowercased.utf8CodeUnitCount
            && matches(range.lowerBound..<(range.lowerBound + lowercased.utf8CodeUnitCount), lowercased)
    }

    func hasSuffix(_ range: Range<Int>, _ lowercased: [UInt8]) -> Bool {
        range.count >= lowercased.count && matches((range.upperBound - lowercased.count)..<range.upperBound, lowercased)
    }

    func holds(_ range: Range<Int>, _ lowercased: [UInt8]) -> Bool {
        guard range.count >= lowercased.count else { return false }
        for start in range.lowerBound...(range.upperBound - lowercased.count)
        where matches(start..<(start + lowercased.count), lowercased) {
            return true
        }
        return false
    }
}

extension HTTPFields {
    /// `Connection` lists this line's name: it is hop-by-hop then.
    func isNamedByConnection(_ line: Line, _ bytes: borrowing Span<UInt8>) -> Bool {
        for other in lines where other.known == .connection || other.known == .proxyConnection {
            for element in bytes.listElements(other.value) where element.count == line.name.count {
                var i = 0
                while i < element.count,
                    HTTPBytes.lowercased(bytes[element.lowerBound + i]) == HTTPBytes.lowercased(bytes[line.name.lowerBound + i])
                {
                    i += 1
                }
                if i == element.count { return true }
            }
        }
        return false
    }
}

extension ByteBuffer {
    mutating func copyRange(_ range: Range<Int>, of fields: HTTPFields) {
        guard !range.isEmpty, let slice = fields.bytes.getSlice(at: fields.bytes.readerIndex + range.lowerBound, length: range.count)
        else { return }
        writeImmutableBuffer(slice)
    }
}
