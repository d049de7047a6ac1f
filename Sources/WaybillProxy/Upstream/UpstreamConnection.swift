import NIOCore
import NIOSSL
import NIOTLS

/// Whoever waits for a vendor's answer. Called on the event loop of both.
protocol UpstreamDelegate: AnyObject {
    func upstreamWrote(_ connection: UpstreamConnection, isComplete: Bool)
    func upstreamAnswered(_ connection: UpstreamConnection, head: AnswerHead)
    func upstreamAnswered(_ connection: UpstreamConnection, bytes: ByteBuffer)
    func upstreamFinished(_ connection: UpstreamConnection)
    /// All that came at once has been handed over.
    func upstreamPaused(_ connection: UpstreamConnection)
    /// Nothing more comes; the connection is closed.
    func upstreamFailed(_ connection: UpstreamConnection, fault: AnswerFault?)
}

/// One verified connection to a vendor: writes one request at a time, hands its answer to the delegate.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum State { case connecting, idle, checkedOut, busy, closed }
    private static let pieceBytesMax = 128 * 1_024

    private let isTLS: Bool
    private let clock: LoopClock
    private var parser: AnswerParser
    private var context: ChannelHandlerContext?
    private(set) var state = State.connecting
    /// Body bytes handed to the socket.
    private(set) var sentBodyBytes = 0
    private var unsent = ByteBuffer()
    private var closesAfterAnswer = false
    private var readHeld = false
    private var isPaused = false
    private var tlsFailed = false
    /// From `checkOut` until the answer, the connection or the exchange ends. Not weak, because weak references make every retain of
    /// what they point to slow.
    private var delegate: (any UpstreamDelegate)?
    /// Set by the pool; told once whether the connection is verified and usable.
    var onReady: ((Result<Void, ConnectFault>) -> Void)?
    /// Set by the pool, once the connection is verified; until it ends.
    var home: UpstreamPool.Destination?
    /// When the pool closes it if it is still idle, or still connecting.
    var deadline = NIODeadline.distantFuture

    init(isTLS: Bool, limits: ProxyLimits, clock: LoopClock) {
        self.isTLS = isTLS
        self.clock = clock
        parser = AnswerParser(
            headBytesMax: limits.answerHeadBytesMax, fieldsMax: limits.fieldsMax, interimMax: limits.interimAnswersMax)
    }

    var isUsable: Bool { state == .checkedOut || state == .idle }
    /// The whole request has been handed to the socket.
    var hasWrittenAll: Bool { unsent.readableBytes == 0 }

    // MARK: What the pool and the exchange call

    func checkOut(_ delegate: any UpstreamDelegate) {
        state = .checkedOut
        self.delegate = delegate
    }

    func becomeIdle(until deadline: NIODeadline) {
        delegate = nil
        state = .idle
        self.deadline = deadline
        resumeReading()
    }

    /// Writes the first byte of a recorded transfer, and all others as fast as the vendor takes them. A small body joins `head`.
    func send(head: inout ByteBuffer, body: [UInt8], isHEAD: Bool) {
        guard let context, state == .checkedOut else { return }
        state = .busy
        parser.begin(answersHEAD: isHEAD)
        if body.count <= OutputBuffers.inlineBodyBytesMax {
            sentBodyBytes = body.count
            head.put(body)
            context.writeAndFlush(wrapOutboundOut(head), promise: nil)
        } else {
            sentBodyBytes = 0
            unsent = context.channel.allocator.buffer(bytes: body)
            context.write(wrapOutboundOut(head), promise: nil)
            writeMore(context)
        }
        delegate?.upstreamWrote(self, isComplete: hasWrittenAll)
    }

    func pauseReading() { isPaused = true }

    func resumeReading() {
        isPaused = false
        guard readHeld else { return }
        readHeld = false
        context?.read()
    }

    func close() {
        delegate = nil
        context?.close(promise: nil)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if !isTLS { becomeReady() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { becomeReady() }
        context.fireUserInboundEventTriggered(event)
    }

    private func becomeReady() {
        guard state == .connecting else { return }
        state = .idle
        let onReady = onReady
        self.onReady = nil
        onReady?(.success(()))
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            readHeld = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .closed else { return }
        clock.touch()
        parser.feed(unwrapInboundIn(data))
        do throws(AnswerFault) {
            while state != .closed, let part = try parser.next() { handle(part) }
        } catch {
            fail(error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        delegate?.upstreamPaused(self)
        context.fireChannelReadComplete()
    }

    private func handle(_ part: AnswerParser.Part) {
        switch part {
        case .head(let head):
            closesAfterAnswer = head.closes
            delegate?.upstreamAnswered(self, head: head)
        case .body(let bytes):
            delegate?.upstreamAnswered(self, bytes: bytes)
        case .end:
            finish()
        }
    }

    private func finish() {
        let delegate = delegate
        self.delegate = nil
        if closesAfterAnswer || !hasWrittenAll || parser.hasLeftOvers {
            state = .closed
            context?.close(promise: nil)
        } else {
            state = .checkedOut
        }
        delegate?.upstreamFinished(self)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.touch()
        if context.channel.isWritable, !hasWrittenAll {
            writeMore(context)
            delegate?.upstreamWrote(self, isComplete: hasWrittenAll)
        }
        context.fireChannelWritabilityChanged()
    }

    private func writeMore(_ context: ChannelHandlerContext) {
        while state == .busy, context.channel.isWritable, unsent.readableBytes > 0 {
            guard let piece = unsent.readSlice(length: min(Self.pieceBytesMax, unsent.readableBytes)) else { break }
            sentBodyBytes += piece.readableBytes
            context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        clock.touch()
        // A vendor that closes without close_notify after a framed answer is common and harmless: framing decides, not TLS.
        if case .uncleanShutdown = error as? NIOSSLError, !parser.endsWithClose { return }
        tlsFailed = isTLS && state == .connecting
        fail(nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        clock.touch()
        if state == .busy, parser.endsWithClose {
            closesAfterAnswer = true
            finish()
        }
        fail(nil)
        context.fireChannelInactive()
        home?.left(self)
        home = nil
    }

    private func fail(_ fault: AnswerFault?) {
        guard state != .closed else { return }
        let wasConnecting = state == .connecting
        state = .closed
        let (delegate, onReady) = (delegate, onReady)
        self.delegate = nil
        self.onReady = nil
        context?.close(promise: nil)
        if wasConnecting { onReady?(.failure(isTLS ? .tlsFailed : .unreachable)) }
        delegate?.upstreamFailed(self, fault: fault)
    }

    /// The pool's look at the clock.
    func tick(now: NIODeadline) {
        guard state == .idle || state == .connecting, now >= deadline else { return }
        if state == .connecting {
            state = .closed
            let onReady = onReady
            self.onReady = nil
            context?.close(promise: nil)
            onReady?(.failure(.timedOut))
        } else {
            fail(nil)
        }
    }
}
