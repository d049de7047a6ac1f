import NIOCore
import NIOPosix
import NIOSSL
import WaybillCore

/// Makes one event loop's new connections to vendors: straight to checked addresses, or through the company's proxy.
final class UpstreamDialer {
    typealias Completion = (Result<UpstreamConnection, ConnectFault>) -> Void

    let clock = LoopClock()
    private let eventLoop: any EventLoop
    private let limits: ProxyLimits
    private let addressBook: AddressBook
    private let tls: NIOSSLContext
    private let proxy: UpstreamProxy?

    /// `tls`: for vendors that have no identity of their own, and for the proxy.
    init(eventLoop: any EventLoop, limits: ProxyLimits, addressBook: AddressBook, tls: NIOSSLContext, proxy: UpstreamProxy? = nil) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.addressBook = addressBook
        self.tls = tls
        self.proxy = proxy
    }

    /// A verified connection within the limit of time, or why there is none; told once, perhaps before this returns.
    func dial(_ target: Vendor.Destination, identity: UpstreamIdentity?, completion: @escaping Completion) {
        let deadline = NIODeadline.now() + .milliseconds(Int64(limits.connectMillisecondsMax))
        // An explicit address is a private link: it leads past the proxy.
        if let proxy, !addressBook.hasOverride(host: target.host, port: target.port) {
            guard target.scheme == "https", !UpstreamProxy.isInside(target.host), !SocketAddress.isIPAddress(target.host) else {
                return completion(.failure(.addressRefused))
            }
            return tunnel(target, identity, through: proxy, deadline: deadline, completion: completion)
        }
        addressBook.addresses(host: target.host, port: target.port) { found in
            switch found {
            case .failure(let fault): completion(.failure(fault))
            case .success(let addresses):
                self.connect(target, identity, addresses[...], deadline: deadline, completion: completion)
            }
        }
    }

    /// Tries the addresses in turn within one deadline.
    private func connect(
        _ target: Vendor.Destination, _ identity: UpstreamIdentity?, _ addresses: ArraySlice<SocketAddress>, deadline: NIODeadline,
        completion: @escaping Completion
    ) {
        let left = deadline - .now()
        guard let address = addresses.first else { return completion(.failure(.unreachable)) }
        guard left > .nanoseconds(0) else { return completion(.failure(.timedOut)) }
        bootstrap(left) { channel in _ = try self.add(target, identity, deadline: deadline, to: channel.pipeline.syncOperations) }
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel): self.awaitReady(channel, deadline: deadline, completion)
                case .failure: self.connect(target, identity, addresses.dropFirst(), deadline: deadline, completion: completion)
                }
            }
    }

    private func bootstrap(_ left: TimeAmount, _ fill: @escaping (any Channel) throws -> Void) -> ClientBootstrap {
        let fill = NIOLoopBound(fill, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(left)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try fill.value(channel) } }
    }

    /// TLS to the vendor if there is any, its pins, and the connection itself, behind what is in the pipeline.
    private func add(
        _ target: Vendor.Destination, _ identity: UpstreamIdentity?, deadline: NIODeadline,
        to pipeline: ChannelPipeline.SynchronousOperations
    ) throws -> UpstreamConnection {
        let isTLS = target.scheme == "https"
        let connection = UpstreamConnection(isTLS: isTLS, limits: limits, clock: clock)
        connection.deadline = deadline
        guard isTLS else {
            try pipeline.addHandler(connection)
            return connection
        }
        let name = SocketAddress.isIPAddress(target.host) ? nil : target.host
        let handler = try NIOSSLClientHandler(context: identity?.context ?? tls, serverHostname: name)
        var handlers: [any ChannelHandler] = [handler]
        if let identity, !identity.pins.isEmpty { handlers.append(PinnedKey(pins: identity.pins, tls: handler)) }
        try pipeline.addHandlers(handlers + [connection])
        return connection
    }

    /// TCP stands; with TLS the certificate is still to be verified.
    private func awaitReady(_ channel: any Channel, deadline: NIODeadline, _ completion: @escaping Completion) {
        do {
            whenReady(try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self), deadline: deadline, completion)
        } catch {
            // The channel closed before we looked.
            completion(.failure(.unreachable))
        }
    }

    private func whenReady(_ connection: UpstreamConnection, deadline: NIODeadline, _ completion: @escaping Completion) {
        switch connection.state {
        case .connecting:
            // A peer that never finishes the handshake must not hold a place in the pool for good.
            let end = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { connection.tick(now: deadline) }
            connection.onReady = { ready in
                end.cancel()
                completion(ready.map { connection })
            }
        case .closed: completion(.failure(.tlsFailed))
        case .idle, .checkedOut, .busy: completion(.success(connection))
        }
    }
}

// MARK: Through the proxy

extension UpstreamDialer {
    private func tunnel(
        _ target: Vendor.Destination, _ identity: UpstreamIdentity?, through proxy: UpstreamProxy, deadline: NIODeadline,
        completion: @escaping Completion
    ) {
        let attempt = Attempt(completion)
        let tls = tls
        let request = proxy.connectRequest(host: target.host, port: target.port)
        bootstrap(deadline - .now()) { channel in
            let pipeline = channel.pipeline.syncOperations
            if proxy.isTLS {
                let name = SocketAddress.isIPAddress(proxy.host) ? nil : proxy.host
                try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
            }
            let tunnel = ProxyTunnel(request: request, isTLS: proxy.isTLS) { result in
                self.tunnelled(result, channel, target, identity, deadline: deadline, attempt)
            }
            try pipeline.addHandler(tunnel)
        }
        .connect(host: proxy.host, port: proxy.port)
        .assumeIsolated()
        .whenComplete { result in
            switch result {
            case .success(let channel):
                attempt.end = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                    guard attempt.finish(.failure(.timedOut)) else { return }
                    channel.close(promise: nil)
                }
            case .failure: _ = attempt.finish(.failure(.proxyUnreachable))
            }
        }
    }

    private func tunnelled(
        _ result: Result<Void, ConnectFault>, _ channel: any Channel, _ target: Vendor.Destination, _ identity: UpstreamIdentity?,
        deadline: NIODeadline, _ attempt: Attempt
    ) {
        if case .failure(let fault) = result {
            _ = attempt.finish(.failure(fault))
            return
        }
        let pipeline = channel.pipeline.syncOperations
        do {
            let tunnel = try pipeline.context(handlerType: ProxyTunnel.self)
            let connection = try add(target, identity, deadline: deadline, to: pipeline)
            pipeline.removeHandler(context: tunnel, promise: nil)
            self.whenReady(connection, deadline: deadline) { _ = attempt.finish($0) }
        } catch {
            channel.close(promise: nil)
            _ = attempt.finish(.failure(.tlsFailed))
        }
    }

    /// One dialling, told once.
    private final class Attempt {
        private var completion: Completion?
        var end: Scheduled<Void>?

        init(_ completion: @escaping Completion) { self.completion = completion }

        /// False if it was told before.
        func finish(_ result: Result<UpstreamConnection, ConnectFault>) -> Bool {
            guard let completion else { return false }
            self.completion = nil
            end?.cancel()
            completion(result)
            return true
        }
    }
}
