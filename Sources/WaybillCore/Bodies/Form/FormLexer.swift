/// The tokens of `application/x-www-form-urlencoded`, strictly.
enum FormLexer {
    /// A name or a value.
    struct Part {
        /// At the `=` or `&` behind it, or at the body's end.
        var end: Int
        /// Has a `%` or a `+`.
        var isEncoded = false
        /// Once decoded.
        var isASCII = true
    }

    /// Checks every byte of one name or value. A `;` is refused: some servers separate pairs by it, others do not.
    @inline(__always)
    static func part(_ bytes: Span<UInt8>, _ start: Int, isName: Bool) throws(BodyError) -> Part {
        var part = Part(end: start)
        var i = start
        while i < bytes.count {
            if i &+ 8 <= bytes.count {
                let special = specialBytes(JSONLexer.word(bytes, at: i))
                if special == 0 {
                    i &+= 8
                    continue
                }
                i &+= special.trailingZeroBitCount &>> 3
            }
            let byte = bytes[i]
            switch byte {
            case UInt8(ascii: "&"):
                part.end = i
                return part
            case UInt8(ascii: "=") where isName:
                part.end = i
                return part
            case UInt8(ascii: "%"):
                let decoded = try escape(bytes, i)
                if decoded == 0 { throw BodyError(isName ? .nulInName : .invalidSyntax, offset: i) }
                if decoded >= 0x80 { part.isASCII = false }
                part.isEncoded = true
                i &+= 3
            case UInt8(ascii: "+"):
                part.isEncoded = true
                i &+= 1
            case 0 where isName: throw BodyError(.nulInName, offset: i)
            case 0..<0x20, UInt8(ascii: ";"): throw BodyError(.invalidSyntax, offset: i)
            case 0x80...:
                part.isASCII = false
                i &+= 1
            default: i &+= 1
            }
        }
        part.end = i
        return part
    }

    /// The high bit of each byte that may not be passed over: those below `-`, `;`, `=` and non-ASCII; exact for the lowest one.
    @inline(__always)
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let semicolon = word ^ (ones &* 0x3B)
        let equals = word ^ (ones &* 0x3D)
        let low = (word &- (ones &* 0x2D)) & ~word
        let found = ((semicolon &- ones) & ~semicolon) | ((equals &- ones) & ~equals) | low | word
        return found & (ones &* 0x80)
    }

    @inline(__always)
    private static func escape(_ bytes: Span<UInt8>, _ start: Int) throws(BodyError) -> UInt8 {
        guard start &+ 2 < bytes.count, let high = PercentCoding.nibble(bytes[start &+ 1]),
            let low = PercentCoding.nibble(bytes[start &+ 2])
        else { throw BodyError(.invalidSyntax, offset: start) }
        return high << 4 | low
    }

    /// Appends the decoded bytes of what has passed `part`.
    static func decode(_ bytes: Span<UInt8>, from start: Int, to end: Int, into output: inout [UInt8]) {
        var i = start
        while i < end {
            switch bytes[i] {
            case UInt8(ascii: "%") where i + 2 < end:
                output.append((PercentCoding.nibble(bytes[i + 1]) ?? 0) << 4 | (PercentCoding.nibble(bytes[i + 2]) ?? 0))
                i += 3
            case UInt8(ascii: "+"):
                output.append(0x20)
                i += 1
            case let byte:
                output.append(byte)
                i += 1
            }
        }
    }

    /// Throws unless the bytes are UTF-8.
    static func checkUTF8(_ bytes: Span<UInt8>, offset: Int) throws(BodyError) {
        do { _ = try UTF8Span(validating: bytes) } catch { throw BodyError(.invalidUTF8, offset: offset) }
    }

    /// Appends `bytes` as the URL standard's serializer writes them: letters, digits and `*-._` as they are, a space as `+`.
    static func encode(_ bytes: some Sequence<UInt8>, into output: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                output.append(byte)
            case 0x20: output.append(UInt8(ascii: "+"))
            default:
                output.append(UInt8(ascii: "%"))
                output.append(upperHexDigit(byte >> 4))
                output.append(upperHexDigit(byte & 15))
            }
        }
    }

    private static func upperHexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 55 + nibble }
}
