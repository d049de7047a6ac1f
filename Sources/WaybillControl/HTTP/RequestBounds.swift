import NIOCore
import NIOSSL

/// Closes a connection whose request is too large or takes too long, whatever the HTTP above makes of it.
///
/// Stands nearest to the socket but for TLS, whose own words are no answer: with a ticket or a change of keys it would otherwise end the
/// waiting. A request ends where an answer's bytes are written; if nothing comes after that, not even the rest of a body that was answered before its
/// end, the connection ends too. A request that keeps coming at `bytesPerSecondMin` or faster is given the time it needs, up to `bytesMax`.
final class RequestBounds: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// An event from above: the request is permitted, and its answer may take so long from now on.
    struct Extension: Sendable { var seconds: Int }

    static let bytesPerSecondMin = 64 * 1_024

    private let bytesMax: Int
    private let patience: TimeAmount
    private let idle: TimeAmount
    private var bytes = 0
    private var writes = 0
    private var timer: Scheduled<Void>?
    /// The timer is for a connection on which nothing is under way.
    private var isIdle = false
    /// When what is under way must be over, but for what it has brought since.
    private var deadline = NIODeadline.distantFuture

    init(bytesMax: Int, patience: TimeAmount, idle: TimeAmount) {
        self.bytesMax = bytesMax
        self.patience = patience
        self.idle = idle
    }

    /// A connection that never says anything is not waited for either.
    func handlerAdded(context: ChannelHandlerContext) { start(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytes
        guard bytes <= bytesMax else { return context.close(promise: nil) }
        start(context)
        context.fireChannelRead(data)
    }

    /// Told when the bytes are with the kernel: whoever does not read the answer is not waited for.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        writes += 1
        start(context)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        written.futureResult.assumeIsolated().whenSuccess {
            self.bytes = 0
            self.writes -= 1
            self.stop()
            if self.writes > 0 { self.start(bound.value) } else { self.rest(bound.value) }
        }
        context.write(data, promise: written)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let more = event as? Extension else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if timer != nil, !isIdle { deadline = max(deadline, .now() + .seconds(Int64(more.seconds))) }
        promise?.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func start(_ context: ChannelHandlerContext) {
        if isIdle { stop() }
        guard timer == nil else { return }
        deadline = .now() + patience
        wait(context)
    }

    private func rest(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        isIdle = true
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: idle) { context.close(promise: nil) }
    }

    /// Looks again when the time is over: it may have been given more.
    private func wait(_ context: ChannelHandlerContext) {
        let due = deadline + .milliseconds(Int64(bytes / (Self.bytesPerSecondMin / 1_000)))
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            let now = self.deadline + .milliseconds(Int64(self.bytes / (Self.bytesPerSecondMin / 1_000)))
            if now > due { self.wait(context) } else { context.close(promise: nil) }
        }
    }

    private func stop() {
        timer?.cancel()
        (timer, isIdle) = (nil, false)
    }
}

/// Counts the connection, and puts `RequestBounds` before everything that reads HTTP, from the place where Hummingbird lets one add handlers.
final class BoundsInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    private let bounds: RequestBounds
    private let connections: PeerConnections
    private let isTLS: Bool
    /// Nil: not counted, or not any more.
    private var place: String?

    init(_ bounds: RequestBounds, _ connections: PeerConnections, isTLS: Bool) {
        self.bounds = bounds
        self.isTLS = isTLS
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if let place = connections.place(of: context.channel) {
            guard connections.enter(place) else { return context.close(promise: nil) }
            self.place = place
        }
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(bounds, position: isTLS ? .after(try pipeline.handler(type: NIOSSLServerHandler.self)) : .first)
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    private func leave() {
        if let place { connections.leave(place) }
        place = nil
    }
}
