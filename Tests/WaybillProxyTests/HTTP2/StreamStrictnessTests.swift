import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillProxy

/// RFC 9113 §8.2 and §8.3, and gateway.md's "HTTP: strict" over HTTP/2: each rule by a request that breaks it and nothing else.
@Suite struct StreamStrictnessTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var rule: String
        var headers: HPACKHeaders
        /// Nil: the stream ends with the head.
        var body: String?
        var trailers: HPACKHeaders?
        var testDescription: String { rule }

        init(_ rule: String, _ headers: HPACKHeaders, _ body: String? = "{}", trailers: HPACKHeaders? = nil) {
            self.rule = rule
            self.headers = headers
            self.body = body
            self.trailers = trailers
        }
    }

    private static let (method, scheme) = ((":method", "POST"), (":scheme", "https"))
    private static let (authority, path) = ((":authority", "localhost"), (":path", "/to/acme/v1"))
    private static func with(_ name: String, _ value: String) -> HPACKHeaders { Head.post("/to/acme/v1", [(name, value)]) }

    static let pseudo: [Case] = [
        Case("no :method", Head.pseudo([scheme, authority, path])),
        Case("no :scheme", Head.pseudo([method, authority, path])),
        Case("no :path", Head.pseudo([method, scheme, authority])),
        Case("no :authority", Head.pseudo([method, scheme, path])),
        Case("no :authority but host", Head.pseudo([method, scheme, path], [("host", "localhost")])),
        Case(":method twice", Head.pseudo([method, method, scheme, authority, path])),
        Case(":path twice", Head.pseudo([method, scheme, authority, path, path])),
        Case(":authority twice", Head.pseudo([method, scheme, authority, authority, path])),
        Case("unknown pseudo-header", Head.pseudo([method, scheme, authority, path, (":x", "y")])),
        Case(":status in a request", Head.pseudo([method, scheme, authority, path, (":status", "200")])),
        Case(":protocol", Head.pseudo([method, scheme, authority, path, (":protocol", "websocket")])),
        Case("pseudo-header behind a header", Head.pseudo([method, scheme, authority], [path])),
        Case("empty :path", Head.pseudo([method, scheme, authority, (":path", "")])),
        Case("empty :authority", Head.pseudo([method, scheme, (":authority", ""), path])),
        Case("empty :method", Head.pseudo([(":method", ""), scheme, authority, path])),
        Case("http", Head.pseudo([method, (":scheme", "http"), authority, path])),
        Case("HTTPS", Head.pseudo([method, (":scheme", "HTTPS"), authority, path])),
        Case("CONNECT", Head.pseudo([(":method", "CONNECT"), authority]), nil),
        Case("CONNECT with a path", Head.pseudo([(":method", "CONNECT"), scheme, authority, path]), nil),
        Case("blank in :method", Head.pseudo([(":method", "POST /x HTTP/1.1\r\nX: y"), scheme, authority, path])),
        Case("blank in :path", Head.pseudo([method, scheme, authority, (":path", "/to/acme/v1 HTTP/1.1\r\nX: y")])),
        Case("space in :path", Head.pseudo([method, scheme, authority, (":path", "/to/acme/v 1")])),
        Case("NUL in :path", Head.pseudo([method, scheme, authority, (":path", "/to/acme/v\u{0}1")])),
        Case("fragment in :path", Head.pseudo([method, scheme, authority, (":path", "/to/acme/v1#x")])),
        Case("byte above 0x7f in :path", Head.pseudo([method, scheme, authority, (":path", "/to/acme/\u{e9}")])),
        Case("absolute :path", Head.pseudo([method, scheme, authority, (":path", "https://localhost/to/acme/v1")])),
        Case("* for POST", Head.pseudo([method, scheme, authority, (":path", "*")])),
        Case("line break in :authority", Head.pseudo([method, scheme, (":authority", "localhost\r\nX: y"), path])),
        Case("space in :authority", Head.pseudo([method, scheme, (":authority", "local host"), path])),
        Case("user in :authority", Head.pseudo([method, scheme, (":authority", "a@localhost"), path])),
    ]

    static let fields: [Case] = [
        Case("host unlike :authority", with("host", "other")),
        Case("hosts", Head.post("/to/acme/v1", [("host", "localhost"), ("host", "other")])),
        Case("connection", with("connection", "close")),
        Case("keep-alive", with("keep-alive", "timeout=5")),
        Case("proxy-connection", with("proxy-connection", "keep-alive")),
        Case("transfer-encoding", with("transfer-encoding", "chunked")),
        Case("upgrade", with("upgrade", "websocket")),
        Case("te: gzip", with("te", "gzip")),
        Case("te: trailers, gzip", with("te", "trailers, gzip")),
        Case("upper case in a name", with("X-Upper", "a")),
        Case("_ in a name", with("x_a", "a")),
        Case("empty name", with("", "a")),
        Case("space in a name", with("x a", "a")),
        Case("colon in a name", with("x:a", "a")),
        Case("line break in a name", with("x\r\na", "a")),
        Case("byte above 0x7f in a name", with("x\u{e9}", "a")),
        Case("line break in a value", with("x-a", "a\r\nx-b: c")),
        Case("CR in a value", with("x-a", "a\rb")),
        Case("LF in a value", with("x-a", "a\nb")),
        Case("NUL in a value", with("x-a", "a\u{0}b")),
        Case("control in a value", with("x-a", "a\u{1}b")),
        Case("blank before a value", with("x-a", " a")),
        Case("blank behind a value", with("x-a", "a ")),
        Case("tab behind a value", with("x-a", "a\t")),
        Case("a value that is no text", with("x-a", "a\u{fffd}")),
        Case("content-type twice", with("content-type", "text/plain")),
        Case("content-length twice", Head.post("/to/acme/v1", [("content-length", "2"), ("content-length", "2")])),
        Case("content-length +2", with("content-length", "+2")),
        Case("content-length empty", with("content-length", "")),
        Case("content-length more than the body", with("content-length", "3")),
        Case("content-length less than the body", with("content-length", "1")),
        Case("content-length without a body", with("content-length", "2"), nil),
        Case("content-length as a trailer", Head.post(), trailers: ["content-length": "2"]),
        Case("authorization as a trailer", Head.post(), trailers: ["authorization": "x"]),
        Case("transfer-encoding as a trailer", Head.post(), trailers: ["transfer-encoding": "chunked"]),
        Case("pseudo-header as a trailer", Head.post(), trailers: [":path": "/x"]),
        Case("line break in a trailer", Head.post(), trailers: ["x-a": "a\r\nb"]),
        Case("forbidden trailer behind no body", with("content-length", "0"), "", trailers: ["authorization": "x"]),
        Case("forbidden trailer behind a length", with("content-length", "2"), trailers: ["authorization": "x"]),
    ]

    @Test(arguments: [pseudo, fields])
    func everyBrokenRuleIsRefusedAndNothingIsSent(_ cases: [Case]) async throws {
        try await Harness.runWithStreams { harness, first in
            first.close()
            for test in cases {
                try await harness.withStreams { client in
                    let stream = try await client.open()
                    stream.push(test.headers, test.body, trailers: test.trailers)
                    let answer = try await stream.answer()
                    let endsAll = client.farewells.contains { $0 != .noError }
                    #expect(answer.status == 400 || answer.reset == .protocolError || endsAll, "\(test.rule): \(answer)")
                    #expect(answer.status != 400 || answer.text.contains(#""code":"request_malformed""#), "\(test.rule)")
                }
            }
            #expect(harness.vendor.connections == 0 && harness.vendor.bytes.isEmpty)
            #expect(harness.recorder.intents.isEmpty)
        }
    }

    @Test func aBodyThatGoesOnBehindItsLengthIsNotForwarded() async throws {
        try await Harness.runWithStreams { harness, client in
            let stream = try await client.open()
            try await stream.send(Head.post(length: 2))
            try await stream.send("{}")
            // The gate must not take the request for complete while this could still come.
            try await harness.eventually("the head was admitted") { harness.gate.heads.count == 1 }
            try await stream.send("{}", endsStream: true)
            let answer = try await stream.answer()
            #expect(answer.reset == .protocolError || answer.status == 400)
            #expect(harness.gate.judgedBodies.isEmpty && harness.vendor.connections == 0)
        }
    }

    /// NIOHTTP2 refuses many of them first; ours must not depend on it.
    @Test(
        arguments: (pseudo + fields).filter {
            $0.trailers == nil && !$0.rule.hasPrefix("content-length") && $0.rule != "content-type twice"
        })
    func ourOwnCheckRefusesTheHead(_ test: Case) {
        #expect(throws: HTTPFault.self) { try Self.parse(test.headers) }
    }

    @Test func whatIsWrittenIsReadBackAsTheSameHead() throws {
        let head = try Self.parse(
            Head.post("/to/acme/v1?a=b", [("te", "trailers"), ("host", "LOCALHOST"), ("x-a", "caf\u{e9}"), ("cookie", "a")]))
        #expect(head.methodText == "POST" && head.fields.text(head.target) == "/to/acme/v1?a=b" && head.framing == .chunked)
        #expect(
            head.fields.lines.map { head.fields.text($0.name) } == [
                "Host", "waybill-token", "content-type", "x-a", "cookie", "Transfer-Encoding",
            ])
    }

    /// As the stream's handler does it: our check, then the one parser.
    private static func parse(_ headers: HPACKHeaders) throws -> CallerHead {
        var bytes = ByteBuffer()
        try StreamHead(headers).write(to: &bytes, isChunked: true)
        var parser = RequestParser(headBytesMax: 65_536, fieldsMax: 200)
        parser.feed(bytes)
        guard case .head(let head) = try parser.next() else { throw HTTPFault.badStartLine }
        #expect(parser.bufferedBytes == 0)
        return head
    }
}
