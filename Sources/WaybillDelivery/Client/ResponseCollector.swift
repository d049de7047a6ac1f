import CCurl

/// What comes back, up to its limits.
struct ResponseCollector {
    private(set) var headers: [String: String] = [:]
    private(set) var body: [UInt8] = []
    /// It was more than allowed, so it was broken off.
    private(set) var isOversized = false
    private var headBytes = 0
    private let limits: CurlLimits

    init(_ limits: CurlLimits) { self.limits = limits }

    /// Fewer bytes taken than given break the transfer off.
    static let takeBody: waybill_curl_callback = { bytes, size, count, context in
        ResponseCollector.take(bytes, size * count, context) { collector, bytes in
            guard collector.body.count + bytes.count <= collector.limits.responseBytesMax else { return false }
            collector.body.append(contentsOf: bytes)
            return true
        }
    }

    static let takeHead: waybill_curl_callback = { bytes, size, count, context in
        ResponseCollector.take(bytes, size * count, context) { collector, bytes in
            collector.headBytes += bytes.count
            guard collector.headBytes <= collector.limits.responseHeadBytesMax else { return false }
            collector.takeLine(String(decoding: bytes, as: UTF8.self))
            return true
        }
    }

    private static func take(
        _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
        _ work: (inout ResponseCollector, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        guard count > 0, let bytes, let context else { return 0 }
        let collector = context.assumingMemoryBound(to: ResponseCollector.self)
        guard work(&collector.pointee, UnsafeRawBufferPointer(start: bytes, count: count)) else {
            collector.pointee.isOversized = true
            return 0
        }
        return count
    }

    private mutating func takeLine(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // Of an interim answer, which is over.
            headers = [:]
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        headers[line[..<colon].lowercased()] = String(value.prefix { !$0.isNewline })
    }
}
