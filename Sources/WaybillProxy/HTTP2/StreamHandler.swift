import NIOCore
import NIOHPACK
import NIOHTTP2

/// One request of an HTTP/2 connection: gives it to the `CallerHandler` behind it as HTTP/1.1, and that one's answer back as frames.
final class StreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// What of the request is still to come.
    private enum Expecting: Equatable {
        case head
        case body(left: Int)
        case chunks
        /// It has been found malformed; what still comes is thrown away.
        case nothing
        case ended
    }
    private let connection: MultiplexedConnection
    private var expecting = Expecting.head
    /// What completes the request by its length, until the stream's end says that nothing else follows.
    private var held: ByteBuffer?
    private var isMalformed = false
    private var answer = StreamAnswer(toHEAD: false)
    /// Done when the last frame of the answer has been written, past all flow control.
    private var answered: EventLoopFuture<Void>?
    private var hasReset = false

    init(_ connection: MultiplexedConnection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) { connection.streamOpened() }

    func channelInactive(context: ChannelHandlerContext) {
        connection.streamClosed()
        context.fireChannelInactive()
    }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(HTTPFault) {
            switch unwrapInboundIn(data) {
            case .headers(let headers) where expecting == .head: try begin(headers.headers, isWhole: headers.endStream, context)
            case .headers(let headers): try end(trailers: headers.headers, context)
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                try receive(bytes, context)
                if data.endStream { try end(trailers: [:], context) }
            default: break
            }
        } catch {
            isMalformed = true
            if expecting != .ended { expecting = .nothing }
            if !answer.hasEnded { context.fireUserInboundEventTriggered(error) }
        }
    }

    private func begin(_ headers: HPACKHeaders, isWhole: Bool, _ context: ChannelHandlerContext) throws(HTTPFault) {
        expecting = isWhole ? .ended : .nothing
        let head = try StreamHead(headers)
        answer = StreamAnswer(toHEAD: head.isHEAD)
        if isWhole {
            guard head.length ?? 0 == 0 else { throw .lengthUnlikeData }
        } else {
            expecting = head.length.map { .body(left: $0) } ?? .chunks
        }
        var out = context.channel.allocator.buffer(capacity: 1_024)
        head.write(to: &out, isChunked: expecting == .chunks)
        pass(out, isLast: expecting == .body(left: 0), context)
    }

    private func pass(_ bytes: ByteBuffer, isLast: Bool, _ context: ChannelHandlerContext) {
        if isLast { held = bytes } else { context.fireChannelRead(wrapInboundOut(bytes)) }
    }

    private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) throws(HTTPFault) {
        guard bytes.readableBytes > 0 else { return }
        switch expecting {
        case .body(let left):
            guard bytes.readableBytes <= left else { throw .lengthUnlikeData }
            expecting = .body(left: left - bytes.readableBytes)
            pass(bytes, isLast: left == bytes.readableBytes, context)
        case .chunks:
            context.fireChannelRead(wrapInboundOut(ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")))
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelRead(wrapInboundOut(ByteBuffer(staticString: "\r\n")))
        case .head, .nothing, .ended: break
        }
    }

    /// Trailers are checked as those of chunks are, and dropped.
    private func end(trailers: HPACKHeaders, _ context: ChannelHandlerContext) throws(HTTPFault) {
        let expected = expecting
        expecting = .ended
        switch expected {
        case .body(let left):
            guard left == 0 else { throw .lengthUnlikeData }
            for (name, value, _) in trailers { try StreamHead.checkTrailer(name, value) }
            if let held { context.fireChannelRead(wrapInboundOut(held)) }
            held = nil
        case .chunks:
            for (name, value, _) in trailers { try StreamHead.checkTrailer(name, value) }
            context.fireChannelRead(wrapInboundOut(ByteBuffer(staticString: "0\r\n\r\n")))
        case .head, .nothing, .ended: break
        }
    }

    // MARK: The answer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data)
        if bytes.readableBytes > 0, !hasReset {
            do throws(AnswerFault) {
                for frame in try answer.take(bytes) { write(frame, context) }
            } catch {
                reset(.internalError, context, promise: nil)
            }
        }
        guard let promise else { return }
        if let answered { answered.cascade(to: promise) } else { promise.succeed() }
    }

    private func write(_ frame: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
        guard frame.endsStream else { return context.write(wrapOutboundOut(frame), promise: nil) }
        let promise = context.eventLoop.makePromise(of: Void.self)
        answered = promise.futureResult
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard !hasReset else {
            promise?.succeed()
            return
        }
        switch mode {
        case .output where answer.hasEnded && expecting == .ended: promise?.succeed()  // the stream closes by itself
        case .output where answer.hasEnded: reset(isMalformed ? .protocolError : .noError, context, promise: promise)
        case .all where !answer.hasBegun && expecting == .head: reset(.refusedStream, context, promise: promise)
        case .all where answer.hasEnded: context.close(mode: mode, promise: promise)
        case .output, .all: reset(.internalError, context, promise: promise)
        case .input: context.close(mode: mode, promise: promise)
        }
    }

    /// The caller must see that this was no proper end.
    private func reset(_ code: HTTP2ErrorCode, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        hasReset = true
        context.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: promise)
    }
}

extension HTTP2Frame.FramePayload {
    fileprivate var endsStream: Bool {
        switch self {
        case .headers(let headers): headers.endStream
        case .data(let data): data.endStream
        default: false
        }
    }
}
