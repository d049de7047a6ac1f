import FoundationEssentials
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// What is served inside a tunnel, and for how long.
@Suite struct TunnelTests {
    @Test(arguments: [nil, "other.test", "api.acme.test.evil.test", "acme.test"])
    func `a client that asks TLS for another name is told so, and nothing is served`(_ name: String?) async throws {
        try await Harness.proxy { harness in
            let client = try await harness.tunnel(serverName: name, verifiesName: false)
            for _ in 0..<2 {
                let answer = try await harness.ask(client, Wire.inner())
                #expect(answer.status == 421 && answer.text.contains("misdirected_request"))
            }
            #expect(harness.gate.heads.isEmpty)
            harness.expectNothingLeft("\(name ?? "no name")")
        }
    }

    @Test func `each request names the server that CONNECT named`() async throws {
        let cases: [(String, String, Int)] = [
            ("/v1", "api.acme.test", 200), ("/v1", "API.acme.test:443", 200), ("https://api.acme.test/v1", "api.acme.test", 200),
            ("HTTPS://API.acme.test:443/v1", "api.acme.test:443", 200), ("/to/acme/v1", "api.acme.test", 200),
            ("/v1", "api.acme.test:444", 421), ("/v1", "api.acme.test.", 421), ("/v1", "files.acme.test", 421), ("/v1", "evil.test", 421),
            ("/v1", "api.acme.test:", 421), ("http://api.acme.test/v1", "api.acme.test", 421),
            ("http://api.acme.test:443/v1", "api.acme.test:443", 421), ("https://files.acme.test/v1", "files.acme.test", 421),
        ]
        try await Harness.proxy { setup in
            setup.moreHosts = ["files.acme.test"]
        } _: { harness in
            let client = try await harness.tunnel()
            for (target, host, status) in cases {
                let seen = harness.vendor.requests.count
                let answer = try await harness.ask(client, Wire.inner(target, host: host))
                #expect(answer.status == status, "\(target) \(host)")
                #expect(harness.vendor.requests.count == seen + (status == 200 ? 1 : 0), "\(target) \(host)")
            }
            // `/to/…` is a path of the vendor's here, like any other.
            #expect(harness.gate.heads.map { String(decoding: $0.target, as: UTF8.self) } == ["/v1", "/v1", "/v1", "/v1", "/to/acme/v1"])
        }
    }

    @Test func `what breaks HTTP's rules is refused in a tunnel as anywhere`() async throws {
        let cases: [(String, Int)] = [
            ("POST /v1 HTTP/1.1\r\nHost: api.acme.test\r\nHost: api.acme.test\r\n\r\n", 400), ("POST /v1 HTTP/1.1\r\n\r\n", 400),
            ("GET https://api.acme.test/v1 HTTP/1.1\r\nHost: evil.test\r\n\r\n", 400),
            ("CONNECT api.acme.test:443 HTTP/1.1\r\nHost: api.acme.test:443\r\n\r\n", 405),
        ]
        try await Harness.proxy { harness in
            for (request, status) in cases {
                let answer = try await harness.ask(try await harness.tunnel(), request)
                #expect(answer.status == status)
            }
            harness.expectNothingLeft("malformed")
        }
    }

    @Test func `credentials inside a tunnel must be the same caller's and never leave`() async throws {
        let wrong = Data("crm:wrong".utf8).base64EncodedString()
        let cases: [([String], Int)] = [
            ([], 200), ([Harness.basic], 200), (["Waybill-Token: s3cret"], 200), (["Waybill-Token: wrong"], 401),
            (["Proxy-Authorization: Basic \(wrong)"], 401), ([Harness.basic, Harness.basic], 401),
        ]
        try await Harness.proxy { harness in
            for (fields, status) in cases {
                let client = try await harness.tunnel()
                let answer = try await harness.ask(client, Wire.inner(fields: fields + ["Authorization: Bearer vendors"]))
                #expect(answer.status == status, "\(fields)")
                #expect(answer.value("proxy-authenticate") == nil)
                if status == 401 { try await client.waitForClose() }
            }
            let received = String(decoding: harness.vendor.bytes, as: UTF8.self).lowercased()
            #expect(harness.vendor.requests.count == 3 && received.contains("authorization: bearer vendors"))
            #expect(!received.contains("proxy-") && !received.contains("waybill-") && !received.contains("s3cret"))
        }
    }

    @Test func `bytes sent before the answer to CONNECT belong to TLS`() async throws {
        try await Harness.proxy { harness in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(harness.interceptionCA.utf8)))
            let engine = EmbeddedChannel(
                handler: try NIOSSLClientHandler(
                    context: NIOSSLContext(configuration: configuration), serverHostname: FakePolicy.vendorHost))
            engine.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            let client = try await harness.client()
            let hello = try #require(try engine.readOutbound(as: ByteBuffer.self))
            try await client.send(Array(Harness.connect().utf8) + Array(hello.readableBytesView))
            let head = Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
            try await harness.eventually("the server's part of the handshake") { client.received.count > head.count + 500 }
            let first = client.takeReceived()
            #expect(Array(first.prefix(head.count)) == head)
            try engine.writeInbound(ByteBuffer(bytes: first.dropFirst(head.count)))
            try engine.writeOutbound(ByteBuffer(string: Wire.inner()))
            while let bytes = try engine.readOutbound(as: ByteBuffer.self) { try await client.send(Array(bytes.readableBytesView)) }
            try await harness.eventually("the request has come through") { harness.vendor.requests.count == 1 }
            #expect(harness.vendor.requests.first?.text == #"{"a":1}"#)
            engine.pipeline.fireChannelInactive()
            client.close()
        }
    }

    @Test func `a destination that is no vendor's any more is refused in a tunnel that stands`() async throws {
        try await Harness.proxy { harness in
            let client = try await harness.tunnel()
            let before = try await harness.ask(client, Wire.inner())
            try harness.state.replace(gate: FakeGate(policy: FakePolicy.set(digest: "d2", host: "elsewhere.test")))
            let after = try await harness.ask(client, Wire.inner())
            #expect((before.status, after.status) == (200, 403) && after.text.contains("proxy_destination_unknown"))
            try harness.state.replace(gate: FakeGate(policy: FakePolicy.set(digest: "d3")))
            let again = try await harness.ask(client, Wire.inner())
            #expect(again.status == 200 && harness.vendor.requests.count == 2)
        }
    }

    @Test func `a caller whose token is withdrawn is out of the tunnels that stand`() async throws {
        try await Harness.proxy { harness in
            let client = try await harness.tunnel()
            try harness.state.replace(gate: FakeGate(policy: FakePolicy.set(digest: "d2", tokens: ["another"])))
            let answer = try await harness.ask(client, Wire.inner())
            #expect(answer.status == 401 && answer.text.contains("caller_unauthenticated"))
            try await client.waitForClose()
            harness.expectNothingLeft("withdrawn")
            let next = try await harness.ask(try await harness.client(), Harness.connect())
            #expect(next.status == 407)
        }
    }

    @Test func `addresses in answers pass as they are`() async throws {
        try await Harness.proxy { harness in
            let fields = ["Location: https://api.acme.test/v1/2", "Link: </v1?page=2>; rel=next, <https://elsewhere.test/>; rel=x"]
            harness.vendor.respond { _ in [.write(FakeVendor.answer(201, "{}", fields: fields))] }
            let answer = try await harness.ask(try await harness.tunnel(), Wire.inner())
            #expect(answer.values("location") == ["https://api.acme.test/v1/2"])
            #expect(answer.values("link") == ["</v1?page=2>; rel=next, <https://elsewhere.test/>; rel=x"])
        }
    }
}
