/// Classes of bytes in HTTP/1.1 (RFC 9110 §5.6.2, RFC 9112).
enum HTTPBytes {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// A token's byte, without `_`: servers behind CGI read `_` and `-` as the same, so a name with it has two meanings.
    @inline(__always)
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Visible, space, tab or obs-text: never CR, LF, NUL or another control.
    @inline(__always)
    static func isValueByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == tab }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

    static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

extension Span<UInt8> {
    /// Equal without regard to ASCII case; `lowercased` must be lower case.
    func matches(_ range: Range<Int>, _ lowercased: [UInt8]) -> Bool {
        guard range.count == lowercased.count else { return false }
        var i = range.lowerBound
        for byte in lowercased {
            guard HTTPBytes.lowercased(self[i]) == byte else { return false }
            i += 1
        }
        return true
    }

    /// The same with a literal, which must be ASCII, lower case and longer than one character.
    func matches(_ range: Range<Int>, _ lowercased: StaticString) -> Bool {
        guard range.count == lowercased.utf8CodeUnitCount else { return false }
        for i in 0..<range.count where HTTPBytes.lowercased(self[range.lowerBound + i]) != lowercased.utf8Start[i] { return false }
        return true
    }

    /// Two ranges that are equal without regard to ASCII case.
    func isSameName(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        guard a.count == b.count else { return false }
        for i in 0..<a.count where HTTPBytes.lowercased(self[a.lowerBound + i]) != HTTPBytes.lowercased(self[b.lowerBound + i]) {
            return false
        }
        return true
    }

    /// Equal byte for byte; likewise.
    func equals(_ range: Range<Int>, _ exact: StaticString) -> Bool {
        guard range.count == exact.utf8CodeUnitCount else { return false }
        for i in 0..<range.count where self[range.lowerBound + i] != exact.utf8Start[i] { return false }
        return true
    }

    /// Decimal digits only, at most 18 of them.
    func decimal(_ range: Range<Int>) -> Int? {
        guard (1...18).contains(range.count) else { return nil }
        var value = 0
        for i in range {
            let digit = self[i] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// A tab among the blanks behind a field's value, which some readers take for part of it. `value` was trimmed, its line ends with CR.
    func hasTab(behind value: Range<Int>) -> Bool {
        var i = value.upperBound
        while self[i] == HTTPBytes.space { i += 1 }
        return self[i] == HTTPBytes.tab
    }

    /// Without spaces and tabs at both ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper, self[lower] == HTTPBytes.space || self[lower] == HTTPBytes.tab { lower += 1 }
        while upper > lower, self[upper - 1] == HTTPBytes.space || self[upper - 1] == HTTPBytes.tab { upper -= 1 }
        return lower..<upper
    }

    /// The elements of a comma-separated list, trimmed, empty ones included.
    func listElements(_ range: Range<Int>) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        var start = range.lowerBound
        for i in range where self[i] == UInt8(ascii: ",") {
            elements.append(trimmed(start..<i))
            start = i + 1
        }
        elements.append(trimmed(start..<range.upperBound))
        return elements
    }
}
