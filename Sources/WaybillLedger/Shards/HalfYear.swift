package import WaybillCore

/// January to June or July to December of one year, UTC: what one shard of the log holds. As text: `2026h2`.
package struct HalfYear: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var year: Int
    /// 1 or 2.
    package var half: Int

    package init(_ time: Timestamp) {
        let (year, month, _) = time.day.civil
        self.year = year
        half = month <= 6 ? 1 : 2
    }

    /// Nil unless written as `2026h2`.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 6, bytes[4] == UInt8(ascii: "h"), bytes[5] == UInt8(ascii: "1") || bytes[5] == UInt8(ascii: "2"),
            bytes[..<4].allSatisfy({ (48...57).contains($0) })
        else { return nil }
        year = bytes[..<4].reduce(0) { $0 * 10 + Int($1 - 48) }
        half = Int(bytes[5] - 48)
    }

    package static func < (a: HalfYear, b: HalfYear) -> Bool { (a.year, a.half) < (b.year, b.half) }

    package var description: String {
        let digits = String(year)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "h\(half)"
    }

    /// The origin of this half-year's shard of the log named `base`.
    package func origin(of base: String) -> String { "\(base)/\(self)" }

    /// The half-year that an origin ends with; nil: the origin is not of a shard of `base`.
    package init?(origin: String, of base: String) {
        guard origin.hasPrefix(base + "/") else { return nil }
        self.init(origin.dropFirst(base.count + 1))
    }
}

/// A month of entries, as side rows keep it: `202601`. As text: `2026-01`.
package struct LogMonth: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Year × 100 + month.
    package var number: Int

    package init(number: Int) { self.number = number }

    package init(_ time: Timestamp) {
        let (year, month, _) = time.day.civil
        number = year * 100 + month
    }

    /// Nil unless written as `2026-01`.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-"), (bytes[..<4] + bytes[5...]).allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        number = (bytes[..<4] + bytes[5...]).reduce(0) { $0 * 10 + Int($1 - 48) }
        guard (1...12).contains(number % 100) else { return nil }
    }

    package static func < (a: LogMonth, b: LogMonth) -> Bool { a.number < b.number }

    package var description: String {
        let year = String(number / 100)
        let month = number % 100
        return String(repeating: "0", count: max(0, 4 - year.count)) + year + (month < 10 ? "-0" : "-") + String(month)
    }

    package func earlier(by months: Int) -> LogMonth {
        let all = number / 100 * 12 + number % 100 - 1 - months
        return LogMonth(number: all / 12 * 100 + all % 12 + 1)
    }
}
