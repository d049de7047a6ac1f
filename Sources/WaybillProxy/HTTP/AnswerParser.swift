import NIOCore

/// A vendor's final answer, head only. A class: many steps look at it.
final class AnswerHead {
    let fields: HTTPFields
    let status: Int
    let framing: BodyReader.Framing
    /// The connection is of no use afterwards.
    let closes: Bool

    init(parsing bytes: ByteBuffer, fieldsMax: Int, answersHEAD: Bool) throws(HTTPFault) {
        let span = bytes.readableBytesUInt8Span
        // "HTTP/1.x nnn"
        guard span.count >= 14, span.equals(0..<7, "HTTP/1."), span[8] == HTTPBytes.space,
            span[7] == UInt8(ascii: "1") || span[7] == UInt8(ascii: "0"), let status = span.decimal(9..<12), (100...599).contains(status)
        else { throw .badStartLine }
        var i = 12
        while HTTPBytes.isValueByte(span[i]) { i += 1 }
        guard span[i] == HTTPBytes.cr, span[i + 1] == HTTPBytes.lf, i == 12 || span[12] == HTTPBytes.space else { throw .badStartLine }
        var fields = HTTPFields(bytes: bytes)
        try fields.parseLines(from: i + 2, fieldsMax: fieldsMax, strictNames: false)
        let isHTTP10 = span[7] == UInt8(ascii: "0")
        framing = try Self.framing(fields, span, status: status, answersHEAD: answersHEAD, isHTTP10: isHTTP10)
        closes = isHTTP10 || framing == .untilClose || fields.saysClose
        self.status = status
        self.fields = fields
    }
}

/// Why a vendor's answer cannot be passed on; each is the vendor's fault (502).
enum AnswerFault: String, Error {
    case malformed = "vendor_answer_malformed"
    case headTooLarge = "vendor_answer_head_too_large"
    case tooManyInterim = "vendor_answer_interim"
    case unknownTransferCoding = "vendor_answer_transfer_coding"
    case partialContent = "vendor_answer_partial_content"
    case tooEarly = "vendor_answer_unasked"
}

/// Bytes of one vendor's connection in, one answer out per `begin`.
struct AnswerParser {
    enum Part {
        case head(AnswerHead)
        case body(ByteBuffer)
        case end
    }
    private let headBytesMax: Int
    private let fieldsMax: Int
    private let interimMax: Int
    private var buffer = ByteBuffer()
    /// In place of what is done with, so that the channel may receive into that memory again. Each parser's own: event loops would
    /// contend for counting the references to one that all share.
    private let nothing = ByteBufferAllocator().buffer(capacity: 1)
    private var scanner = HeadScanner()
    private var body: BodyReader?
    private var isUntilClose = false
    private var interim = 0
    private var expectsAnswer = false
    private var answersHEAD = false

    init(headBytesMax: Int, fieldsMax: Int, interimMax: Int) {
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
        self.interimMax = interimMax
    }

    /// Bytes that belong to no answer make the connection unusable.
    var hasLeftOvers: Bool { buffer.readableBytes > 0 }

    mutating func begin(answersHEAD: Bool) {
        self.answersHEAD = answersHEAD
        expectsAnswer = true
        interim = 0
        body = nil
        isUntilClose = false
    }

    mutating func feed(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The vendor closed. True: that was the proper end of a body without length.
    var endsWithClose: Bool { isUntilClose }

    mutating func next() throws(AnswerFault) -> Part? {
        guard expectsAnswer else {
            if buffer.readableBytes > 0 { throw .tooEarly }
            return nil
        }
        while body == nil {
            guard let head = try nextHead() else { return nil }
            if (100...199).contains(head.status) {
                interim += 1
                // Who says that the connection ends here, or speaks HTTP/1.0, sends no final answer behind it.
                guard !head.closes else { throw .malformed }
                guard head.status != 101, interim <= interimMax else { throw .tooManyInterim }
                continue
            }
            body = BodyReader(head.framing, refusesTrailers: false)
            isUntilClose = head.framing == .untilClose
            return .head(head)
        }
        do throws(HTTPFault) {
            switch try body?.next(from: &buffer) {
            case .bytes(let bytes): return .body(bytes)
            case .end:
                expectsAnswer = false
                body = nil
                if buffer.readableBytes == 0 { buffer = nothing }
                return .end
            case nil: return nil
            }
        } catch {
            throw .malformed
        }
    }

    private mutating func nextHead() throws(AnswerFault) -> AnswerHead? {
        do throws(HTTPFault) {
            guard let length = try scanner.headLength(in: buffer) else {
                if buffer.readableBytes > headBytesMax { throw .headTooLarge }
                return nil
            }
            guard length <= headBytesMax, let bytes = buffer.readSlice(length: length) else { throw .headTooLarge }
            return try AnswerHead(parsing: bytes, fieldsMax: fieldsMax, answersHEAD: answersHEAD)
        } catch {
            if error == .headTooLarge { throw .headTooLarge }
            throw error == .badTransferEncoding ? .unknownTransferCoding : .malformed
        }
    }
}

extension AnswerHead {
    /// RFC 9112 §6.3, without its leniencies.
    private static func framing(
        _ fields: HTTPFields, _ span: borrowing Span<UInt8>, status: Int, answersHEAD: Bool, isHTTP10: Bool
    ) throws(HTTPFault) -> BodyReader.Framing {
        if let coding = fields.first(.transferEncoding) {
            guard !fields.isRepeated(.transferEncoding), !fields.contains(.contentLength), !isHTTP10, span.matches(coding, "chunked"),
                span[coding.upperBound] == HTTPBytes.cr
            else { throw .badTransferEncoding }
            return answersHEAD || hasNoBody(status) ? .none : .chunked
        }
        guard let value = fields.first(.contentLength) else { return answersHEAD || hasNoBody(status) ? .none : .untilClose }
        guard !fields.isRepeated(.contentLength), let length = span.decimal(value), !span.hasTab(behind: value) else { throw .badLength }
        return answersHEAD || hasNoBody(status) ? .none : .length(length)
    }

    private static func hasNoBody(_ status: Int) -> Bool { (100...199).contains(status) || status == 204 || status == 304 }
}
