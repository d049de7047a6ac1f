import NIOCore

/// How a message's body ends, and taking it off the bytes that come. Chunk extensions and trailers are dropped.
struct BodyReader {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
        /// Answers only.
        case untilClose
    }
    enum Part {
        case bytes(ByteBuffer)
        case end
    }
    private enum State {
        case length(remaining: Int)
        case untilClose
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers(bytes: Int)
        case ended
    }
    static let chunkLineBytesMax = 1_024
    static let trailerBytesMax = 8_192
    private var state: State
    /// Requests: every trailer that belongs before the body is refused, not only dropped.
    private let refusesTrailers: Bool

    init(_ framing: Framing, refusesTrailers: Bool) {
        self.refusesTrailers = refusesTrailers
        state =
            switch framing {
            case .none: .length(remaining: 0)
            case .length(let length): .length(remaining: length)
            case .chunked: .chunkSize
            case .untilClose: .untilClose
            }
    }

    /// Nil: more is needed. After `.end` it must not be asked again.
    mutating func next(from buffer: inout ByteBuffer) throws(HTTPFault) -> Part? {
        while true {
            switch state {
            case .length(0):
                state = .ended
                return .end
            case .length(let remaining):
                guard let slice = Self.take(remaining, from: &buffer) else { return nil }
                state = .length(remaining: remaining - slice.readableBytes)
                return .bytes(slice)
            case .untilClose:
                return Self.take(.max, from: &buffer).map { .bytes($0) }
            case .chunkSize:
                guard let line = try Self.line(from: &buffer, max: Self.chunkLineBytesMax) else { return nil }
                let size = try Self.chunkSize(line)
                state = size == 0 ? .trailers(bytes: 0) : .chunk(remaining: size)
            case .chunk(0):
                state = .chunkEnd
            case .chunk(let remaining):
                guard let slice = Self.take(remaining, from: &buffer) else { return nil }
                state = .chunk(remaining: remaining - slice.readableBytes)
                return .bytes(slice)
            case .chunkEnd:
                guard buffer.readableBytes >= 2 else { return nil }
                guard buffer.readInteger(as: UInt16.self) == 0x0d0a else { throw .badChunk }
                state = .chunkSize
            case .trailers(let bytes):
                guard let line = try Self.line(from: &buffer, max: Self.trailerBytesMax) else { return nil }
                guard line.readableBytes > 0 else {
                    state = .ended
                    return .end
                }
                guard bytes + line.readableBytes <= Self.trailerBytesMax else { throw .headTooLarge }
                try checkTrailer(line)
                state = .trailers(bytes: bytes + line.readableBytes)
            case .ended:
                return .end
            }
        }
    }

    private static func take(_ max: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        let length = min(max, buffer.readableBytes)
        return length > 0 ? buffer.readSlice(length: length) : nil
    }

    /// One line without its CR LF; nil: more is needed.
    private static func line(from buffer: inout ByteBuffer, max: Int) throws(HTTPFault) -> ByteBuffer? {
        guard let end = try lineFeed(buffer.readableBytesUInt8Span, max: max) else { return nil }
        let line = buffer.readSlice(length: end - 1)
        buffer.moveReaderIndex(forwardBy: 2)
        return line
    }

    private static func lineFeed(_ bytes: borrowing Span<UInt8>, max: Int) throws(HTTPFault) -> Int? {
        for i in 0..<min(bytes.count, max + 2) where bytes[i] == HTTPBytes.lf {
            guard i > 0, bytes[i - 1] == HTTPBytes.cr else { throw .bareCRorLF }
            return i
        }
        if bytes.count > max + 1 { throw .headTooLarge }
        return nil
    }

    private static func chunkSize(_ line: ByteBuffer) throws(HTTPFault) -> Int {
        let bytes = line.readableBytesUInt8Span
        var i = 0
        var size = 0
        while i < bytes.count, let digit = HTTPBytes.hexValue(bytes[i]) {
            guard i < 12 else { throw .badChunk }
            size = size << 4 | digit
            i += 1
        }
        guard i > 0 else { throw .badChunk }
        while i < bytes.count { i = try extensionEnd(bytes, from: i) }
        return size
    }

    /// Where one `;name`, `;name=token` or `;name="text"` ends. Without the blanks of RFC 9112's leniency: no one needs them, and readers
    /// that take them differently are how a chunk's data becomes another's request.
    private static func extensionEnd(_ bytes: borrowing Span<UInt8>, from start: Int) throws(HTTPFault) -> Int {
        guard bytes[start] == UInt8(ascii: ";") else { throw .badChunk }
        var i = tokenEnd(bytes, from: start + 1)
        guard i > start + 1 else { throw .badChunk }
        guard i < bytes.count, bytes[i] == UInt8(ascii: "=") else { return i }
        let value = i + 1
        guard value < bytes.count, bytes[value] == UInt8(ascii: "\"") else {
            i = tokenEnd(bytes, from: value)
            guard i > value else { throw .badChunk }
            return i
        }
        i = value + 1
        while i < bytes.count, bytes[i] != UInt8(ascii: "\"") {
            i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard i < bytes.count else { throw .badChunk }
        for position in value...i where !HTTPBytes.isValueByte(bytes[position]) { throw .badChunk }
        return i + 1
    }

    private static func tokenEnd(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var i = start
        while i < bytes.count, HTTPBytes.isNameByte(bytes[i]) || bytes[i] == UInt8(ascii: "_") { i += 1 }
        return i
    }

    private func checkTrailer(_ line: ByteBuffer) throws(HTTPFault) {
        let bytes = line.readableBytesUInt8Span
        var i = 0
        if bytes[0] == HTTPBytes.space || bytes[0] == HTTPBytes.tab { throw .folded }
        while i < bytes.count, bytes[i] != UInt8(ascii: ":") {
            guard HTTPBytes.isNameByte(bytes[i]) else { throw .badName }
            i += 1
        }
        guard i > 0, i < bytes.count else { throw .badName }
        let name = FieldName.recognise(bytes, 0..<i)
        // Framing behind the body, from whichever side, is an attempt to be read in two ways.
        guard name != .contentLength, name != .transferEncoding, !refusesTrailers || !name.isForbiddenInTrailers else {
            throw .forbiddenTrailer
        }
        while i < bytes.count {
            guard HTTPBytes.isValueByte(bytes[i]) else { throw .badValue }
            i += 1
        }
    }
}
