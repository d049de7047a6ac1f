import NIOCore
import NIOHPACK
import NIOHTTP2

/// Turns the HTTP/1.1 answer that `CallerHandler` writes into a stream's frames. It reads our own writing, so limits do not matter.
struct StreamAnswer {
    private(set) var hasBegun = false
    private(set) var hasEnded = false
    private var parser = AnswerParser(headBytesMax: .max, fieldsMax: .max, interimMax: 0)
    private var isHeadSent = false
    private var frames: [HTTP2Frame.FramePayload] = []
    /// The last piece of body, until it is known whether the stream ends with it.
    private var piece: ByteBuffer?

    private static let interim = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")

    init(toHEAD: Bool) { parser.begin(answersHEAD: toHEAD) }

    /// The frames `bytes` complete, in order. Throws for what `CallerHandler` never writes.
    mutating func take(_ bytes: ByteBuffer) throws(AnswerFault) -> [HTTP2Frame.FramePayload] {
        defer { frames = [] }
        if !hasBegun, bytes == Self.interim { return [.headers(.init(headers: [":status": "100"]))] }
        hasBegun = true
        parser.feed(bytes)
        while !hasEnded, let part = try parser.next() {
            switch part {
            case .head(let head): append(head)
            case .body(let bytes):
                flushPiece(endsStream: false)
                piece = bytes
            case .end:
                hasEnded = true
                if isHeadSent { flushPiece(endsStream: true) }
            }
        }
        flushPiece(endsStream: false)
        return frames
    }

    private mutating func append(_ head: AnswerHead) {
        var headers = HPACKHeaders()
        headers.reserveCapacity(head.fields.lines.count + 1)
        headers.add(name: ":status", value: String(head.status))
        for line in head.fields.lines where !line.known.isHopByHop {
            // A value that is no text cannot be said here, and is left out rather than changed.
            guard let name = head.fields.text(line.name), let value = head.fields.text(line.value) else { continue }
            headers.add(name: name.lowercased(), value: value)
        }
        let isAll = head.framing == .none || head.framing == .length(0)
        frames.append(.headers(.init(headers: headers, endStream: isAll)))
        isHeadSent = !isAll
    }

    private mutating func flushPiece(endsStream: Bool) {
        guard let bytes = piece ?? (endsStream ? ByteBuffer() : nil) else { return }
        piece = nil
        frames.append(.data(.init(data: .byteBuffer(bytes), endStream: endsStream)))
    }
}
