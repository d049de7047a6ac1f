import Logging
import NIOCore
import NIOSSL
import NIOTLS
import WaybillCore
import WaybillLedger

/// Waits until a caller's TLS stands, then makes room for what reads requests. Lets go of callers who do not get that far in time.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, CallerConnection {
    typealias InboundIn = ByteBuffer

    private let loop: LoopContext
    private let connections: ConnectionCount
    private var entrance: Entrance
    private var tls: NIOSSLServerHandler?
    private var context: ChannelHandlerContext?
    private let deadline: NIODeadline
    private var isOver = false

    /// `tls` nil: `begin` will be called.
    init(_ pipeline: CallerPipeline, tls: NIOSSLServerHandler? = nil) {
        loop = pipeline.loop
        connections = pipeline.connections
        entrance = pipeline.entrance
        self.tls = tls
        deadline = .now() + .milliseconds(Int64(pipeline.loop.limits.callerHandshakeMillisecondsMax))
    }

    /// The ClientHello has come. A wrong or missing server name ends in 421 for every request, because only HTTP can say why.
    ///
    /// Clients that reach a vendor by its name always send it; without it there is nothing to hold against `CONNECT`.
    func begin(_ tls: NIOSSLContext, serverName: SNIResult) {
        guard let context, case .tunnel(var tunnel) = entrance.kind else { return }
        if case .hostname(let name) = serverName { tunnel.isServerNameRight = name.lowercased() == tunnel.origin.host }
        entrance.kind = .tunnel(tunnel)
        let handler = NIOSSLServerHandler(context: tls)
        self.tls = handler
        do {
            try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
        } catch {
            fail(error)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let negotiated) = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        if let certificate = tls?.peerCertificate {
            entrance.shown.append(.certificate(names: CertificateNames.read(certificate)))
        }
        do {
            let pipeline = CallerPipeline(loop: loop, connections: connections, entrance: entrance)
            try pipeline.serve(context.channel, protocol: negotiated)
            isOver = true
            loop.remove(self)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            fail(error)
        }
    }

    /// Nothing but TLS may come, and TLS keeps what follows its handshake.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(error) }

    /// A client that breaks off here usually does not trust the gate's CA. The alert it sends to say so often cannot be read any more.
    private func fail(_ error: (any Error)?) {
        guard !isOver else { return }
        isOver = true
        let reason: Logger.MetadataValue =
            switch error {
            case nil: "timed_out"
            case ChannelError.eof?: "closed"
            default: "handshake_failed"
            }
        if case .tunnel(let tunnel) = entrance.kind {
            loop.state.recorder.count(refused: "tls_handshake_failed")
            let policy = loop.state.policy.gate.policy
            let caller = CallerAuthentication.caller(entrance.shown, policy: policy).map { policy[$0].id } ?? ""
            loop.logger.info(
                "TLS in a tunnel failed; the caller may not trust the gate's CA",
                metadata: ["caller": "\(caller)", "destination": "\(tunnel.origin.host)", "reason": reason])
        } else {
            loop.logger.debug("a caller's TLS failed", metadata: ["reason": reason])
        }
        context?.close(promise: nil)
    }

    // MARK: Channel and loop

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        // A channel that was closed before this was added tells of it no more.
        loop.remove(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
        loop.remove(self)
        context.fireChannelInactive()
    }

    func tick(now: NIODeadline) {
        if now >= deadline { fail(nil) }
    }

    func stop() { abort() }

    func abort() {
        isOver = true
        context?.close(promise: nil)
    }
}
