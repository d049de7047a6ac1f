import NIOCore

/// A request's head that passed every check on framing: slices of the bytes received. A class: many steps look at it.
final class CallerHead {
    let fields: HTTPFields
    let method: Range<Int>
    /// Path and query; an absolute-form target is reduced to them.
    let target: Range<Int>
    /// The target named a scheme and authority (and it equals Host).
    let isAbsoluteForm: Bool
    let isHTTP10: Bool
    let framing: BodyReader.Framing
    /// The caller wants the connection closed afterwards.
    let closes: Bool
    let expectation: Expectation
    let isHEAD: Bool

    enum Expectation { case none, continue100, other }

    init(parsing bytes: ByteBuffer, fieldsMax: Int) throws(HTTPFault) {
        let line = try StartLine(bytes.readableBytesUInt8Span)
        var fields = HTTPFields(bytes: bytes)
        try fields.parseLines(from: line.length, fieldsMax: fieldsMax, strictNames: true)
        let span = bytes.readableBytesUInt8Span
        try Self.checkSingles(fields)
        let path = try Self.checkHost(fields, span, line)
        framing = try Self.framing(fields, span, line)
        (method, target, isAbsoluteForm, isHTTP10) = (line.method, path, path != line.target, line.isHTTP10)
        closes = line.isHTTP10 || fields.saysClose
        expectation = Self.expectation(fields, span)
        isHEAD = span.equals(line.method, "HEAD")
        self.fields = fields
    }

    var hasBody: Bool { framing != .none && framing != .length(0) }
    var methodText: String { fields.text(method) ?? "" }
}

/// Bytes of one caller's connection in, requests out. Everything it lets pass has exactly one meaning.
///
/// The narrow boundary of the HTTP/1.1 codec: nothing else reads the wire.
struct RequestParser {
    enum Part {
        case head(CallerHead)
        case body(ByteBuffer)
        case end
    }
    private let headBytesMax: Int
    private let fieldsMax: Int
    private var buffer = ByteBuffer()
    /// In place of what is done with, so that the channel may receive into that memory again. Each parser's own: event loops would
    /// contend for counting the references to one that all share.
    private let nothing = ByteBufferAllocator().buffer(capacity: 1)
    private var scanner = HeadScanner()
    private var body: BodyReader?

    init(headBytesMax: Int, fieldsMax: Int) {
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
    }

    /// Part of a message has come and its end has not.
    var isInsideMessage: Bool { body != nil || buffer.readableBytes > 0 }
    var isInsideBody: Bool { body != nil }
    var bufferedBytes: Int { buffer.readableBytes }

    mutating func feed(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            // What was taken off goes first, or a caller who is always ahead would make this grow for ever.
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// Lets go of everything received: for a connection that will not be read as HTTP any more.
    mutating func discard() { buffer = ByteBuffer() }

    /// What has come and was not read as HTTP yet, for whoever takes the connection over.
    mutating func takeBuffered() -> ByteBuffer {
        defer { buffer = ByteBuffer() }
        return buffer
    }

    /// Nil: more is needed. After a fault the connection is of no use but for the answer.
    mutating func next() throws(HTTPFault) -> Part? {
        if body != nil {
            switch try body?.next(from: &buffer) {
            case .bytes(let bytes): return .body(bytes)
            case .end:
                body = nil
                if buffer.readableBytes == 0 { buffer = nothing }
                return .end
            case nil: return nil
            }
        }
        guard buffer.readableBytes > 0 else { return nil }
        guard let length = try scanner.headLength(in: buffer) else {
            if buffer.readableBytes > headBytesMax { throw .headTooLarge }
            return nil
        }
        guard length <= headBytesMax, let bytes = buffer.readSlice(length: length) else { throw .headTooLarge }
        let head = try CallerHead(parsing: bytes, fieldsMax: fieldsMax)
        body = BodyReader(head.framing, refusesTrailers: true)
        return .head(head)
    }
}

extension CallerHead {
    private struct StartLine {
        var method: Range<Int>
        var target: Range<Int>
        var isHTTP10: Bool
        var isCONNECT: Bool
        var length: Int

        init(_ bytes: borrowing Span<UInt8>) throws(HTTPFault) {
            var i = 0
            while HTTPBytes.isNameByte(bytes[i]) { i += 1 }
            // PRI begins HTTP/2's preface and is no method (RFC 9113 §11.6).
            guard i > 0, i <= 32, bytes[i] == HTTPBytes.space, !bytes.equals(0..<i, "PRI") else { throw .badStartLine }
            method = 0..<i
            isCONNECT = bytes.equals(method, "CONNECT")
            let start = i + 1
            i = start
            while bytes[i] > HTTPBytes.space, bytes[i] < 0x7f, bytes[i] != UInt8(ascii: "#") { i += 1 }
            guard i > start, bytes[i] == HTTPBytes.space else { throw .badStartLine }
            target = start..<i
            // "HTTP/1.x\r\n"
            guard bytes.count >= i + 11, bytes.equals((i + 1)..<(i + 8), "HTTP/1."), bytes[i + 9] == HTTPBytes.cr,
                bytes[i + 10] == HTTPBytes.lf, bytes[i + 8] == UInt8(ascii: "1") || bytes[i + 8] == UInt8(ascii: "0")
            else { throw .badStartLine }
            isHTTP10 = bytes[i + 8] == UInt8(ascii: "0")
            length = i + 11
        }
    }

    private static func checkSingles(_ fields: HTTPFields) throws(HTTPFault) {
        guard !fields.isRepeated(.contentType), !fields.isRepeated(.contentEncoding),
            !fields.isNamedByConnection(.contentType), !fields.isNamedByConnection(.contentEncoding)
        else { throw .repeatedContentField }
    }

    /// Host once and sound; an absolute-form target must name the same authority. Returns where path and query are.
    private static func checkHost(
        _ fields: HTTPFields, _ span: borrowing Span<UInt8>, _ line: StartLine
    ) throws(HTTPFault) -> Range<Int> {
        let target = line.target
        if line.isCONNECT {
            for i in target where !isAuthorityByte(span[i]) { throw .badStartLine }
            // HTTP/1.0 knew no Host; a CONNECT in it says in its target all that Host could.
            if line.isHTTP10, !fields.contains(.host) { return target }
        }
        guard !fields.isRepeated(.host), let host = fields.first(.host), !host.isEmpty else { throw .badHost }
        for i in host where !isAuthorityByte(span[i]) { throw .badHost }
        if line.isCONNECT { return target }
        if span[target.lowerBound] == UInt8(ascii: "/") { return target }
        for scheme: StaticString in ["http://", "https://"] {
            let length = scheme.utf8CodeUnitCount
            guard target.count > length, span.matches(target.lowerBound..<(target.lowerBound + length), scheme) else {
                continue
            }
            let start = target.lowerBound + length
            var end = start
            while end < target.upperBound, span[end] != UInt8(ascii: "/"), span[end] != UInt8(ascii: "?") { end += 1 }
            var authority: [UInt8] = []
            for i in start..<end { authority.append(HTTPBytes.lowercased(span[i])) }
            guard span.matches(host, authority), end < target.upperBound, span[end] == UInt8(ascii: "/") else { throw .badHost }
            return end..<target.upperBound
        }
        // The server as a whole; anything else has no meaning (RFC 9112 §3.2).
        guard span.equals(line.method, "OPTIONS"), target.count == 1, span[target.lowerBound] == UInt8(ascii: "*") else {
            throw .badStartLine
        }
        return target
    }

    private static func isAuthorityByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func framing(
        _ fields: HTTPFields, _ span: borrowing Span<UInt8>, _ line: StartLine
    ) throws(HTTPFault) -> BodyReader.Framing {
        if let coding = fields.first(.transferEncoding) {
            // Exactly `chunked`, in lower case as every client sends it, no blank behind it: whatever else could be read two ways.
            guard !fields.isRepeated(.transferEncoding), !fields.contains(.contentLength), !line.isHTTP10, span.equals(coding, "chunked"),
                span[coding.upperBound] == HTTPBytes.cr
            else { throw .badTransferEncoding }
            // Some readers take what follows CONNECT for the tunnel, whatever its fields say (RFC 9110 §9.3.6).
            guard !line.isCONNECT else { throw .bodyOfCONNECT }
            return .chunked
        }
        guard let value = fields.first(.contentLength) else { return .none }
        guard !fields.isRepeated(.contentLength), let length = span.decimal(value), !span.hasTab(behind: value) else { throw .badLength }
        guard !line.isCONNECT || length == 0 else { throw .bodyOfCONNECT }
        return .length(length)
    }

    private static func expectation(_ fields: HTTPFields, _ span: borrowing Span<UInt8>) -> Expectation {
        guard let value = fields.first(.expect) else { return .none }
        guard !fields.isRepeated(.expect), span.matches(value, "100-continue") else { return .other }
        return .continue100
    }
}
