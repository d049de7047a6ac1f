import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// One TLS handshake over real sockets between a server and a client that trusts only what it is given.
enum Handshake {
    struct Outcome: Sendable {
        var application: String?
        var certificate: NIOSSLCertificate
        var version: TLSVersion?
    }
    static let millisecondsMax: Int64 = 5_000

    /// Throws what the client threw.
    static func run(
        server: NIOSSLContext, host: String, trust: [String], offers: [String] = ["http/1.1"], newest: TLSVersion? = nil
    ) async throws -> Outcome {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: server), Swallow())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try trust.flatMap { try NIOSSLCertificate.fromPEMBytes(Array($0.utf8)) })
        configuration.applicationProtocols = offers
        if let newest { configuration.maximumTLSVersion = newest }
        let context = try NIOSSLContext(configuration: configuration)
        do {
            let outcome = try await connect(to: listener.localAddress?.port ?? 0, context, host)
            try await listener.close()
            return outcome
        } catch {
            try await listener.close()
            throw error
        }
    }

    private static func connect(to port: Int, _ context: NIOSSLContext, _ host: String) async throws -> Outcome {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: Outcome.self)
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: host)
                    try channel.pipeline.syncOperations.addHandlers(tls, Witness(promise))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        eventLoop.scheduleTask(in: .milliseconds(millisecondsMax)) {
            promise.fail(ChannelError.connectTimeout(.milliseconds(millisecondsMax)))
        }
        let result = await promise.futureResult.result()
        channel.close(promise: nil)
        return try result.get()
    }
}

extension EventLoopFuture where Value: Sendable {
    fileprivate func result() async -> Result<Value, any Error> {
        do { return .success(try await get()) } catch { return .failure(error) }
    }
}

private final class Witness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<Handshake.Outcome>
    init(_ promise: EventLoopPromise<Handshake.Outcome>) { self.promise = promise }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let application) = event as? TLSUserEvent else { return }
        do {
            let tls = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
            guard let certificate = tls.peerCertificate else { throw ChannelError.inputClosed }
            promise.succeed(Handshake.Outcome(application: application, certificate: certificate, version: tls.tlsVersion))
        } catch {
            promise.fail(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
}

private final class Swallow: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
