import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where one event loop finds the addresses to dial: overrides first, then the system's resolver on a thread pool.
///
/// Every address a name has must be public, or none is dialled: an attacker who adds one address would only wait for its turn.
final class AddressBook {
    typealias Completion = (Result<[SocketAddress], ConnectFault>) -> Void

    private struct Entry {
        var result: Result<[SocketAddress], ConnectFault>
        var until: NIODeadline
    }
    private let eventLoop: any EventLoop
    private let limits: ProxyLimits
    private let overrides: [String: SocketAddress]
    private let lookUp: @Sendable (String) throws(ConnectFault) -> [[UInt8]]
    private var entries: [String: Entry] = [:]
    private var waiting: [String: [Completion]] = [:]

    /// `lookUp` gives all addresses of a name, 4 or 16 bytes each; it may block, and runs on NIO's thread pool.
    init(
        eventLoop: any EventLoop, limits: ProxyLimits, overrides: [String: SocketAddress],
        lookUp: @escaping @Sendable (String) throws(ConnectFault) -> [[UInt8]] = systemLookUp
    ) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.overrides = overrides
        self.lookUp = lookUp
    }

    func hasOverride(host: String, port: Int) -> Bool { overrides["\(host):\(port)"] != nil }

    func addresses(host: String, port: Int, completion: @escaping Completion) {
        let key = "\(host):\(port)"
        if let override = overrides[key] { return completion(.success([override])) }
        if let entry = entries[key], entry.until > .now() { return completion(entry.result) }
        if waiting[key] != nil {
            waiting[key]?.append(completion)
            return
        }
        waiting[key] = [completion]
        let lookUp = lookUp
        NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try lookUp(host) }.assumeIsolated().whenComplete { found in
            self.finish(key, Self.check(found, port: port))
        }
    }

    private func finish(_ key: String, _ result: Result<[SocketAddress], ConnectFault>) {
        if entries.count >= limits.addressNamesMax { entries.removeAll() }
        // A failure is asked again by the next request: a name that begins to resolve should not stay refused.
        if case .success = result {
            entries[key] = Entry(result: result, until: .now() + .milliseconds(Int64(limits.addressesMillisecondsMax)))
        }
        for completion in waiting.removeValue(forKey: key) ?? [] { completion(result) }
    }

    private static func check(_ found: Result<[[UInt8]], any Error>, port: Int) -> Result<[SocketAddress], ConnectFault> {
        guard case .success(let addresses) = found, !addresses.isEmpty else { return .failure(.nameUnresolved) }
        guard !addresses.contains(where: SpecialPurposeAddresses.contains) else { return .failure(.addressRefused) }
        var result: [SocketAddress] = []
        for address in addresses {
            guard let usable = socketAddress(address, port: port) else { return .failure(.nameUnresolved) }
            result.append(usable)
        }
        return .success(result)
    }

    private static func socketAddress(_ address: [UInt8], port: Int) -> SocketAddress? {
        do {
            return try SocketAddress(packedIPAddress: ByteBuffer(bytes: address), port: port)
        } catch {
            return nil
        }
    }

    /// All addresses of a name, in the system's order of preference. Blocks.
    static let systemLookUp: @Sendable (String) throws(ConnectFault) -> [[UInt8]] = { (host) throws(ConnectFault) in
        var hints = addrinfo()
        hints.ai_socktype = streamSocket
        hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw .nameUnresolved }
        defer { freeaddrinfo(list) }
        var addresses: [[UInt8]] = []
        var next = list
        while let entry = next?.pointee {
            if let bytes = packed(entry), !addresses.contains(bytes) { addresses.append(bytes) }
            next = entry.ai_next
        }
        return addresses
    }

    private static func packed(_ entry: addrinfo) -> [UInt8]? {
        guard let pointer = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        // sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address.
        case AF_INET: return Array(UnsafeRawBufferPointer(start: pointer + 4, count: 4))
        case AF_INET6: return Array(UnsafeRawBufferPointer(start: pointer + 8, count: 16))
        default: return nil
        }
    }

    #if canImport(Glibc)
        private static let streamSocket = Int32(SOCK_STREAM.rawValue)
    #else
        private static let streamSocket = Int32(SOCK_STREAM)
    #endif
}
