package import Logging
import NIOCore
package import NIOPosix
import NIOSSL
package import WaybillCore

/// The data plane: listeners, and on each event loop everything a request needs.
///
/// `start` once, then `stop` once. Neither blocks an event loop.
package actor GateServer {
    private let configuration: ProxyConfiguration
    private let state: GateState
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private var loops: [NIOLoopBoundBox<LoopContext>] = []
    private var bodies: BodyBudget?
    private var connections: [ConnectionCount] = []
    private var listeners: [any Channel] = []

    package init(configuration: ProxyConfiguration, state: GateState, logger: Logger, group: MultiThreadedEventLoopGroup) {
        self.configuration = configuration
        self.state = state
        self.logger = logger
        self.group = group
    }

    /// Listens on every configured address, in order. Throws `ProxyError` with the remedy; nothing listens then.
    package func start() async throws -> [BoundAddress] {
        let overrides = try ResolveOverrides.parse(configuration.resolve)
        for (name, address) in configuration.resolve.sorted(by: { $0.key < $1.key }) {
            logger.notice("address override in force", metadata: ["destination": "\(name)", "address": "\(address)"])
        }
        let upstreamTLS = try UpstreamTLS.context(trust: configuration.trust)
        if let proxy = configuration.upstreamProxy {
            logger.notice(
                "vendors are reached through an upstream proxy, which resolves their names: addresses are not checked",
                metadata: ["proxy": "\(BoundAddress(host: proxy.host, port: proxy.port))"])
        }
        let bodies = BodyBudget(bytesMax: configuration.limits.bodiesInFlightBytesMax)
        self.bodies = bodies
        for eventLoop in group.makeIterator() {
            loops.append(try await makeLoop(eventLoop, overrides: overrides, tls: upstreamTLS, bodies: bodies))
        }
        do {
            for listener in configuration.listeners { listeners.append(try await listen(listener)) }
        } catch {
            await stop(grace: .zero)
            throw error
        }
        return listeners.map { channel in
            BoundAddress(host: channel.localAddress?.ipAddress ?? "", port: channel.localAddress?.port ?? 0)
        }
    }

    /// Accepting on every listener.
    package var isListening: Bool { !listeners.isEmpty && listeners.allSatisfy(\.isActive) }

    /// What all event loops have counted so far; each is asked in turn, on itself.
    package func metrics() async throws -> [MetricFamily] {
        var snapshot = GateSnapshot(bodiesInFlightBytes: bodies?.usedBytes ?? 0, connections: connections)
        for loop in loops {
            let (counts, pool, isShedding) = try await loop.eventLoop.submit { loop.value.snapshot() }.get()
            snapshot.add(counts, pool: pool, isShedding: isShedding)
        }
        return GateMetrics.families(snapshot, vendors: state.policy.vendors)
    }

    /// Accepts no more, lets exchanges finish for up to `grace`, then cuts off the rest; the log gets every outcome that is known.
    package func stop(grace: Duration) async {
        for listener in listeners {
            do { try await listener.close() } catch { logger.debug("listener was closed already") }
        }
        listeners = []
        let loops = loops
        self.loops = []
        await withTaskGroup { tasks in
            for loop in loops { tasks.addTask { await Self.stop(loop, grace: grace) } }
        }
    }

    private static func stop(_ loop: NIOLoopBoundBox<LoopContext>, grace: Duration) async {
        let eventLoop = loop.eventLoop
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { loop.value.stop(promise) }
        let cut = eventLoop.scheduleTask(in: TimeAmount(grace)) { loop.value.abort() }
        do { try await promise.futureResult.get() } catch {}
        cut.cancel()
    }

    private func makeLoop(
        _ eventLoop: any EventLoop, overrides: [String: SocketAddress], tls: NIOSSLContext, bodies: BodyBudget
    ) async throws -> NIOLoopBoundBox<LoopContext> {
        let (state, limits, proxy, logger) = (state, configuration.limits, configuration.upstreamProxy, logger)
        return try await eventLoop.submit {
            let book = AddressBook(eventLoop: eventLoop, limits: limits, overrides: overrides)
            let dialer = UpstreamDialer(eventLoop: eventLoop, limits: limits, addressBook: book, tls: tls, proxy: proxy)
            let pool = UpstreamPool(limits: limits, dialer: dialer, identities: state.identities)
            let context = LoopContext(eventLoop: eventLoop, state: state, limits: limits, pool: pool, bodies: bodies, logger: logger)
            context.startTicking()
            return NIOLoopBoundBox(context, eventLoop: eventLoop)
        }.get()
    }

    private func listen(_ listener: ProxyConfiguration.Listener) async throws -> any Channel {
        let tls = try listener.tls.map { (tls) throws(ProxyError) in try ListenerTLS.context(tls, for: listener.kind) }
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(listener.host, port: listener.port)
        } catch {
            throw ProxyError(code: .listenFailed, message: "The listener's address \(listener.host) cannot be resolved; use an IP address.")
        }
        guard tls != nil || listener.insecure || address.isLoopback else {
            throw ProxyError(
                code: .insecureListener,
                message: "Plain HTTP on \(listener.host):\(listener.port) would carry personal data unencrypted off this machine; "
                    + "give the listener 'tls', listen on loopback, or say 'insecure: true'.")
        }
        let kind: Entrance.Kind
        switch (listener.kind, configuration.leaves) {
        case (.gate, _): kind = .gate
        case (.proxy, let leaves?): kind = .proxy(leaves)
        case (.proxy, nil):
            throw ProxyError(
                code: .authorityMissing,
                message:
                    "The forward proxy has no CA to make certificates with; create one with 'waybill ca init', or listen as a gate only.")
        }
        let connections = ConnectionCount(listener: listener.kind, max: configuration.limits.callerConnectionsMax)
        self.connections.append(connections)
        let loops = loops
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    Self.accept(channel, loops: loops, tls: tls, kind: kind, connections: connections)
                }
                .bind(to: address).get()
        } catch {
            throw ProxyError(
                code: .listenFailed,
                message: "Cannot listen on \(listener.host):\(listener.port) (\(error)); free the port or configure another.")
        }
    }

    private static func accept(
        _ channel: any Channel, loops: [NIOLoopBoundBox<LoopContext>], tls: NIOSSLContext?, kind: Entrance.Kind,
        connections: ConnectionCount
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop })?.value else {
                throw ChannelError.unknownLocalAddress
            }
            guard connections.enter() else { throw ChannelError.operationUnsupported }
            // Whatever stands on the channel by then: plain HTTP, a handshake, a tunnel, HTTP/2.
            channel.closeFuture.whenComplete { _ in connections.closed() }
            try CallerPipeline(loop: loop, connections: connections, entrance: Entrance(kind: kind)).accept(channel, tls: tls)
        }
    }
}

extension SocketAddress {
    var isLoopback: Bool {
        switch self {
        case .v4, .v6: ipAddress == "::1" || ipAddress?.hasPrefix("127.") == true
        case .unixDomainSocket: true
        }
    }
}
