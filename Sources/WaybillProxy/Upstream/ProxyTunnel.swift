import NIOCore
import NIOTLS

/// Asks a proxy for a tunnel and reads its answer strictly: exactly 200, its head within limits, and not a byte after it.
///
/// Told once by `onEnd`, on success still in the pipeline: whoever is told adds what speaks through the tunnel, and removes this.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    static let headBytesMax = 16 * 1_024
    static let fieldsMax = 100
    static let interimMax = 1

    private let request: String
    private let isTLS: Bool
    private var parser = AnswerParser(headBytesMax: headBytesMax, fieldsMax: fieldsMax, interimMax: interimMax)
    private var onEnd: ((Result<Void, ConnectFault>) -> Void)?
    private var isWaiting = true

    /// `isTLS`: the proxy itself is spoken to by TLS, whose handshake comes first.
    init(request: String, isTLS: Bool, onEnd: @escaping (Result<Void, ConnectFault>) -> Void) {
        self.request = request
        self.isTLS = isTLS
        self.onEnd = onEnd
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isTLS { ask(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { return ask(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func ask(_ context: ChannelHandlerContext) {
        // The answer has no body whatever its fields say, like one to HEAD.
        parser.begin(answersHEAD: true)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isWaiting else { return context.fireChannelRead(data) }
        parser.feed(unwrapInboundIn(data))
        do throws(AnswerFault) {
            while isWaiting, let part = try parser.next() {
                if case .head(let head) = part {
                    guard head.status == 200, !parser.hasLeftOvers else { return end(context, .failure(.proxyRefused)) }
                    end(context, .success(()))
                }
            }
        } catch {
            end(context, .failure(.proxyRefused))
        }
    }

    /// Too slow.
    func timeOut(context: ChannelHandlerContext) { end(context, .failure(.timedOut)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard isWaiting else { return context.fireErrorCaught(error) }
        end(context, .failure(.proxyUnreachable))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, .failure(.proxyRefused))
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, _ result: Result<Void, ConnectFault>) {
        guard let onEnd else { return }
        self.onEnd = nil
        isWaiting = false
        if case .failure = result { context.close(promise: nil) }
        onEnd(result)
    }
}
