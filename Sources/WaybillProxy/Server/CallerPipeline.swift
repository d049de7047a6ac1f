import NIOCore
import NIOSSL
import NIOTLS
import WaybillCore

/// Puts on a caller's channel what serves it. Its place in `connections` is taken, and given back when the channel closes.
struct CallerPipeline {
    let loop: LoopContext
    let connections: ConnectionCount
    let entrance: Entrance

    /// A new connection of a listener. `tls` nil: plain HTTP.
    func accept(_ channel: any Channel, tls: NIOSSLContext?) throws {
        guard let tls else { return try serve(channel, protocol: nil) }
        let handler = NIOSSLServerHandler(context: tls)
        try channel.pipeline.syncOperations.addHandlers(handler, HandshakeHandler(self, tls: handler))
    }

    /// Behind a `CONNECT` that was answered. TLS begins once the ClientHello's server name is known.
    func intercept(on channel: any Channel, tls: NIOSSLContext) throws {
        let handshake = HandshakeHandler(self)
        let reader = SNIHandler { name in
            handshake.begin(tls, serverName: name)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        try channel.pipeline.syncOperations.addHandlers(ByteToMessageHandler(reader), handshake)
    }

    /// What reads requests; the one place where the protocol agreed on by ALPN decides. Nil: none was.
    func serve(_ channel: any Channel, protocol: String?) throws {
        if `protocol` == "h2" { return try MultiplexedConnection.serve(channel, self) }
        try channel.pipeline.syncOperations.addHandler(CallerHandler(loop: loop, connections: connections, entrance: entrance))
    }

    static func leaf(for origin: Origin, from leaves: any LeafIssuer) throws(Refusal) -> NIOSSLContext {
        do throws(LeafFault) {
            return try leaves.context(for: origin.host)
        } catch {
            switch error {
            case .notPermitted: throw .interceptionNotPermitted
            case .failed: throw .interceptionUnavailable
            }
        }
    }
}
