/// The tokens of RFC 8259, strictly. Each function takes where a token begins and returns where it ends.
enum JSONLexer {
    struct StringEnd {
        /// Behind the closing quote.
        var end: Int
        var isEscaped = false
        var isASCII = true
    }

    /// Eight bytes as a little-endian word. Bounds are checked.
    @inline(__always)
    static func word(_ bytes: Span<UInt8>, at i: Int) -> UInt64 {
        UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self))
    }

    @inline(__always)
    static func space(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var i = start
        while i < bytes.count {
            let byte = bytes[i]
            if byte > 0x20 || (byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09) { return i }
            i &+= 1
        }
        return i
    }

    /// From the opening quote.
    @inline(__always)
    static func string(_ bytes: Span<UInt8>, _ start: Int, isName: Bool) throws(BodyError) -> StringEnd {
        var result = StringEnd(end: start)
        var i = start &+ 1
        while true {
            while i &+ 8 <= bytes.count {
                let special = specialBytes(word(bytes, at: i))
                if special != 0 {
                    i &+= special.trailingZeroBitCount &>> 3
                    break
                }
                i &+= 8
            }
            guard i < bytes.count else { throw BodyError(.invalidSyntax, offset: bytes.count) }
            let byte = bytes[i]
            if byte == UInt8(ascii: "\"") {
                result.end = i &+ 1
                return result
            } else if byte == UInt8(ascii: "\\") {
                result.isEscaped = true
                i = try escape(bytes, i, isName: isName)
            } else if byte >= 0x80 {
                result.isASCII = false
                repeat { i = try sequence(bytes, i) } while i < bytes.count && bytes[i] >= 0x80
            } else if byte < 0x20 {
                throw BodyError(.invalidSyntax, offset: i)
            } else {
                i &+= 1
            }
        }
    }

    /// The high bit of each byte that ends a plain run (quote, backslash, control, non-ASCII); exact for the lowest one.
    @inline(__always)
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let controls = (word &- (ones &* 0x20)) & ~word
        let found = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | controls | word
        return found & (ones &* 0x80)
    }

    private static func escape(_ bytes: Span<UInt8>, _ start: Int, isName: Bool) throws(BodyError) -> Int {
        guard start + 1 < bytes.count else { throw BodyError(.invalidSyntax, offset: start) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(bytes, start) else { throw BodyError(.invalidSyntax, offset: start) }
            if unit == 0, isName { throw BodyError(.nulInName, offset: start) }
            guard (0xD800...0xDFFF).contains(unit) else { return start + 6 }
            guard unit < 0xDC00, let low = codeUnit(bytes, start + 6), (0xDC00...0xDFFF).contains(low) else {
                throw BodyError(.loneSurrogate, offset: start)
            }
            return start + 12
        default: throw BodyError(.invalidSyntax, offset: start)
        }
    }

    /// The code unit of `\uXXXX` at `start`.
    static func codeUnit(_ bytes: Span<UInt8>, _ start: Int) -> UInt32? {
        guard start + 6 <= bytes.count, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "u") else { return nil }
        var unit: UInt32 = 0
        for i in start + 2..<start + 6 {
            let digit: UInt8
            switch bytes[i] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[i] - 48
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[i] - 87
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[i] - 55
            default: return nil
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// One multi-byte UTF-8 sequence: no overlong forms, no surrogates, nothing over U+10FFFF.
    @inline(__always)
    private static func sequence(_ bytes: Span<UInt8>, _ start: Int) throws(BodyError) -> Int {
        let lead = bytes[start]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { second = 0xA0...0xBF } else if lead == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { second = 0x90...0xBF } else if lead == 0xF4 { second = 0x80...0x8F }
        default: throw BodyError(.invalidUTF8, offset: start)
        }
        guard start &+ length <= bytes.count, second.contains(bytes[start &+ 1]) else { throw BodyError(.invalidUTF8, offset: start) }
        var i = start &+ 2
        while i < start &+ length {
            guard bytes[i] & 0xC0 == 0x80 else { throw BodyError(.invalidUTF8, offset: start) }
            i &+= 1
        }
        return i
    }

    @inline(__always)
    static func number(_ bytes: Span<UInt8>, _ start: Int, charactersMax: Int) throws(BodyError) -> Int {
        var i = start
        if bytes[i] == UInt8(ascii: "-") { i &+= 1 }
        if i < bytes.count, bytes[i] == UInt8(ascii: "0") { i &+= 1 } else { i = try digits(bytes, i) }
        if i < bytes.count, bytes[i] == UInt8(ascii: ".") { i = try digits(bytes, i &+ 1) }
        if i < bytes.count, bytes[i] | 0x20 == UInt8(ascii: "e") {
            i &+= 1
            if i < bytes.count, bytes[i] == UInt8(ascii: "+") || bytes[i] == UInt8(ascii: "-") { i &+= 1 }
            i = try digits(bytes, i)
        }
        if i &- start > charactersMax { throw BodyError(.numberTooLong, offset: start) }
        return i
    }

    /// One digit or more.
    @inline(__always)
    private static func digits(_ bytes: Span<UInt8>, _ start: Int) throws(BodyError) -> Int {
        var i = start
        while i < bytes.count, bytes[i] &- 48 < 10 { i &+= 1 }
        if i == start { throw BodyError(.invalidSyntax, offset: i) }
        return i
    }

    /// `true`, `false` or `null`.
    @inline(__always)
    static func literal(_ bytes: Span<UInt8>, _ start: Int) throws(BodyError) -> Int {
        guard start &+ 4 <= bytes.count else { throw BodyError(.invalidSyntax, offset: start) }
        switch UInt32(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self)) {
        case 0x6575_7274, 0x6C6C_756E: return start &+ 4  // "true", "null"
        case 0x736C_6166 where start &+ 4 < bytes.count && bytes[start &+ 4] == UInt8(ascii: "e"): return start &+ 5
        default: throw BodyError(.invalidSyntax, offset: start)
        }
    }

    /// Appends the unescaped text of what stands between two quotes and has passed `string`.
    static func unescape(_ bytes: Span<UInt8>, from start: Int, to end: Int, into output: inout [UInt8]) {
        var i = start
        while i < end {
            let byte = bytes[i]
            i += 1
            guard byte == UInt8(ascii: "\\"), i < end else {
                output.append(byte)
                continue
            }
            let letter = bytes[i]
            i += 1
            switch letter {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = codeUnit(bytes, i - 2) ?? 0xFFFD
                i += 4
                if (0xD800..<0xDC00).contains(scalar), let low = codeUnit(bytes, i) {
                    scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low &- 0xDC00)
                    i += 6
                }
                output.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
            default: output.append(letter)
            }
        }
    }
}
