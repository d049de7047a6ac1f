import NIOCore
import NIOPosix
import NIOSSL
import WaybillCore

/// One event loop's connections to vendors: verified before they are handed out, kept alive for the next transfer.
///
/// Hands out or fails; never queues. A connection belongs to one exchange from `connect` to `release`.
final class UpstreamPool {
    typealias Completion = (Result<UpstreamConnection, ConnectFault>) -> Void

    private final class Destination {
        let target: Vendor.Destination
        var idle: [UpstreamConnection] = []
        var open: [ObjectIdentifier: UpstreamConnection] = [:]
        /// Being dialled; they count towards the limit.
        var dialling = 0
        var circuit: CircuitBreaker
        var failures: [ConnectFault: UInt64] = [:]
        init(_ target: Vendor.Destination, circuit: CircuitBreaker) {
            self.target = target
            self.circuit = circuit
        }
    }
    let clock = LoopClock()
    private let eventLoop: any EventLoop
    private let limits: ProxyLimits
    private let addressBook: AddressBook
    private let tls: NIOSSLContext
    private var destinations: [Vendor.Destination: Destination] = [:]
    /// The one asked for last: comparing is cheaper than hashing, and the next request often goes to the same vendor.
    private var latest: Destination?
    private var isStopped = false

    init(eventLoop: any EventLoop, limits: ProxyLimits, addressBook: AddressBook, tls: NIOSSLContext) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.addressBook = addressBook
        self.tls = tls
    }

    /// A connection that is verified, unused and alive as far as we know; nil: one must be dialled.
    func takeIdle(to target: Vendor.Destination) -> UpstreamConnection? {
        let destination = destination(target)
        while let idle = destination.idle.popLast() {
            if idle.isUsable { return idle }
        }
        return nil
    }

    /// A connection that is verified and alive as far as we know; at once if one is idle.
    func connect(to target: Vendor.Destination, completion: @escaping Completion) {
        if let idle = takeIdle(to: target) { return completion(.success(idle)) }
        let destination = destination(target)
        guard !isStopped, destination.open.count + destination.dialling < limits.vendorConnectionsPerLoopMax else {
            return fail(destination, .tooManyConnections, completion)
        }
        guard !destination.circuit.isOpen(now: .now()) else { return fail(destination, .circuitOpen, completion) }
        destination.dialling += 1
        let deadline = NIODeadline.now() + .milliseconds(Int64(limits.connectMillisecondsMax))
        addressBook.addresses(host: target.host, port: target.port) { found in
            switch found {
            case .failure(let fault): self.finish(destination, .failure(fault), completion)
            case .success(let addresses):
                self.dial(target, addresses[...], deadline: deadline) { self.finish(destination, $0, completion) }
            }
        }
    }

    /// Takes a connection back; one that cannot be used again is closed.
    func release(_ connection: UpstreamConnection, to target: Vendor.Destination) {
        guard connection.isUsable, !isStopped else { return connection.close() }
        connection.becomeIdle(until: clock.now + .milliseconds(Int64(limits.vendorIdleMillisecondsMax)))
        destination(target).idle.append(connection)
    }

    func tick(now: NIODeadline) {
        for destination in destinations.values {
            destination.idle.removeAll { !$0.isUsable || now >= $0.deadline }
            for connection in destination.open.values { connection.tick(now: now) }
        }
    }

    /// Closes what is idle and dials no more; connections in use close when they are released.
    func stop() {
        isStopped = true
        for destination in destinations.values {
            for connection in destination.idle { connection.close() }
            destination.idle.removeAll()
        }
    }

    private func destination(_ target: Vendor.Destination) -> Destination {
        if let latest, latest.target == target { return latest }
        if let known = destinations[target] {
            latest = known
            return known
        }
        let new = Destination(
            target,
            circuit: CircuitBreaker(failuresMax: limits.circuitFailuresMax, pause: .milliseconds(Int64(limits.circuitMilliseconds))))
        destinations[target] = new
        return new
    }

    /// Without having dialled.
    private func fail(_ destination: Destination, _ fault: ConnectFault, _ completion: Completion) {
        destination.failures[fault, default: 0] &+= 1
        completion(.failure(fault))
    }

    struct Snapshot: Sendable {
        var target: Vendor.Destination
        var open: Int
        var idle: Int
        var dialling: Int
        var isCircuitOpen: Bool
        var failures: [ConnectFault: UInt64]
    }

    func snapshot(now: NIODeadline) -> [Snapshot] {
        destinations.map { target, destination in
            Snapshot(
                target: target, open: destination.open.count, idle: destination.idle.count { $0.isUsable }, dialling: destination.dialling,
                isCircuitOpen: destination.circuit.isOpen(now: now), failures: destination.failures)
        }
    }

    private func finish(
        _ destination: Destination, _ result: Result<UpstreamConnection, ConnectFault>, _ completion: Completion
    ) {
        destination.dialling -= 1
        switch result {
        case .success(let connection):
            destination.circuit.succeeded()
            destination.open[ObjectIdentifier(connection)] = connection
            // Held strongly, because weak references make every retain of what they point to slow; the end of the connection ends this.
            connection.onClosed = { [id = ObjectIdentifier(connection)] in destination.open[id] = nil }
        case .failure(let fault):
            destination.failures[fault, default: 0] &+= 1
            if fault.countsAgainstVendor { destination.circuit.failed(now: .now()) }
        }
        completion(result)
    }

    /// Tries the addresses in turn within one deadline.
    private func dial(
        _ target: Vendor.Destination, _ addresses: ArraySlice<SocketAddress>, deadline: NIODeadline, completion: @escaping Completion
    ) {
        let left = deadline - .now()
        guard let address = addresses.first else { return completion(.failure(.unreachable)) }
        guard left > .nanoseconds(0) else { return completion(.failure(.timedOut)) }
        let limits = limits
        let clock = NIOLoopBound(clock, eventLoop: eventLoop)
        let context = target.scheme == "https" ? tls : nil
        let host = target.host
        ClientBootstrap(group: eventLoop)
            .connectTimeout(left)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    if let context {
                        let name = SocketAddress.isIPAddress(host) ? nil : host
                        try operations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
                    }
                    let connection = UpstreamConnection(isTLS: context != nil, limits: limits, clock: clock.value)
                    connection.deadline = deadline
                    try operations.addHandler(connection)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel): Self.awaitReady(channel, completion)
                case .failure: self.dial(target, addresses.dropFirst(), deadline: deadline, completion: completion)
                }
            }
    }

    /// TCP stands; with TLS the certificate is still to be verified.
    private static func awaitReady(_ channel: any Channel, _ completion: @escaping Completion) {
        let connection: UpstreamConnection
        do {
            connection = try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self)
        } catch {
            // The channel closed before we looked.
            return completion(.failure(.unreachable))
        }
        switch connection.state {
        case .connecting:
            connection.onReady = { ready in completion(ready.map { connection }) }
        case .closed:
            completion(.failure(.tlsFailed))
        case .idle, .checkedOut, .busy:
            completion(.success(connection))
        }
    }
}

extension SocketAddress {
    static func isIPAddress(_ text: String) -> Bool {
        do {
            _ = try SocketAddress(ipAddress: text, port: 0)
            return true
        } catch {
            return false
        }
    }
}
