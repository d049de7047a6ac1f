import Crypto
import FoundationEssentials
import NIOSSL
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillProxy

@Suite("TLS towards a vendor by its own roots, pins and client certificate")
struct UpstreamIdentityTests {
    let files: CertificateFiles
    let authority: TestAuthority
    let other: TestAuthority
    let server: TestAuthority.Identity

    init() throws {
        files = try CertificateFiles()
        (authority, other) = (try TestAuthority(), try TestAuthority(name: "Another authority"))
        server = try authority.issue([UpstreamFixture.host])
        _ = try files.write("vendor-root.pem", authority.certificatePEM)
        _ = try files.write("other-root.pem", other.certificatePEM)
    }

    private func identity(_ tls: Vendor.TLS, secrets: [String: String] = [:], trust: [String] = []) throws -> UpstreamIdentity? {
        try UpstreamIdentity.make(
            FakePolicy.vendor(tls: tls), secrets: secrets, trust: VendorTrust(files: trust, directory: files.directory), known: nil)
    }

    private static func pin(_ identity: TestAuthority.Identity) throws -> [UInt8] {
        let certificate = try #require(try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8)).first)
        return Array(SHA256.hash(data: try certificate.extractPublicKey().toSPKIBytes()))
    }

    /// The fault of connecting to the vendor under these options; nil: none.
    private func fault(_ tls: Vendor.TLS, trust: [String] = []) async throws -> ConnectFault? {
        let vendor = try await FakeVendor.start(identity: server)
        let fixture = try await UpstreamFixture.make(
            identity: try identity(tls, trust: trust), address: "127.0.0.1:\(vendor.port)", trust: trust)
        let fault = try await fixture.fault()
        #expect(vendor.bytes.isEmpty)
        try await vendor.stop()
        return fault
    }

    @Test("A vendor's own roots are trusted, and take the place of those trusted for all")
    func roots() async throws {
        let general = try files.write("general.pem", authority.certificatePEM)
        #expect(try await fault(Vendor.TLS(roots: ["vendor-root.pem"])) == nil)
        #expect(try await fault(Vendor.TLS(roots: ["other-root.pem", "vendor-root.pem"])) == nil)
        #expect(try await fault(Vendor.TLS(roots: ["other-root.pem"]), trust: [general]) == .tlsFailed)
        #expect(try await fault(Vendor.TLS(roots: [files.directory + "/vendor-root.pem"])) == nil)
    }

    @Test("A pinned key is required besides a certificate that verifies, and needs no more than to be one of several")
    func pins() async throws {
        let general = try files.write("general.pem", authority.certificatePEM)
        let (right, wrong) = (try Self.pin(server), try Self.pin(try authority.issue([UpstreamFixture.host])))
        #expect(try await fault(Vendor.TLS(pins: [right]), trust: [general]) == nil)
        #expect(try await fault(Vendor.TLS(pins: [wrong, right]), trust: [general]) == nil)
        #expect(try await fault(Vendor.TLS(pins: [wrong]), trust: [general]) == .tlsFailed)
        #expect(try await fault(Vendor.TLS(pins: [right])) == .tlsFailed)
        #expect(try await fault(Vendor.TLS(roots: ["other-root.pem"], pins: [right])) == .tlsFailed)
        #expect(try await fault(Vendor.TLS(roots: ["vendor-root.pem"], pins: [right])) == nil)
    }

    @Test("A vendor that asks for a client certificate gets the one of its file, with the key of the secret")
    func clientCertificate() async throws {
        let client = try other.issueClient(["gate.acme.test"])
        _ = try files.write("client.pem", client.certificatePEM)
        let vendor = try await FakeVendor.start(identity: server, clientRootPEM: other.certificatePEM)
        let tls = Vendor.TLS(
            roots: ["vendor-root.pem"],
            clientCertificate: Vendor.TLS.ClientCertificate(certificate: "client.pem", key: "${secret:client_key}"))
        let fixture = try await UpstreamFixture.make(
            identity: try identity(tls, secrets: ["client_key": client.keyPEM]), address: "127.0.0.1:\(vendor.port)")
        let held = try await fixture.connect()
        #expect(try await held.isUsable())
        try await vendor.stop()
    }

    @Test("What cannot be read keeps the set from loading, with a sentence that names the vendor and not the secret")
    func unreadable() throws {
        let (client, stranger) = (try other.issueClient(["gate.acme.test"]), try other.issueClient(["gate.acme.test"]))
        _ = try files.write("client.pem", client.certificatePEM)
        _ = try files.write("empty.pem", "nothing")
        func certificate(_ file: String) -> Vendor.TLS {
            Vendor.TLS(clientCertificate: Vendor.TLS.ClientCertificate(certificate: file, key: "${secret:client_key}"))
        }
        let cases: [(tls: Vendor.TLS, key: String?, code: ProxyError.Code)] = [
            (Vendor.TLS(roots: ["missing.pem"]), nil, .trustUnreadable), (Vendor.TLS(roots: ["empty.pem"]), nil, .trustUnreadable),
            (certificate("missing.pem"), client.keyPEM, .trustUnreadable), (certificate("client.pem"), nil, .secretMissing),
            (certificate("client.pem"), "hunter2", .vendorTLSInvalid), (certificate("client.pem"), stranger.keyPEM, .vendorTLSInvalid),
        ]
        for (tls, key, code) in cases {
            let error = #expect(throws: ProxyError.self) { try identity(tls, secrets: key.map { ["client_key": $0] } ?? [:]) }
            #expect(error?.code == code, "\(error?.message ?? "")")
            #expect(error?.message.contains("acme") == true && error?.message.contains("hunter2") == false)
        }
    }

    @Test("The same options give the same mark, different ones another, and an unchanged identity is taken over")
    func marks() throws {
        let client = try other.issueClient(["gate.acme.test"])
        _ = try files.write("client.pem", client.certificatePEM)
        let all = [
            Vendor.TLS(roots: ["vendor-root.pem"]), Vendor.TLS(roots: ["other-root.pem"]),
            Vendor.TLS(pins: [Array(repeating: 1, count: 32)]),
            Vendor.TLS(pins: [Array(repeating: 2, count: 32)]),
            Vendor.TLS(roots: ["vendor-root.pem"], pins: [Array(repeating: 1, count: 32)]),
            Vendor.TLS(clientCertificate: Vendor.TLS.ClientCertificate(certificate: "client.pem", key: "${secret:client_key}")),
        ]
        let secrets = ["client_key": client.keyPEM]
        let marks = try all.map { try #require(try identity($0, secrets: secrets)).mark }
        #expect(Set(marks).count == all.count)
        #expect(try all.map { try identity($0, secrets: secrets)?.mark } == marks)
        let first = try #require(try identity(all[0]))
        let trust = VendorTrust(directory: files.directory)
        #expect(try UpstreamIdentity.make(FakePolicy.vendor(tls: all[0]), secrets: [:], trust: trust, known: first) === first)
        #expect(try UpstreamIdentity.make(FakePolicy.vendor(tls: all[1]), secrets: [:], trust: trust, known: first) !== first)
        #expect(try UpstreamIdentity.make(FakePolicy.vendor(tls: nil), secrets: [:], trust: trust, known: first) == nil)
    }

    @Test("After a reload that changes the options, no connection made under the old ones is used again")
    func reload() async throws {
        let vendor = try await FakeVendor.start(identity: server)
        let before = try #require(try identity(Vendor.TLS(roots: ["vendor-root.pem"])))
        let fixture = try await UpstreamFixture.make(identity: before, address: "127.0.0.1:\(vendor.port)")
        let (idle, used) = (try await fixture.connect(), try await fixture.connect())
        try await fixture.release(idle)
        // Nothing changed: the idle one is handed out again.
        fixture.identities.replace([fixture.target: before])
        let again = try await fixture.connect()
        #expect(try await again.isSame(as: idle))
        try await fixture.release(again)

        let after = try #require(try identity(Vendor.TLS(roots: ["vendor-root.pem"], pins: [try Self.pin(server)])))
        fixture.identities.replace([fixture.target: after])
        #expect(try await !fixture.isCurrent(used))
        let fresh = try await fixture.connect()
        #expect(try await !fresh.isSame(as: idle))
        #expect(try await fixture.isCurrent(fresh))
        try await fixture.release(used)
        let next = try await fixture.connect()
        #expect(try await !next.isSame(as: used))
        #expect(vendor.connections == 4)
        try await vendor.stop()
    }

    @Test("A vendor that never finishes the handshake gives its place in the pool back")
    func silence() async throws {
        let silent = try await FakeVendor.start(identity: nil, respond: { _ in [] })
        var limits = ProxyLimits()
        limits.connectMillisecondsMax = 500
        limits.vendorConnectionsPerLoopMax = 1
        let fixture = try await UpstreamFixture.make(identity: nil, address: "127.0.0.1:\(silent.port)", limits: limits)
        #expect(try await fixture.fault() == .timedOut)
        #expect(try await fixture.fault() == .timedOut)
        try await silent.stop()
    }
}

extension FakePolicy {
    static func vendor(tls: Vendor.TLS?) throws -> Vendor {
        var vendor = try #require(set().vendors.first)
        vendor.tls = tls
        return vendor
    }
}
