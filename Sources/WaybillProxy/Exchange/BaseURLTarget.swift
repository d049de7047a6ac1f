import NIOCore

/// `/to/{vendor}/{path}?{query}` or `/to/{vendor}@{host}/{path}?{query}`, taken apart without decoding anything.
struct BaseURLTarget {
    var vendor: String
    var host: String?
    /// What the vendor would have been asked: path and query, raw.
    var rest: Range<Int>
    /// `/to/{vendor}` or `/to/{vendor}@{host}`, as the caller wrote it.
    var prefix: Range<Int>

    private static let root = Array("/to/".utf8)

    /// Nil: not of this form.
    init?(_ fields: HTTPFields, target: Range<Int>) {
        let bytes = fields.bytes.readableBytesUInt8Span
        let start = target.lowerBound + Self.root.count
        guard target.count > Self.root.count else { return nil }
        for (offset, byte) in Self.root.enumerated() where bytes[target.lowerBound + offset] != byte { return nil }
        var end = start
        var at: Int?
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
            switch bytes[end] {
            case UInt8(ascii: "@") where at == nil: at = end
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                break
            case UInt8(ascii: ":") where at != nil: break
            default: return nil
            }
            end += 1
        }
        let name = start..<(at ?? end)
        guard !name.isEmpty, let vendor = fields.text(name) else { return nil }
        self.vendor = vendor
        if let at {
            guard at + 1 < end, let host = fields.text((at + 1)..<end) else { return nil }
            self.host = host
        }
        prefix = target.lowerBound..<end
        rest = end..<target.upperBound
    }

    /// What the gate matches: begins with `/`.
    func targetBytes(_ fields: HTTPFields) -> [UInt8] {
        let bytes = fields.array(rest)
        return bytes.first == UInt8(ascii: "/") ? bytes : [UInt8(ascii: "/")] + bytes
    }
}
