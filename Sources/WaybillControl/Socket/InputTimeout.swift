import NIOCore

/// Closes a connection whose sender keeps the reader waiting. Time counts only while a read is wanted, so a command that works,
/// or input that waits for a slow command, never times out.
final class InputTimeout: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    struct Expired: Error {}

    private let first: TimeAmount
    private let later: TimeAmount
    private var hasRead = false
    private var timer: Scheduled<Void>?

    init(first: TimeAmount, later: TimeAmount) {
        self.first = first
        self.later = later
    }

    func read(context: ChannelHandlerContext) {
        if timer == nil {
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: hasRead ? later : first) {
                context.fireErrorCaught(Expired())
                context.close(promise: nil)
            }
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        stop()
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { stop() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}
