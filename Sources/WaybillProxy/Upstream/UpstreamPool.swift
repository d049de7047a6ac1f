import NIOCore
import WaybillCore

/// One event loop's connections to vendors: verified before they are handed out, kept alive for the next transfer.
///
/// Hands out or fails; never queues. A connection belongs to one exchange from `connect` to `release`.
final class UpstreamPool {
    typealias Completion = (Result<UpstreamConnection, ConnectFault>) -> Void

    /// What the pool keeps of one destination under one identity; its connections know where they belong.
    final class Destination {
        let target: Vendor.Destination
        /// `Host: …\r\n`.
        let hostLine: [UInt8]
        /// The destination has another identity now.
        fileprivate(set) var isRetired = false
        fileprivate var idle: [UpstreamConnection] = []
        fileprivate var open: [ObjectIdentifier: UpstreamConnection] = [:]
        /// Being dialled; they count towards the limit.
        fileprivate var dialling = 0
        fileprivate var circuit: CircuitBreaker
        fileprivate var failures: [ConnectFault: UInt64] = [:]
        /// Connections under one identity are never used under another.
        fileprivate let identity: UpstreamIdentity?

        fileprivate init(_ target: Vendor.Destination, circuit: CircuitBreaker, identity: UpstreamIdentity?) {
            self.target = target
            hostLine = Array("Host: \(target.authority)\r\n".utf8)
            self.circuit = circuit
            self.identity = identity
        }
    }
    let clock: LoopClock
    private let limits: ProxyLimits
    private let dialer: UpstreamDialer
    private let identities: UpstreamIdentities
    private var identitiesVersion: UInt64
    private var destinations: [Vendor.Destination: Destination] = [:]
    /// The one asked for last: comparing is cheaper than hashing, and the next request often goes to the same vendor.
    private var latest: Destination?
    private var isStopped = false

    init(limits: ProxyLimits, dialer: UpstreamDialer, identities: UpstreamIdentities) {
        self.limits = limits
        self.dialer = dialer
        clock = dialer.clock
        self.identities = identities
        identitiesVersion = identities.version
    }

    /// Whether a connection that was handed out is still of the identity that its destination has now.
    func isCurrent(_ connection: UpstreamConnection) -> Bool {
        if identities.version != identitiesVersion { retireChanged() }
        return connection.home?.isRetired == false
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
        dialer.dial(target, identity: destination.identity) { result in
            let isCurrent = self.destination(target) === destination
            self.finish(destination, result) { result in
                guard case .success(let connection) = result, !isCurrent else { return completion(result) }
                // Made under an identity that changed meanwhile.
                connection.close()
                self.connect(to: target, completion: completion)
            }
        }
    }

    /// Takes a connection back; one that cannot be used again is closed.
    func release(_ connection: UpstreamConnection) {
        guard connection.isUsable, !isStopped, isCurrent(connection), let home = connection.home else { return connection.close() }
        connection.becomeIdle(until: clock.now + .milliseconds(Int64(limits.vendorIdleMillisecondsMax)))
        home.idle.append(connection)
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
        if identities.version != identitiesVersion { retireChanged() }
        if let latest, latest.target == target { return latest }
        if let known = destinations[target] {
            latest = known
            return known
        }
        let new = Destination(
            target,
            circuit: CircuitBreaker(failuresMax: limits.circuitFailuresMax, pause: .milliseconds(Int64(limits.circuitMilliseconds))),
            identity: identities[target])
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

    /// Another policy set is in force: where it changed an identity, the pool begins anew. Connections in use close when released.
    private func retireChanged() {
        identitiesVersion = identities.version
        latest = nil
        for (target, destination) in destinations where destination.identity !== identities[target] {
            for connection in destination.idle { connection.close() }
            destination.idle = []
            destination.isRetired = true
            destinations[target] = nil
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
            connection.home = destination
        case .failure(let fault):
            destination.failures[fault, default: 0] &+= 1
            if fault.countsAgainstVendor { destination.circuit.failed(now: .now()) }
        }
        completion(result)
    }
}

extension UpstreamPool.Destination {
    /// The end of a connection.
    func left(_ connection: UpstreamConnection) { open[ObjectIdentifier(connection)] = nil }
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
