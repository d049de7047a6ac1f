import NIOCore

/// Finds the end of a head without looking at a byte twice, and refuses bare line feeds at once instead of waiting for more.
struct HeadScanner {
    private var scanned = 0
    private var lineStart = 0

    /// Bytes up to and with the empty line; nil: more is needed.
    mutating func headLength(in buffer: ByteBuffer) throws(HTTPFault) -> Int? {
        let bytes = buffer.readableBytesUInt8Span
        var i = scanned
        while i < bytes.count {
            if bytes[i] == HTTPBytes.lf {
                guard i > lineStart, bytes[i - 1] == HTTPBytes.cr else { throw .bareCRorLF }
                if i == lineStart + 1 {
                    self = HeadScanner()
                    return i + 1
                }
                lineStart = i + 1
            }
            i += 1
        }
        scanned = i
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
            guard let line else { return }
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
        i = valueStart
        while HTTPBytes.isValueByte(bytes[i]) { i += 1 }
        guard bytes[i] == HTTPBytes.cr, i + 1 < bytes.count, bytes[i + 1] == HTTPBytes.lf else {
            throw bytes[i] == HTTPBytes.cr ? .bareCRorLF : .badValue
        }
        start = i + 2
        return Line(known: FieldName.recognise(bytes, name), name: name, value: bytes.trimmed(valueStart..<i))
    }
}
