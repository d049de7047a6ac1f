import FoundationEssentials
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting
import X509

/// Callers known by the certificate they show to a listener.
@Suite struct ClientCertificateTests {
    private static let token = "Waybill-Token: s3cret"

    @Test func `a caller is who its certificate says, and every credential must agree`() async throws {
        let clients = try TestAuthority(name: "clients")
        let cases: [(String, TestAuthority.Identity?, [String], Int)] = [
            ("certificate", try clients.issueClient(["CRM.acme.internal"]), [], 200),
            ("certificate with a URI", try clients.issueClient([], uris: ["spiffe://acme/crm"]), [], 200),
            ("one name of several", try clients.issueClient(["pod-7.acme.internal", "crm.acme.internal"]), [], 200),
            ("certificate and token", try clients.issueClient(["crm.acme.internal"]), [Self.token], 200),
            ("token alone", nil, [Self.token], 200),
            ("neither", nil, [], 401),
            ("certificate of nobody", try clients.issueClient(["nobody.acme.internal"]), [], 401),
            ("certificate of nobody, and token", try clients.issueClient(["nobody.acme.internal"]), [Self.token], 401),
            ("certificate of another, and token", try clients.issueClient(["other.acme.internal"]), [Self.token], 401),
            ("certificate and wrong token", try clients.issueClient(["crm.acme.internal"]), ["Waybill-Token: wrong"], 401),
            ("certificate of two callers", try clients.issueClient(["crm.acme.internal", "other.acme.internal"]), [], 401),
            ("a wildcard", try clients.issueClient(["*.acme.internal"]), [], 401),
            ("a DNS name like the URI", try clients.issueClient(["spiffe://acme/crm"]), [], 401),
            ("a URI in other case", try clients.issueClient([], uris: ["spiffe://acme/CRM"]), [], 401),
        ]
        try await Harness.run { setup in
            setup.clientCA = clients.certificatePEM
            setup.sans = ["crm.acme.internal", "spiffe://acme/crm", "other.acme.internal"]
        } _: { harness in
            for (name, identity, fields, status) in cases {
                let client = try await RawClient.connect(
                    port: harness.port, trustPEM: harness.authority.certificatePEM, identity: identity)
                let answer = try await harness.ask(client, Wire.post(fields: fields, token: nil))
                #expect(answer.status == status, "\(name)")
                client.close()
            }
        }
    }

    @Test func `a certificate that cannot be verified ends the connection`() async throws {
        let (clients, strangers) = (try TestAuthority(name: "clients"), try TestAuthority(name: "clients"))
        let bad = [try strangers.issueClient(["crm.acme.internal"]), try clients.issueClient(["crm.acme.internal"], usage: .serverAuth)]
        try await Harness.run { setup in
            setup.clientCA = clients.certificatePEM
            setup.sans = ["crm.acme.internal"]
        } _: { harness in
            for identity in bad {
                let client = try await RawClient.connect(
                    port: harness.port, trustPEM: harness.authority.certificatePEM, identity: identity)
                do { try await client.send(Wire.post()) } catch {}  // it may be gone already
                try await client.waitForClose()
                #expect(client.received.isEmpty)
            }
            harness.expectNothingLeft("unverified")
        }
    }

    @Test func `a forward proxy over TLS knows its caller by certificate, and so do its tunnels`() async throws {
        let clients = try TestAuthority(name: "clients")
        let (crm, nobody) = (try clients.issueClient(["crm.acme.internal"]), try clients.issueClient(["nobody.acme.internal"]))
        try await Harness.proxy { setup in
            setup.clientCA = clients.certificatePEM
            setup.sans = ["crm.acme.internal"]
        } _: { harness in
            func connect(_ identity: TestAuthority.Identity?) async throws -> RawClient {
                try await RawClient.connect(port: harness.port, trustPEM: harness.authority.certificatePEM, identity: identity)
            }
            for (identity, fields) in [(crm, []), (crm, [Harness.basic]), (nil, [Harness.basic])] {
                let tunnel = try await harness.tunnel(Harness.connect(fields: fields), on: try await connect(identity))
                for _ in 0..<2 {
                    let answer = try await harness.ask(tunnel, Wire.inner())
                    #expect(answer.status == 200)
                }
                tunnel.close()
            }
            let stranger = try await harness.ask(try await connect(nobody), Harness.connect())
            let nameless = try await harness.ask(try await connect(nil), Harness.connect(fields: []))
            #expect((stranger.status, nameless.status) == (407, 407))
            let tunnel = try await harness.tunnel(Harness.connect(fields: []), on: try await connect(crm))
            try harness.state.replace(gate: FakeGate(policy: FakePolicy.set(digest: "d2")))
            let answer = try await harness.ask(tunnel, Wire.inner())
            #expect(answer.status == 401 && harness.vendor.requests.count == 6)
        }
    }
}
