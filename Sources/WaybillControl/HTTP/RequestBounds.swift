import NIOCore

/// Closes a connection whose request is too large or takes too long, whatever the HTTP above makes of it.
///
/// Stands nearest to the socket, so with TLS it counts what is encrypted. A request ends where an answer's bytes are written.
final class RequestBounds: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let bytesMax: Int
    private let patience: TimeAmount
    private var bytes = 0
    private var timer: Scheduled<Void>?

    init(bytesMax: Int, patience: TimeAmount) {
        self.bytesMax = bytesMax
        self.patience = patience
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
        written.futureResult.assumeIsolated().whenSuccess {
            self.bytes = 0
            self.stop()
        }
        context.write(data, promise: written)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func start(_ context: ChannelHandlerContext) {
        guard timer == nil else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}

/// Puts `RequestBounds` before everything else, from the place where Hummingbird lets one add handlers.
final class BoundsInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    private let bounds: RequestBounds

    init(_ bounds: RequestBounds) { self.bounds = bounds }

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(bounds, position: .first)
        } catch {
            context.close(promise: nil)
        }
    }
}
