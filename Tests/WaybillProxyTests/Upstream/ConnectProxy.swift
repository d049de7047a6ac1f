import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import WaybillTesting

/// A small real CONNECT proxy on loopback that does as it is told.
final class ConnectProxy: Sendable {
    enum Behaviour: Sendable, Equatable {
        /// Answers 200 and leads to this port.
        case tunnel(port: Int)
        /// Answers with these bytes, and leads to this port all the same.
        case answer(String, port: Int)
        /// Sends these bytes and nothing more.
        case half(String)
        case silent
        case close
    }
    struct Seen {
        var requests: [String] = []
        var bytesAfterRequest = 0
    }
    final class Record: Sendable {
        let seen = Mutex(Seen())
    }
    private let record: Record
    private let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }
    var requests: [String] { record.seen.withLock { $0.requests } }
    var bytesAfterRequest: Int { record.seen.withLock { $0.bytesAfterRequest } }

    static func start(_ behaviour: Behaviour, identity: TestAuthority.Identity? = nil) async throws -> ConnectProxy {
        let tls = try identity.map { identity in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8)).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.keyPEM.utf8), format: .pem))))
        }
        let record = Record()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(ConnectHandler(behaviour, record))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ConnectProxy(record, channel)
    }

    private init(_ record: Record, _ channel: any Channel) {
        self.record = record
        self.channel = channel
    }

    func stop() async throws { try await channel.close() }
}

private final class ConnectHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let behaviour: ConnectProxy.Behaviour
    private let record: ConnectProxy.Record
    private var received = ""
    private var peer: (any Channel)?
    private var waiting: [ByteBuffer] = []
    private var isAsked = false
    private var leadsTo: Int?

    init(_ behaviour: ConnectProxy.Behaviour, _ record: ConnectProxy.Record) {
        self.behaviour = behaviour
        self.record = record
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isAsked else {
            record.seen.withLock { $0.bytesAfterRequest += bytes.readableBytes }
            if let peer {
                peer.writeAndFlush(bytes, promise: nil)
            } else {
                waiting.append(bytes)
                if waiting.count == 1 { lead(context) }
            }
            return
        }
        received += String(buffer: bytes)
        guard received.hasSuffix("\r\n\r\n") else { return }
        isAsked = true
        record.seen.withLock { $0.requests.append(received) }
        switch behaviour {
        case .tunnel(let port):
            leadsTo = port
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")), promise: nil)
        case .answer(let text, let port):
            leadsTo = port
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .half(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .silent: break
        case .close: context.close(promise: nil)
        }
    }

    /// Only when the first byte comes, so that a refused answer leaves the vendor untouched.
    private func lead(_ context: ChannelHandlerContext) {
        guard let leadsTo else { return }
        let caller = context.channel
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Relay(caller)) }
            }
            .connect(host: "127.0.0.1", port: leadsTo)
            .assumeIsolated()
            .whenSuccess { channel in
                bound.value.peer = channel
                for bytes in bound.value.waiting { channel.writeAndFlush(bytes, promise: nil) }
                bound.value.waiting = []
            }
    }

    func channelInactive(context: ChannelHandlerContext) { peer?.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let caller: any Channel
    init(_ caller: any Channel) { self.caller = caller }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { caller.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    func channelInactive(context: ChannelHandlerContext) { caller.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
