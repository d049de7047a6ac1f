import NIOCore

/// A caller that ends its sending side has said all it will: what came whole is served and answered, what came half is nothing.
extension CallerHandler {
    /// Sockets only; other channels have no such half.
    func allowHalfClose(_ allows: Bool, _ context: ChannelHandlerContext) {
        guard context.channel is any SocketOptionProvider else { return }
        do { try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: allows) } catch { context.close(promise: nil) }
    }

    func inputClosed() {
        hasInputEnded = true
        pump()
    }

    /// More is wanted and nothing more comes.
    func inputEnded() {
        switch reading {
        case .head: endConnection()
        case .body: context?.close(promise: nil)
        case .refusedBody: writeRefusal(closes: true)
        case .held, .discarding: break
        }
    }
}
