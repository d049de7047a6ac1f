import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillProxy

@Suite("Vendors through an upstream proxy")
struct UpstreamProxyTests {
    let files: CertificateFiles
    let authority: TestAuthority
    let trust: String

    init() throws {
        files = try CertificateFiles()
        authority = try TestAuthority()
        trust = try files.write("root.pem", authority.certificatePEM)
    }

    private func vendor(_ host: String = UpstreamFixture.host) async throws -> FakeVendor {
        try await FakeVendor.start(identity: try authority.issue([host]))
    }

    private func limits(_ milliseconds: Int = 5_000) -> ProxyLimits {
        var limits = ProxyLimits()
        limits.connectMillisecondsMax = milliseconds
        return limits
    }

    @Test(
        "The vendor is verified end to end through the tunnel, and the proxy learns its name and our credentials", arguments: [false, true])
    func tunnel(isTLS: Bool) async throws {
        let vendor = try await vendor()
        let proxy = try await ConnectProxy.start(.tunnel(port: vendor.port), identity: isTLS ? try authority.issue(["localhost"]) : nil)
        let settings = UpstreamProxy(host: "localhost", port: proxy.port, isTLS: isTLS, username: "gate", password: "s3cret")
        let fixture = try await UpstreamFixture.make(identity: nil, address: nil, proxy: settings, trust: [trust])
        let held = try await fixture.connect()
        #expect(try await held.isUsable())
        #expect(
            proxy.requests == [
                "CONNECT api.acme.test:443 HTTP/1.1\r\nHost: api.acme.test:443\r\nProxy-Authorization: Basic Z2F0ZTpzM2NyZXQ=\r\n\r\n"
            ])
        try await fixture.release(held)
        #expect(try await fixture.connect().isSame(as: held))
        try await vendor.stop()
        try await proxy.stop()
    }

    @Test("A tunnel to somebody else ends at the certificate")
    func impostor() async throws {
        let vendor = try await vendor("evil.test")
        let proxy = try await ConnectProxy.start(.tunnel(port: vendor.port))
        let fixture = try await UpstreamFixture.make(
            identity: nil, address: nil, proxy: UpstreamProxy(host: "127.0.0.1", port: proxy.port), trust: [trust])
        #expect(try await fixture.fault() == .tlsFailed)
        #expect(vendor.bytes.isEmpty)
        try await vendor.stop()
        try await proxy.stop()
    }

    static let answers: [(answer: String, fault: ConnectFault?)] = [
        ("HTTP/1.1 200 Connection established\r\n\r\n", nil),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nVia: x\r\n\r\n", nil),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", nil),
        ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", .proxyRefused),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", .proxyRefused),
        ("HTTP/1.1 201 Created\r\n\r\n", .proxyRefused), ("HTTP/1.1 204 No Content\r\n\r\n", .proxyRefused),
        ("HTTP/1.1 302 Found\r\nLocation: https://evil.test\r\n\r\n", .proxyRefused),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .proxyRefused), ("HTTP/1.1 200 OK\r\n\r\nextra", .proxyRefused),
        ("HTTP/1.1 200 OK\nX: y\n\n", .proxyRefused), ("SSH-2.0-OpenSSH_9.2\r\n\r\n", .proxyRefused),
        ("\0\u{1}\u{2}\r\n\r\n", .proxyRefused),
        ("HTTP/1.1 200 OK\r\nX: \(String(repeating: "a", count: ProxyTunnel.headBytesMax))\r\n\r\n", .proxyRefused),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: ProxyTunnel.fieldsMax + 1) + "\r\n", .proxyRefused),
        (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3) + "HTTP/1.1 200 OK\r\n\r\n", .proxyRefused),
    ]

    @Test("Only a plain 200 within limits opens a tunnel", arguments: answers)
    func answer(_ answer: String, _ fault: ConnectFault?) async throws {
        let vendor = try await vendor()
        let proxy = try await ConnectProxy.start(.answer(answer, port: vendor.port))
        let fixture = try await UpstreamFixture.make(
            identity: nil, address: nil, proxy: UpstreamProxy(host: "127.0.0.1", port: proxy.port), trust: [trust])
        #expect(try await fixture.fault() == fault)
        if fault != nil { #expect(vendor.connections == 0 && proxy.bytesAfterRequest == 0) }
        try await vendor.stop()
        try await proxy.stop()
    }

    @Test(
        "A proxy that is silent, closes, stalls in the middle or is not there",
        arguments: [
            (ConnectProxy.Behaviour.silent, ConnectFault.timedOut), (.close, .proxyRefused), (.half("HTTP/1.1 200 O"), .timedOut),
            // The tunnel stands, but nobody answers in it.
            (.half("HTTP/1.1 200 OK\r\n\r\n"), .timedOut),
        ])
    func broken(_ behaviour: ConnectProxy.Behaviour, _ fault: ConnectFault) async throws {
        let proxy = try await ConnectProxy.start(behaviour)
        var limits = limits(behaviour == .close ? 5_000 : 120)
        limits.vendorConnectionsPerLoopMax = 1
        let fixture = try await UpstreamFixture.make(
            identity: nil, address: nil, proxy: UpstreamProxy(host: "127.0.0.1", port: proxy.port), trust: [trust], limits: limits)
        #expect(try await fixture.fault() == fault)
        // The place in the pool is free again.
        #expect(try await fixture.fault() == fault)
        try await proxy.stop()
    }

    @Test("A proxy that is not there, or whose certificate is not trusted, is unreachable")
    func unreachable() async throws {
        let proxy = try await ConnectProxy.start(.silent, identity: try TestAuthority(name: "Stranger").issue(["localhost"]))
        for settings in [UpstreamProxy(host: "127.0.0.1", port: 1), UpstreamProxy(host: "localhost", port: proxy.port, isTLS: true)] {
            let fixture = try await UpstreamFixture.make(identity: nil, address: nil, proxy: settings, trust: [trust])
            #expect(try await fixture.fault() == .proxyUnreachable)
        }
        #expect(proxy.requests.isEmpty)
        try await proxy.stop()
    }

    @Test("An explicit address leads past the proxy; this machine's own names are not asked of it")
    func past() async throws {
        let vendor = try await vendor()
        let proxy = try await ConnectProxy.start(.tunnel(port: vendor.port))
        let settings = UpstreamProxy(host: "127.0.0.1", port: proxy.port)
        let direct = try await UpstreamFixture.make(identity: nil, address: "127.0.0.1:\(vendor.port)", proxy: settings, trust: [trust])
        #expect(try await direct.fault() == nil)
        for host in ["localhost", "127.0.0.1", "[::1]", "x.localhost"] {
            let fixture = try await UpstreamFixture.make(identity: nil, address: nil, proxy: settings, trust: [trust], host: host)
            #expect(try await fixture.fault() == .addressRefused)
        }
        #expect(proxy.requests.isEmpty)
        try await vendor.stop()
        try await proxy.stop()
    }
}
