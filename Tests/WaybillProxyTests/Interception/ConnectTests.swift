import FoundationEssentials
import NIOPosix
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// What `CONNECT` may name, who may send it, and what happens to the connection afterwards.
@Suite struct ConnectTests {
    private static let basic = Harness.basic
    private static let host = Harness.destination

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var request: String
        var status: Int
        var code: String
        var isClosed = true
        var testDescription: String { name }
    }

    private static func connect(_ target: String = host, _ fields: [String] = [basic], host: String? = host, version: String = "1.1")
        -> String
    {
        Harness.connect(target, fields: fields, host: host, version: version)
    }

    static let refused: [Case] = [
        .init(name: "no port", request: connect("api.acme.test", host: "api.acme.test"), status: 400, code: "request_malformed"),
        .init(name: "port 0", request: connect("api.acme.test:0"), status: 400, code: "request_malformed"),
        .init(name: "port too large", request: connect("api.acme.test:65979"), status: 400, code: "request_malformed"),
        .init(name: "port with zeros", request: connect("api.acme.test:0443"), status: 400, code: "request_malformed"),
        .init(name: "user", request: connect("crm@api.acme.test:443"), status: 400, code: "request_malformed"),
        .init(name: "a path", request: connect("/v1"), status: 400, code: "request_malformed"),
        .init(name: "a URL", request: connect("https://api.acme.test:443/"), status: 400, code: "request_malformed"),
        .init(name: "Host of another", request: connect(host: "other.test:443"), status: 400, code: "request_malformed"),
        .init(name: "Host with another port", request: connect(host: "api.acme.test:444"), status: 400, code: "request_malformed"),
        .init(name: "no Host", request: connect(host: nil), status: 400, code: "request_malformed"),
        .init(name: "HTTP/1.0, Host of another", request: connect(host: "x:1", version: "1.0"), status: 400, code: "request_malformed"),
        .init(name: "Content-Length", request: connect(host, [basic, "Content-Length: 0"]), status: 400, code: "request_malformed"),
        .init(
            name: "a body", request: connect(host, [basic, "Content-Length: 2"]) + "{}", status: 400, code: "request_malformed"),
        .init(
            name: "chunked", request: connect(host, [basic, "Transfer-Encoding: chunked"]) + "0\r\n\r\n", status: 400,
            code: "request_malformed"),
        .init(
            name: "another host", request: connect("evil.test:443", host: "evil.test:443"), status: 403, code: "proxy_destination_unknown"),
        .init(
            name: "another port", request: connect("api.acme.test:8443", host: "api.acme.test:8443"), status: 403,
            code: "proxy_destination_unknown"),
        .init(
            name: "a name that begins like it", request: connect("api.acme.test.evil.test:443", host: "api.acme.test.evil.test:443"),
            status: 403, code: "proxy_destination_unknown"),
        .init(
            name: "its name with a dot behind", request: connect("api.acme.test.:443", host: "api.acme.test.:443"), status: 403,
            code: "proxy_destination_unknown"),
        .init(name: "an address", request: connect("127.0.0.1:443", host: "127.0.0.1:443"), status: 403, code: "proxy_destination_unknown"),
        .init(name: "an IPv6 address", request: connect("[::1]:443", host: "[::1]:443"), status: 403, code: "proxy_destination_unknown"),
        .init(
            name: "a destination the CA may not stand in for", request: connect("files.other.test:443", host: "files.other.test:443"),
            status: 403, code: "interception_not_permitted"),
        .init(name: "an expectation", request: connect(host, [basic, "Expect: x"]), status: 417, code: "expectation_unknown"),
        .init(
            name: "a path of the gate", request: Wire.post(fields: [basic], token: nil), status: 404, code: "path_unknown", isClosed: false),
        .init(
            name: "another method than CONNECT in its form",
            request: Wire.request("GET api.acme.test:443 HTTP/1.1", fields: [basic], token: nil, host: host), status: 400,
            code: "request_malformed"),
        .init(
            name: "trace",
            request: Wire.request("TRACE http://api.acme.test/ HTTP/1.1", fields: [basic], token: nil, host: "api.acme.test"),
            status: 405, code: "method_not_allowed", isClosed: false),
        .init(
            name: "lower-case connect",
            request: Wire.request("connect api.acme.test:443 HTTP/1.1", fields: [basic], token: nil, host: host), status: 400,
            code: "request_malformed"),
        .init(name: "no credentials", request: connect(host, []), status: 407, code: "proxy_authentication_required", isClosed: false),
        .init(
            name: "no credentials, HTTP/1.0", request: connect(host, [], version: "1.0"), status: 407, code: "proxy_authentication_required"
        ),
        .init(
            name: "no credentials, for a stranger", request: connect("evil.test:443", [], host: "evil.test:443"), status: 407,
            code: "proxy_authentication_required", isClosed: false),
        .init(
            name: "wrong token", request: connect(host, [encoded("crm:wrong")]), status: 407, code: "proxy_authentication_required",
            isClosed: false),
        .init(
            name: "wrong name", request: connect(host, [encoded("other:s3cret")]), status: 407, code: "proxy_authentication_required",
            isClosed: false),
        .init(
            name: "another scheme", request: connect(host, ["Proxy-Authorization: Bearer s3cret"]), status: 407,
            code: "proxy_authentication_required", isClosed: false),
        .init(
            name: "the vendor's Authorization", request: connect(host, [basic.replacing("Proxy-", with: "")]), status: 407,
            code: "proxy_authentication_required", isClosed: false),
        .init(
            name: "one right, one wrong", request: connect(host, [basic, "Waybill-Token: wrong"]), status: 407,
            code: "proxy_authentication_required", isClosed: false),
    ]

    private static func encoded(_ text: String) -> String { "Proxy-Authorization: Basic \(Data(text.utf8).base64EncodedString())" }

    @Test func `what may not be tunnelled is refused, and nothing leaves`() async throws {
        try await Harness.proxy {
            $0.moreHosts = ["files.other.test"]
        } _: { harness in
            for each in Self.refused {
                let client = try await harness.client()
                let answer = try await harness.ask(client, each.request)
                #expect(answer.status == each.status && answer.text.contains(#""code":"\#(each.code)""#), "\(each.name): \(answer.text)")
                #expect(answer.value("proxy-authenticate") == (each.status == 407 ? #"Basic realm="waybill""# : nil), "\(each.name)")
                #expect(answer.value("content-type") == "application/problem+json", "\(each.name)")
                #expect((answer.value("connection") == "close") == each.isClosed, "\(each.name)")
                if each.isClosed { try await client.waitForClose() }
                client.close()
                harness.expectNothingLeft("\(each.name)")
            }
            #expect(harness.gate.heads.isEmpty)
            #expect(harness.recorder.counts["proxy_destination_unknown"] == 6)
        }
    }

    @Test(arguments: [
        connect(), connect("API.Acme.Test:443", host: "api.acme.test:443"), connect(host: "api.acme.test"),
        connect(host: nil, version: "1.0"),
        connect(version: "1.0"), connect(host, ["Waybill-Token: s3cret"]), connect(host, [basic, "Waybill-Token: s3cret"]),
        connect(host, [basic, "Proxy-Connection: Keep-Alive", "User-Agent: x"]), connect(host, [basic, "Connection: close"]),
    ])
    func `a destination of a vendor is served under a leaf in its name`(_ request: String) async throws {
        try await Harness.proxy { harness in
            let client = try await harness.tunnel(request)
            for _ in 0..<2 {
                let answer = try await harness.ask(client, Wire.inner())
                #expect(answer.status == 200 && answer.value("waybill-decision") == "allow_redacted")
            }
            #expect(harness.vendor.requests.map(\.requestLine) == ["POST /v1/contacts HTTP/1.1", "POST /v1/contacts HTTP/1.1"])
            #expect(harness.vendor.requests.first?.values("host") == ["api.acme.test"])
            #expect(harness.gate.heads.first?.vendor == "acme" && harness.gate.heads.first?.destination?.host == "api.acme.test")
        }
    }

    @Test func `after a challenge the client tries again on the same connection`() async throws {
        try await Harness.proxy { harness in
            let client = try await harness.client()
            for _ in 0..<3 {
                let challenge = try await harness.ask(client, Harness.connect(fields: []))
                #expect(challenge.status == 407)
            }
            let tunnel = try await harness.tunnel(on: client)
            let answer = try await harness.ask(tunnel, Wire.inner())
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [(connect(host, []), 407), (connect("evil.test:443", host: "evil.test:443"), 403)])
    func `what was sent behind a refused CONNECT is never read as a request`(_ request: String, _ status: Int) async throws {
        try await Harness.proxy { harness in
            let client = try await harness.client()
            let smuggled = Wire.request("GET https://api.acme.test/v1 HTTP/1.1", fields: [Self.basic], token: nil, host: "api.acme.test")
            let answer = try await harness.ask(client, request + smuggled)
            #expect(answer.status == status && answer.value("connection") == "close")
            try await client.waitForClose()
            #expect(client.received.isEmpty && harness.gate.heads.isEmpty)
            harness.expectNothingLeft("smuggled")
        }
    }

    @Test func `a CONNECT behind another request waits for its turn`() async throws {
        try await Harness.run { setup in
            (setup.kind, setup.vendorScheme, setup.vendorHost) = (.proxy, "http", "plain.test")
        } _: { harness in
            let first = Wire.request("GET http://plain.test/v1 HTTP/1.1", fields: [Self.basic], token: nil, host: "plain.test")
            let client = try await harness.client()
            try await client.send(first + Self.connect("plain.test:443", host: "plain.test:443"))
            let answers = (try await client.answer().status, try await client.answer().status)
            #expect(answers == (200, 403))
        }
    }

    @Test func `a gate listener is no forward proxy`() async throws {
        try await Harness.run { harness in
            let connect = try await harness.send(Harness.connect())
            let absolute = try await harness.send(
                Wire.request("GET https://api.acme.test/v1 HTTP/1.1", fields: [Self.basic], token: nil, host: "api.acme.test"))
            #expect((connect.status, absolute.status) == (405, 421))
            harness.expectNothingLeft("gate")
        }
    }

    @Test func `a forward proxy needs a CA`() async throws {
        try await Harness.run { harness in
            let server = GateServer(
                configuration: ProxyConfiguration(listeners: [.init(kind: .proxy, host: "127.0.0.1", port: 0)]), state: harness.state,
                logger: Harness.Setup().logger, group: .singleton)
            let error = await #expect(throws: ProxyError.self) { try await server.start() }
            #expect(error?.code == .authorityMissing)
        }
    }
}
