import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Testing
import WaybillTesting

@testable import WaybillCore
@testable import WaybillProxy

/// One event loop's pool towards a real TLS server, with files of certificates as vendors' files name them.
struct UpstreamFixture {
    static let host = "api.acme.test"
    let eventLoop: any EventLoop
    let identities: UpstreamIdentities
    let target: Vendor.Destination
    private let pool: NIOLoopBoundBox<UpstreamPool>

    /// `address`: where the vendor's name leads; nil: no override.
    static func make(
        identity: UpstreamIdentity?, address: String?, proxy: UpstreamProxy? = nil, trust: [String] = [],
        limits: ProxyLimits = ProxyLimits(), host: String = host
    ) async throws -> UpstreamFixture {
        let region = try #require(Region("US"))
        let target = Vendor.Destination(scheme: "https", host: host, port: 443, region: region)
        let identities = UpstreamIdentities(identity.map { [target: $0] } ?? [:])
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let overrides = try ResolveOverrides.parse(address.map { ["\(host):443": $0] } ?? [:])
        let tls = try UpstreamTLS.context(trust: trust)
        let pool = try await eventLoop.submit {
            let book = AddressBook(eventLoop: eventLoop, limits: limits, overrides: overrides)
            let dialer = UpstreamDialer(eventLoop: eventLoop, limits: limits, addressBook: book, tls: tls, proxy: proxy)
            return NIOLoopBoundBox(UpstreamPool(limits: limits, dialer: dialer, identities: identities), eventLoop: eventLoop)
        }.get()
        return UpstreamFixture(eventLoop: eventLoop, identities: identities, target: target, pool: pool)
    }

    /// A connection as an exchange would get it; its fault's name otherwise.
    func connect() async throws -> Held {
        let (pool, target) = (pool, target)
        let promise = eventLoop.makePromise(of: Held.self)
        eventLoop.execute {
            pool.value.connect(to: target) { result in
                promise.completeWith(result.map { Held(NIOLoopBoundBox($0, eventLoop: pool.eventLoop)) }.mapError { $0 as any Error })
            }
        }
        return try await promise.futureResult.get()
    }

    /// What `connect` fails with.
    func fault() async throws -> ConnectFault? {
        do {
            _ = try await connect()
            return nil
        } catch let fault as ConnectFault {
            return fault
        }
    }

    func release(_ held: Held) async throws {
        let pool = pool
        try await eventLoop.submit { pool.value.release(held.connection.value) }.get()
    }

    func isCurrent(_ held: Held) async throws -> Bool {
        let pool = pool
        return try await eventLoop.submit { pool.value.isCurrent(held.connection.value) }.get()
    }

    struct Held: Sendable {
        let connection: NIOLoopBoundBox<UpstreamConnection>
        init(_ connection: NIOLoopBoundBox<UpstreamConnection>) { self.connection = connection }
        func isSame(as other: Held) async throws -> Bool {
            try await connection.eventLoop.submit { connection.value === other.connection.value }.get()
        }
        func isUsable() async throws -> Bool { try await connection.eventLoop.submit { connection.value.isUsable }.get() }
    }
}

/// Certificate files of one test.
final class CertificateFiles {
    let directory: String
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        directory = url.path
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { Issue.record(error) }
    }

    /// Its whole path.
    func write(_ name: String, _ text: String) throws -> String {
        try text.write(to: url.appending(path: name), atomically: true, encoding: .utf8)
        return url.appending(path: name).path
    }
}
