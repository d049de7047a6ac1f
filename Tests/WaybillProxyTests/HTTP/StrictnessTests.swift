import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// gateway.md, "HTTP: strict": each rule by a raw request that breaks it and nothing else.
@Suite struct StrictnessTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var rule: String
        var request: [UInt8]
        var status = 400
        var code = "request_malformed"
        var testDescription: String { rule }

        init(_ rule: String, _ request: String, status: Int = 400, code: String = "request_malformed") {
            self.init(rule, bytes: Array(request.utf8), status: status, code: code)
        }
        init(_ rule: String, bytes: [UInt8], status: Int = 400, code: String = "request_malformed") {
            self.rule = rule
            request = bytes
            self.status = status
            self.code = code
        }
    }

    private static func post(_ fields: [String], _ body: String = "", line: String = "POST /to/acme/v1 HTTP/1.1", host: String? = "gate")
        -> String
    {
        Wire.request(line, fields: fields, host: host) + body
    }

    private static func bytes(_ parts: Any...) -> [UInt8] {
        parts.flatMap { part in (part as? String).map { Array($0.utf8) } ?? (part as? [UInt8]) ?? [] }
    }

    private static let line = "POST /to/acme/v1 HTTP/1.1\r\nHost: gate\r\nWaybill-Token: s3cret\r\n"

    static let cases: [Case] = [
        Case("Transfer-Encoding with Content-Length", post(["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n")),
        Case("Content-Length with Transfer-Encoding", post(["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n")),
        Case("Transfer-Encoding: ,chunked", post(["Transfer-Encoding: ,chunked"], "0\r\n\r\n")),
        Case("Transfer-Encoding: identity", post(["Transfer-Encoding: identity"])),
        Case("Transfer-Encoding: gzip, chunked", post(["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n")),
        Case("Transfer-Encoding: Chunked", post(["Transfer-Encoding: Chunked"], "0\r\n\r\n")),
        Case("Transfer-Encoding: chunked;x", post(["Transfer-Encoding: chunked;x"], "0\r\n\r\n")),
        Case("Transfer-Encoding with a tab behind it", post(["Transfer-Encoding: chunked\t"], "0\r\n\r\n")),
        Case("Transfer-Encoding twice", post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n")),
        Case("Transfer-Encoding empty", post(["Transfer-Encoding:"])),
        Case("Transfer-Encoding on HTTP/1.0", post(["Transfer-Encoding: chunked"], "0\r\n\r\n", line: "POST /to/acme/v1 HTTP/1.0")),
        Case("Content-Length repeated, equal", post(["Content-Length: 2", "Content-Length: 2"], "{}")),
        Case("Content-Length repeated, unlike", post(["Content-Length: 2", "Content-Length: 3"], "{}")),
        Case("Content-Length list", post(["Content-Length: 2, 2"], "{}")),
        Case("Content-Length with sign", post(["Content-Length: +2"], "{}")),
        Case("Content-Length negative", post(["Content-Length: -2"], "{}")),
        Case("Content-Length hexadecimal", post(["Content-Length: 0x2"], "{}")),
        Case("Content-Length with a tab behind it", post(["Content-Length: 2\t"], "{}")),
        Case("Content-Length empty", post(["Content-Length:"], "{}")),
        Case("Content-Length too long for a number", post(["Content-Length: 99999999999999999999"], "{}")),
        Case("bare LF after the request line", "POST /to/acme/v1 HTTP/1.1\nHost: gate\r\n\r\n"),
        Case("bare LF after a header", "POST /to/acme/v1 HTTP/1.1\r\nHost: gate\nX: y\r\n\r\n"),
        Case("bare LF before the end", "POST /to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\n"),
        Case("bare CR in a value", line + "X-A: b\rc\r\n\r\n"),
        Case("bare CR in a name", line + "X-A\r: b\r\n\r\n"),
        Case("bare CR before a line", line + "\rTransfer-Encoding: chunked\r\n\r\n"),
        Case("fragment in the target", "GET /to/acme/v1#x HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("NUL in a name", bytes: bytes(line, "X-", [UInt8(0)], "A: b\r\n\r\n")),
        Case("NUL in a value", bytes: bytes(line, "X-A: b", [UInt8(0)], "\r\n\r\n")),
        Case("control in a value", bytes: bytes(line, "X-A: b", [UInt8(1)], "\r\n\r\n")),
        Case("byte above 0x7f in a name", bytes: bytes(line, "X-", [UInt8(0xe9)], ": b\r\n\r\n")),
        Case("UTF-8 in a name", bytes: bytes(line, "X-é: b\r\n\r\n")),
        Case("_ in a name", line + "X_A: b\r\n\r\n"),
        Case("content_length", line + "content_length: 5\r\n\r\n"),
        Case("space before the colon", line + "X-A : b\r\n\r\n"),
        Case("empty name", line + ": b\r\n\r\n"),
        Case("no colon", line + "X-A\r\n\r\n"),
        Case("folded header", line + "X-A: b\r\n c\r\n\r\n"),
        Case("folded header by tab", line + "X-A: b\r\n\tc\r\n\r\n"),
        Case("leading space in the first header", "POST /to/acme/v1 HTTP/1.1\r\n Host: gate\r\n\r\n"),
        Case("Host missing", post([], host: nil)),
        Case("Host missing on HTTP/1.0", post([], line: "POST /to/acme/v1 HTTP/1.0", host: nil)),
        Case("Host repeated", post(["Host: other"])),
        Case("Host repeated, equal", post(["Host: gate"])),
        Case("Host empty", post([], host: "")),
        Case("Host with a comma", post([], host: "gate, other")),
        Case("Host with user information", post([], host: "user@gate")),
        Case("Host unlike an absolute-form target", post([], line: "POST http://other/to/acme/v1 HTTP/1.1")),
        Case("Content-Type repeated", post(["Content-Type: application/json", "Content-Type: text/plain"])),
        Case("Content-Encoding repeated", post(["Content-Encoding: gzip", "content-encoding: gzip"])),
        Case("Content-Type named by Connection", post(["Content-Type: application/json", "Connection: content-type"])),
        Case("two spaces in the request line", "POST  /to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("tab in the request line", "POST\t/to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("space after the version", "POST /to/acme/v1 HTTP/1.1 \r\nHost: gate\r\n\r\n"),
        Case("HTTP/2.0 in the request line", "POST /to/acme/v1 HTTP/2.0\r\nHost: gate\r\n\r\n"),
        Case("HTTP/1.2 in the request line", "POST /to/acme/v1 HTTP/1.2\r\nHost: gate\r\n\r\n"),
        Case("lower-case http", "POST /to/acme/v1 http/1.1\r\nHost: gate\r\n\r\n"),
        Case("HTTp/1.1", "POST /to/acme/v1 HTTp/1.1\r\nHost: gate\r\n\r\n"),
        Case("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Case("PRI as a method", "PRI /to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("target without a form", "POST to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("target with a scheme that is not HTTP's", "POST ftp://gate/to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("* for another method than OPTIONS", "GET * HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("CONNECT to a path", "CONNECT /to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("CONNECT with a length", post(["Content-Length: 2"], "{}", line: "CONNECT gate:443 HTTP/1.1")),
        Case("CONNECT with chunks", post(["Transfer-Encoding: chunked"], "0\r\n\r\n", line: "CONNECT gate:443 HTTP/1.1")),
        Case("no version", "GET /to/acme/v1\r\nHost: gate\r\n\r\n"),
        Case("byte above 0x7f in the target", bytes: bytes("GET /to/acme/", [UInt8(0xe9)], " HTTP/1.1\r\nHost: gate\r\n\r\n")),
        Case("empty line first", "\r\nGET /to/acme/v1 HTTP/1.1\r\nHost: gate\r\n\r\n"),
        Case("TLS on a plain listener", bytes: [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3, 10]),
        Case("chunk size not hexadecimal", post(["Transfer-Encoding: chunked"], "x\r\n\r\n")),
        Case("chunk size with a sign", post(["Transfer-Encoding: chunked"], "+2\r\n{}\r\n0\r\n\r\n")),
        Case("chunk size with 0x", post(["Transfer-Encoding: chunked"], "0x2\r\n{}\r\n0\r\n\r\n")),
        Case("chunk size too long", post(["Transfer-Encoding: chunked"], "fffffffffffffffff\r\n")),
        Case("chunk longer than its size", post(["Transfer-Encoding: chunked"], "2\r\n{}}\r\n0\r\n\r\n")),
        Case("chunk size ended by LF", post(["Transfer-Encoding: chunked"], "2\n{}\r\n0\r\n\r\n")),
        Case(
            "chunk extension with a control", bytes: bytes(post(["Transfer-Encoding: chunked"]), "2;a", [UInt8(1)], "\r\n{}\r\n0\r\n\r\n")),
        Case("blank before a chunk extension", post(["Transfer-Encoding: chunked"], "2 ;a\r\n{}\r\n0\r\n\r\n")),
        Case("chunk extension without a name", post(["Transfer-Encoding: chunked"], "2;=b\r\n{}\r\n0\r\n\r\n")),
        Case("chunk extension with an open quote", post(["Transfer-Encoding: chunked"], "2;a=\"b\r\n{}\r\n0\r\n\r\n")),
        Case("chunk extension with a blank in it", post(["Transfer-Encoding: chunked"], "2;a b\r\n{}\r\n0\r\n\r\n")),
        Case("Content-Length as a trailer", post(["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\nContent-Length: 2\r\n\r\n")),
        Case("Transfer-Encoding as a trailer", post(["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\ntransfer-encoding: chunked\r\n\r\n")),
        Case("Host as a trailer", post(["Transfer-Encoding: chunked"], "0\r\nHost: other\r\n\r\n")),
        Case("Authorization as a trailer", post(["Transfer-Encoding: chunked"], "0\r\nAuthorization: x\r\n\r\n")),
        Case("folded trailer", post(["Transfer-Encoding: chunked"], "0\r\nX-A: b\r\n c\r\n\r\n")),
        Case("_ in a trailer's name", post(["Transfer-Encoding: chunked"], "0\r\nX_A: b\r\n\r\n")),
        Case(
            "too many headers", post((0..<300).map { "X-\($0): b" }), status: 431, code: "request_head_too_large"),
        Case("too long a head", post(["X-A: " + String(repeating: "b", count: 70_000)]), status: 431, code: "request_head_too_large"),
    ]

    @Test func everyBrokenRuleIsRefusedClosedAndNothingIsSent() async throws {
        try await Harness.run { harness in
            for test in Self.cases {
                let client = try await harness.client()
                try await client.send(test.request)
                let answer = try await client.answer()
                #expect(answer.status == test.status, "\(test.rule)")
                #expect(answer.value("content-type") == "application/problem+json", "\(test.rule)")
                #expect(answer.text.contains(#""code":"\#(test.code)""#), "\(test.rule)")
                #expect(answer.value("connection") == "close", "\(test.rule)")
                #expect(answer.values("waybill-transfer").count == 1 && answer.value("waybill-decision") == "deny", "\(test.rule)")
                try await client.waitForClose()
                #expect(client.received.isEmpty, "\(test.rule): something came after the answer")
                client.close()
            }
            #expect(harness.vendor.connections == 0)
            #expect(harness.recorder.intents.isEmpty)
            #expect(harness.recorder.counts["request_malformed"] == Self.cases.filter { $0.status == 400 }.count)
        }
    }

    @Test(arguments: [
        "Content-Length: 7", "content-length: 7", "Content-Length:7", "Content-Length: \t7 ",
    ])
    func spellingsWithOneMeaningPass(_ length: String) async throws {
        try await Harness.run { harness in
            let request = Self.post([length, "X-Empty:", "X-Obs: caf\u{e9}", "Content-Type: application/json"], #"{"a":1}"#)
            let answer = try await harness.send(request)
            #expect(answer.status == 200)
        }
    }

    @Test func chunkedBodiesAreReadWholeAndSentWithALength() async throws {
        try await Harness.run { harness in
            let body = "3\r\n{\"a\r\n4;ext=\"1\"\r\n\":1}\r\n0\r\nX-Trailer: gone\r\n\r\n"
            let answer = try await harness.send(Self.post(["Content-Type: application/json", "Transfer-Encoding: chunked"], body))
            #expect(answer.status == 200)
            let request = try #require(harness.vendor.requests.first)
            #expect(request.text == #"{"a":1}"#)
            #expect(request.values("content-length") == ["7"])
            #expect(request.values("transfer-encoding").isEmpty && request.values("x-trailer").isEmpty)
        }
    }

    @Test func aRequestMayComeByteByByte() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            for byte in Self.post(["Transfer-Encoding: chunked"], "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n").utf8 {
                try await client.send([byte])
            }
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(harness.vendor.requests.first?.text == #"{"a":1}"#)
        }
    }

    @Test func pipelinedRequestsAreServedInTurn() async throws {
        try await Harness.run { harness in
            let gate = harness.gate
            gate.judge { (admission, body) in .send(FakeGate.shipment(admission, body: body)) }
            harness.vendor.respond { request in [.wait(milliseconds: 20), .write(FakeVendor.answer(200, request.text))] }
            let client = try await harness.client()
            try await client.send(Wire.post("/to/acme/1", "one") + Wire.post("/to/acme/2", "two") + Wire.get("/to/acme/3"))
            var texts: [String] = []
            for _ in 0..<3 { texts.append(try await client.answer().text) }
            #expect(texts == ["one", "two", ""])
            #expect(harness.vendor.connections == 1)
        }
    }

    @Test(arguments: [
        Self.post(["Connection: close", "Content-Length: 2"], "{}"),
        Self.post(["Content-Length: 2"], "{}", line: "POST /to/acme/v1 HTTP/1.0"),
    ])
    func whatStandsBehindTheLastMessageIsThrownAway(_ last: String) async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            try await client.send(last + Wire.post("/to/acme/behind", "behind"))
            let answer = try await client.answer()
            #expect(answer.status == 200 && answer.value("connection") == "close")
            try await client.waitForClose()
            #expect(client.received.isEmpty)
            #expect(harness.vendor.requests.count == 1 && harness.recorder.intents.count == 1)
        }
    }
}
