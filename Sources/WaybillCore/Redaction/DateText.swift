/// Dates as CRMs write them: `1984-03-07`, `1984/03/07`, RFC 3339.
enum DateText {
    /// The first `count` bytes of a whole, existing date; nil for anything else. Epoch numbers and `MM/DD` are not guessed at.
    static func prefix(of bytes: [UInt8], count: Int) -> [UInt8]? {
        guard bytes.count >= 10 else { return nil }
        var day = Array(bytes[0..<10])
        let separator = day[4]
        guard separator == UInt8(ascii: "-") || (separator == UInt8(ascii: "/") && bytes.count == 10), day[7] == separator else {
            return nil
        }
        day[4] = UInt8(ascii: "-")
        day[7] = UInt8(ascii: "-")
        guard Day(iso8601: String(decoding: day, as: UTF8.self)) != nil else { return nil }
        if bytes.count > 10, Timestamp(rfc3339: String(decoding: bytes, as: UTF8.self)) == nil { return nil }
        return Array(bytes[0..<count])
    }
}
