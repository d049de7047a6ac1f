/// ISO 8601 durations as seconds. For limits and duties a month counts 30 days and a year 365.
enum Period {
    /// `P30D`, `P1Y6M`, `P2W`, `PT24H`, `P1DT12H`; whole numbers only. Nil for anything else, and beyond 100 years.
    static func seconds(_ text: String) -> Int64? {
        var rest = Array(text.utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "P"), !rest.isEmpty else { return nil }
        let days: [(UInt8, Int64)] = [
            (UInt8(ascii: "Y"), 31_536_000), (UInt8(ascii: "M"), 2_592_000), (UInt8(ascii: "W"), 604_800), (UInt8(ascii: "D"), 86_400),
        ]
        let times: [(UInt8, Int64)] = [(UInt8(ascii: "H"), 3_600), (UInt8(ascii: "M"), 60), (UInt8(ascii: "S"), 1)]
        var units = days[...]
        var inTime = false
        var total: Int64 = 0
        while let first = rest.first {
            if first == UInt8(ascii: "T") {
                guard !inTime, rest.count > 1 else { return nil }
                (inTime, units) = (true, times[...])
                rest = rest.dropFirst()
                continue
            }
            let digits = rest.prefix { (48...57).contains($0) }
            guard (1...9).contains(digits.count), let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest.dropFirst(digits.count)
            // Units come in falling order, each once.
            guard let unit = rest.popFirst(), let index = units.firstIndex(where: { $0.0 == unit }) else { return nil }
            total += number * units[index].1
            guard total <= 36_500 * 86_400 else { return nil }
            units = units[(index + 1)...]
        }
        return total
    }
}
