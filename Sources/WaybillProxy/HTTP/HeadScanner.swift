import NIOCore

/// Finds the end of a head without looking at a byte twice, and refuses bare line feeds at once instead of waiting for more.
struct HeadScanner {
    private var scanned = 0
    private var lineStart = 0

    /// Bytes up to and with the empty line; nil: more is needed.
    mutating func headLength(in buffer: ByteBuffer) throws(HTTPFault) -> Int? {
        let bytes = buffer.readableBytesSpan
        while let i = bytes.firstLineFeed(from: scanned) {
            guard i > lineStart, bytes.byte(at: i - 1) == HTTPBytes.cr else { throw .bareCRorLF }
            if i == lineStart + 1 {
                self = HeadScanner()
                return i + 1
            }
            lineStart = i + 1
            scanned = i + 1
        }
        scanned = bytes.byteCount
        return nil
    }
}

extension HTTPFields {
    /// Parses field lines from `start` to the empty line. Every line ends with CR LF already.
    mutating func parseLines(from start: Int, fieldsMax: Int, strictNames: Bool) throws(HTTPFault) {
        var lineStart = start
        let total = bytes.readableBytes
        while lineStart < total {
            let line = try HTTPFields.parseLine(bytes.readableBytesUInt8Span, at: &lineStart, strictNames: strictNames)
            guard let line else { return readConnection() }
            guard lines.count < fieldsMax else { throw .headTooLarge }
            append(line)
        }
    }

    /// Nil at the empty line; moves `start` behind the line.
    private static func parseLine(
        _ bytes: borrowing Span<UInt8>, at start: inout Int, strictNames: Bool
    ) throws(HTTPFault) -> Line? {
        if bytes[start] == HTTPBytes.cr {
            // Only the empty line at the very end; a CR before anything else would hide the lines behind it.
            guard start + 2 == bytes.count else { throw .bareCRorLF }
            return nil
        }
        if bytes[start] == HTTPBytes.space || bytes[start] == HTTPBytes.tab { throw .folded }
        var i = start
        while bytes[i] != UInt8(ascii: ":") {
            guard HTTPBytes.isNameByte(bytes[i]) || !strictNames && bytes[i] == UInt8(ascii: "_") else { throw .badName }
            i += 1
        }
        let name = start..<i
        guard !name.isEmpty else { throw .badName }
        let valueStart = i + 1
        i = bytes.bytes.endOfValue(from: valueStart)
        guard i < bytes.count, bytes[i] == HTTPBytes.cr, i + 1 < bytes.count, bytes[i + 1] == HTTPBytes.lf else {
            throw i < bytes.count && bytes[i] == HTTPBytes.cr ? .bareCRorLF : .badValue
        }
        start = i + 2
        return Line(known: FieldName.recognise(bytes, name), name: name, value: bytes.trimmed(valueStart..<i))
    }
}

/// Eight bytes at a time; each load is checked against the span's bounds.
extension RawSpan {
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var highs: UInt64 { 0x8080_8080_8080_8080 }

    @inline(__always)
    func byte(at i: Int) -> UInt8 { unsafeLoad(fromByteOffset: i, as: UInt8.self) }

    @inline(__always)
    private func word(at i: Int) -> UInt64 { UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self)) }

    /// The high bit of each zero byte; exact for the lowest one, which is all that is asked.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    func firstLineFeed(from start: Int) -> Int? {
        var i = start
        while i + 8 <= byteCount {
            let found = Self.zeroBytes(word(at: i) ^ Self.ones &* UInt64(HTTPBytes.lf))
            if found != 0 { return i + found.trailingZeroBitCount >> 3 }
            i += 8
        }
        while i < byteCount {
            if byte(at: i) == HTTPBytes.lf { return i }
            i += 1
        }
        return nil
    }

    /// The first byte that is none of a field's value (`HTTPBytes.isValueByte`); the count, if all are.
    func endOfValue(from start: Int) -> Int {
        var i = start
        while i + 8 <= byteCount {
            let word = word(at: i)
            let below = (word &- Self.ones &* UInt64(HTTPBytes.space)) & ~word & Self.highs
            let found = below | Self.zeroBytes(word ^ Self.ones &* 0x7f)
            guard found != 0 else {
                i += 8
                continue
            }
            i += found.trailingZeroBitCount >> 3
            guard byte(at: i) == HTTPBytes.tab else { return i }
            i += 1
        }
        while i < byteCount, HTTPBytes.isValueByte(byte(at: i)) { i += 1 }
        return i
    }
}
