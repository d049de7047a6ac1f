// RFC 3339 text of instants and days. Parsing is strict: four-digit years, "T", seconds, and a zone are required.

extension Timestamp {
    /// `2026-05-01T00:00:00Z`, `…T00:00:00.123456789+02:00`. Nil for anything else, leap seconds included.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"), let day = Day(bytes[0..<10]),
            let hour = digits(bytes[11..<13]), bytes[13] == UInt8(ascii: ":"), let minute = digits(bytes[14..<16]),
            bytes[16] == UInt8(ascii: ":"), let second = digits(bytes[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = bytes[19...]
        var nanos: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { (48...57).contains($0) }
            guard (1...9).contains(fraction.count), let value = digits(fraction) else { return nil }
            nanos = Int64(value) * (0..<(9 - fraction.count)).reduce(Int64(1)) { product, _ in product * 10 }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard let offset = zoneOffsetSeconds(rest), (1_700...2_260).contains(day.civil.year) else { return nil }
        let seconds = Int64(day.number) * 86_400 + Int64(hour * 3_600 + minute * 60 + second) - offset
        self.init(nanoseconds: seconds * 1_000_000_000 + nanos)
    }

    /// UTC with as many of 3, 6 or 9 fraction digits as needed, none for whole seconds.
    package var rfc3339: String {
        let fraction = Int(nanoseconds.flooredRemainder(by: 1_000_000_000))
        let second = Int(seconds.flooredRemainder(by: 86_400))
        var text = "\(day.iso8601)T\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        if fraction % 1_000_000 == 0, fraction != 0 {
            text += "." + padded(fraction / 1_000_000, 3)
        } else if fraction % 1_000 == 0, fraction != 0 {
            text += "." + padded(fraction / 1_000, 6)
        } else if fraction != 0 {
            text += "." + padded(fraction, 9)
        }
        return text + "Z"
    }
}

extension Day {
    /// `1984-03-07`. Nil for anything else.
    package init?(iso8601 text: String) { self.init(iso8601: Array(text.utf8)[...]) }

    init?(iso8601 bytes: ArraySlice<UInt8>) {
        guard bytes.count == 10 else { return nil }
        self.init(bytes)
    }

    package var iso8601: String {
        let (year, month, day) = civil
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    fileprivate init?(_ bytes: ArraySlice<UInt8>) {
        let s = bytes.startIndex
        guard let year = digits(bytes[s..<s + 4]), bytes[s + 4] == UInt8(ascii: "-"), let month = digits(bytes[s + 5..<s + 7]),
            bytes[s + 7] == UInt8(ascii: "-"), let day = digits(bytes[s + 8..<s + 10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

private func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in bytes {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 48)
    }
    return value
}

private func zoneOffsetSeconds(_ zone: ArraySlice<UInt8>) -> Int64? {
    if zone.elementsEqual("Z".utf8) { return 0 }
    let s = zone.startIndex
    guard zone.count == 6, zone[s] == UInt8(ascii: "+") || zone[s] == UInt8(ascii: "-"), zone[s + 3] == UInt8(ascii: ":"),
        let hours = digits(zone[s + 1..<s + 3]), let minutes = digits(zone[s + 4..<s + 6]), hours < 24, minutes < 60
    else { return nil }
    let seconds = Int64(hours * 3_600 + minutes * 60)
    return zone[s] == UInt8(ascii: "-") ? -seconds : seconds
}

private func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}

extension BinaryInteger {
    /// Without a product: the first instant there is stands within a second that begins before it.
    fileprivate func flooredRemainder(by divisor: Self) -> Self {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
