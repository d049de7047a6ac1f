import Crypto
import FoundationEssentials
import NIOCore
import NIOSSL
import SwiftASN1
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting
import X509

@testable import WaybillProxy

@Suite("Leaves of the interception CA")
struct InterceptionLeavesTests {
    static let host = "api.hubapi.com"

    private func leaves(
        _ permit: [String] = ["hubapi.com"], protocols: [String] = ["http/1.1"], clock: any WallClock = SystemWallClock()
    ) throws -> (InterceptionAuthority, InterceptionLeaves) {
        let authority = try InterceptionAuthority.make(organisation: "Acme", permit: permit, now: clock.now())
        return (authority, InterceptionLeaves(authority: authority, protocols: protocols, clock: clock))
    }

    /// What a client that trusts only the CA is shown.
    private func shown(_ leaves: InterceptionLeaves, _ authority: InterceptionAuthority, _ host: String = host) async throws -> Certificate
    {
        let outcome = try await Handshake.run(server: try leaves.context(for: host), host: host, trust: [authority.certificatePEM])
        return try Certificate(derEncoded: try outcome.certificate.toDERBytes())
    }

    @Test(
        "A client that trusts only the CA accepts the leaf for its name, with each version of TLS",
        arguments: [("api.hubapi.com", TLSVersion.tlsv12), ("api.hubapi.com", .tlsv13), ("hubapi.com", .tlsv13)])
    func accepted(host: String, version: TLSVersion) async throws {
        let (authority, leaves) = try leaves()
        let outcome = try await Handshake.run(
            server: try leaves.context(for: host), host: host, trust: [authority.certificatePEM], newest: version)
        #expect(outcome.version == version && outcome.application == "http/1.1")
    }

    @Test("TLS 1.1 is refused")
    func oldTLS() async throws {
        let (authority, leaves) = try leaves()
        await #expect(throws: (any Error).self) {
            try await Handshake.run(
                server: try leaves.context(for: Self.host), host: Self.host, trust: [authority.certificatePEM], newest: .tlsv11)
        }
    }

    @Test("The leaf of one name is refused under another, and by a client that does not trust the CA")
    func refused() async throws {
        let (authority, leaves) = try leaves()
        let other = try InterceptionAuthority.make(organisation: "Acme", permit: ["hubapi.com"], now: SystemWallClock().now())
        for (host, trust) in [("www.hubapi.com", authority), (Self.host, other)] {
            await #expect(throws: (any Error).self) {
                try await Handshake.run(server: try leaves.context(for: Self.host), host: host, trust: [trust.certificatePEM])
            }
        }
    }

    @Test(
        "The application protocol is the first offered here that the client knows",
        arguments: [(["h2", "http/1.1"], ["http/1.1", "h2"], "h2"), (["http/1.1"], ["h2", "http/1.1"], "http/1.1")])
    func applicationProtocol(ours: [String], theirs: [String], expected: String) async throws {
        let (authority, leaves) = try leaves(protocols: ours)
        let outcome = try await Handshake.run(
            server: try leaves.context(for: Self.host), host: Self.host, trust: [authority.certificatePEM], offers: theirs)
        #expect(outcome.application == expected)
    }

    @Test("A leaf says what it is: one name, server authentication, no CA, a key of its own, at most 24 hours")
    func content() async throws {
        let (authority, leaves) = try leaves()
        let leaf = try await shown(leaves, authority)
        let root = try Certificate(pemEncoded: authority.certificatePEM)
        #expect(leaf.notValidAfter.timeIntervalSince(leaf.notValidBefore) <= 86_400)
        #expect(leaf.notValidBefore < Date() && leaf.notValidAfter > Date().addingTimeInterval(12 * 3_600))
        #expect(try leaf.extensions.subjectAlternativeNames?.map { $0 } == [.dnsName(Self.host)])
        #expect(try leaf.extensions.extendedKeyUsage == ExtendedKeyUsage([.serverAuth]))
        #expect(try leaf.extensions.keyUsage == KeyUsage(digitalSignature: true))
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        #expect(try leaf.extensions.authorityKeyIdentifier?.keyIdentifier == root.extensions.subjectKeyIdentifier?.keyIdentifier)
        #expect(leaf.publicKey != root.publicKey && leaf.issuer == root.subject && leaf.version == .v3)
    }

    @Test("The X.509 verifier accepts it for its name")
    func verifier() async throws {
        let (authority, leaves) = try leaves()
        let leaf = try await shown(leaves, authority)
        for (name, valid) in [(Self.host, true), ("api.example.com", false)] {
            var verifier = Verifier(rootCertificates: CertificateStore([try Certificate(pemEncoded: authority.certificatePEM)])) {
                RFC5280Policy()
                ServerIdentityPolicy(serverHostname: name, serverIP: nil)
            }
            let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore())
            if case .validCertificate = result { #expect(valid) } else { #expect(!valid, "\(result)") }
        }
    }

    static let names: [(permit: [String], host: String, allowed: Bool)] = [
        (["hubapi.com"], "hubapi.com", true), (["hubapi.com"], "api.hubapi.com", true), (["hubapi.com"], "a.b.hubapi.com", true),
        (["hubapi.com"], "evilhubapi.com", false), (["hubapi.com"], "hubapi.com.evil.test", false), (["hubapi.com"], "com", false),
        (["api.hubapi.com"], "hubapi.com", false), (["api.hubapi.com", "mailchimp.com"], "us19.api.mailchimp.com", true),
        ([".hubapi.com"], "api.hubapi.com", true), (["hubapi.com"], "127.0.0.1", false), (["hubapi.com"], "", false),
        (["hubapi.com"], "*.hubapi.com", false), (["hubapi.com"], ".hubapi.com", false), (["hubapi.com"], "a b.hubapi.com", false),
        (["hubapi.com"], "a\0.hubapi.com", false), (["hubapi.com"], "API.HUBAPI.COM", false), (["1"], "10.0.0.1", false),
        (["hubapi.com"], String(repeating: "a", count: 64) + ".hubapi.com", false),
        (["hubapi.com"], String(repeating: "a", count: 63) + ".hubapi.com", true), (["invalid"], "api.hubapi.com", false),
    ]

    @Test("A leaf is given only for names that the CA's constraints cover", arguments: names)
    func constraints(permit: [String], host: String, allowed: Bool) async throws {
        let (authority, leaves) = try leaves(permit)
        guard allowed else {
            #expect(throws: LeafFault.notPermitted) { try leaves.context(for: host) }
            return
        }
        let leaf = try await shown(leaves, authority, host)
        #expect(try leaf.extensions.subjectAlternativeNames?.map { $0 } == [.dnsName(host)])
    }

    @Test("A leaf is kept until half of its life is over, then another takes its place; none outlives the CA")
    func renewal() throws {
        let clock = ManualClock()
        let (authority, leaves) = try leaves(clock: clock)
        let first = try leaves.context(for: Self.host)
        clock.advance(milliseconds: InterceptionLeaves.usedSeconds * 1_000 - 1)
        #expect(try leaves.context(for: Self.host) === first)
        clock.advance(milliseconds: 1)
        let second = try leaves.context(for: Self.host)
        #expect(second !== first)
        // In the CA's last minutes a leaf is not kept, after them none is made.
        clock.advance(milliseconds: authority.notAfter.milliseconds - clock.now().milliseconds - 1_000)
        #expect(try leaves.context(for: Self.host) !== leaves.context(for: Self.host))
        clock.advance(milliseconds: 1_000)
        #expect(throws: LeafFault.failed) { try leaves.context(for: Self.host) }
    }

    @Test("A leaf ends with the CA at the latest, and begins with it at the earliest")
    func bounds() throws {
        let clock = ManualClock()
        let (authority, _) = try leaves(clock: clock)
        let key = P256.Signing.PrivateKey()
        let young = try authority.leaf(for: Self.host, key: key.publicKey, now: clock.now())
        clock.advance(milliseconds: authority.notAfter.milliseconds - clock.now().milliseconds - 60_000)
        let old = try authority.leaf(for: Self.host, key: key.publicKey, now: clock.now())
        let root = try Certificate(pemEncoded: authority.certificatePEM)
        #expect(young.notValidBefore >= root.notValidBefore && young.notValidAfter < root.notValidAfter)
        #expect(old.notValidAfter == root.notValidAfter)
        #expect(old.notValidAfter.timeIntervalSince(old.notValidBefore) <= 86_400)
    }

    @Test("After a rotation the new CA signs, also for names that had a leaf")
    func rotation() async throws {
        let (old, leaves) = try leaves()
        let next = try InterceptionAuthority.make(organisation: "Acme", permit: ["hubapi.com"], now: SystemWallClock().now())
        _ = try await shown(leaves, old)
        leaves.replace(authority: next)
        _ = try await shown(leaves, next)
        await #expect(throws: (any Error).self) { try await shown(leaves, old) }
        // Callers that trust both are served before and after.
        let trust = [old.certificatePEM + next.certificatePEM]
        _ = try await Handshake.run(server: try leaves.context(for: Self.host), host: Self.host, trust: trust)
    }

    @Test("The number of leaves in memory is bounded")
    func bounded() throws {
        let (_, leaves) = try leaves()
        for number in 0...InterceptionLeaves.leavesMax { _ = try leaves.context(for: "h\(number).hubapi.com") }
        #expect(leaves.count == InterceptionLeaves.leavesMax)
    }

    @Test("Many threads at once get leaves that verify")
    func threads() async throws {
        let (authority, leaves) = try leaves()
        try await withThrowingTaskGroup { tasks in
            for number in 0..<64 {
                tasks.addTask {
                    let host = "h\(number % 8).hubapi.com"
                    _ = try await Handshake.run(server: try leaves.context(for: host), host: host, trust: [authority.certificatePEM])
                }
            }
            try await tasks.waitForAll()
        }
        #expect(leaves.count == 8)
    }
}
