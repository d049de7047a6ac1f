import FoundationEssentials
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillDelivery

@Suite("Sinks over HTTPS")
struct HTTPSinksTests {
    private let log = MadeLog(origin: "acme.example/waybill", size: 600)

    private func make(_ kind: String, _ values: [String: String], _ place: Place) throws -> any DeliverySink {
        let surroundings = SinkSurroundings(
            format: try #require(ExportFormats.named("ndjson")), trust: place.identity.trust, proxy: nil, agent: "waybill/test")
        return try #require(SinkKinds.named(kind)).make(SinkValues(values), surroundings)
    }

    private func server(_ place: Place) async throws -> FakeVendor {
        try await FakeVendor.start(identity: place.authority.issue(["localhost"]))
    }

    @Test("A batch is a body of lines with its range, the credential, and gzip where it is asked for", arguments: [false, true])
    func push(gzip: Bool) async throws {
        let place = try Place()
        let server = try await server(place)
        let sink = try make(
            "https",
            ["url": "https://localhost:\(server.port)/in", "token": "word", "scheme": "Splunk", "gzip": "\(gzip)"], place)
        try sink.deliver((5..<8).map(log.record))
        let seen = try #require(server.requests.first)
        let body = gzip ? try ContentCoding.gzip.decode(seen.body, limits: BodyLimits()) : seen.body
        #expect(body == (5..<8).flatMap { log.record($0).entry + [0x0a] })
        #expect(seen.values("Authorization") == ["Splunk word"])
        #expect(seen.values("Idempotency-Key") == [#""5-7@acme.example/waybill""#])
        #expect(seen.values("Content-Type").first?.hasPrefix("application/x-ndjson") == true)
        #expect(seen.values("Content-Encoding") == (gzip ? ["gzip"] : []))
        #expect(seen.values("User-Agent") == ["waybill/test"])
        try await server.stop()
    }

    @Test(
        "Every answer but 2xx is a failure whose sentence names no credential",
        arguments: [
            (429, 17, false), (503, 17, false), (413, nil, true), (401, nil, false), (302, nil, false), (404, nil, false),
            (500, nil, false),
            (418, nil, false),
        ])
    func answers(_ status: Int, _ wait: Int?, _ isTooMuch: Bool) async throws {
        let place = try Place()
        let server = try await server(place)
        server.respond { _ in [.write(FakeVendor.answer(status, "why", fields: ["Retry-After: 17"]))] }
        for kind in ["https", "otlp"] {
            let sink = try make(kind, ["url": "https://localhost:\(server.port)/in", "token": "word-of-secret"], place)
            let failure = #expect(throws: DeliveryFailure.self) { try sink.deliver([log.record(0)]) }
            #expect(failure?.retryAfterSeconds == wait && failure?.isTooMuch == isTooMuch)
            #expect(failure?.message.contains("localhost:\(server.port)") == true)
            #expect(failure?.message.contains("word-of-secret") == false && failure?.message.contains("/in") == false)
        }
        try await server.stop()
    }

    @Test(
        "A collector that takes a part only has not taken the batch",
        arguments: [
            (#"{"partialSuccess":{"rejectedLogRecords":"1"}}"#, false), (#"{"partialSuccess":{"rejectedLogRecords":2}}"#, false),
            (#"{"partialSuccess":{"errorMessage":"a warning"}}"#, true), (#"{"partialSuccess":{}}"#, true), ("{}", true), ("", true),
            ("ok", true),
        ])
    func partialSuccess(_ answer: String, _ isTaken: Bool) async throws {
        let place = try Place()
        let server = try await server(place)
        server.respond { _ in [.write(FakeVendor.answer(200, answer))] }
        let sink = try make("otlp", ["url": "https://localhost:\(server.port)"], place)
        if isTaken {
            try sink.deliver([log.record(0), log.record(1)])
        } else {
            let failure = #expect(throws: DeliveryFailure.self) { try sink.deliver([log.record(0), log.record(1)]) }
            #expect(failure?.isTooMuch == true)
        }
        #expect(server.requests.first?.requestLine == "POST /v1/logs HTTP/1.1")
        try await server.stop()
    }

    @Test("An object is named by its bundle, signed, and carries its hash")
    func object() async throws {
        let place = try Place()
        let server = try await server(place)
        let sink = try make(
            "s3",
            [
                "url": "https://localhost:\(server.port)", "bucket": "evidence", "prefix": "w/", "access_key": "AKID",
                "secret_key": "word-of-secret",
            ], place)
        #expect(sink.pace.bundleEntries == 256 && sink.pace.tailMilliseconds == 900_000)
        try sink.deliver((256..<512).map(log.record))
        let seen = try #require(server.requests.first)
        #expect(seen.requestLine == "PUT /evidence/w/acme.example/waybill/000000000001.ndjson HTTP/1.1")
        #expect(seen.values("Authorization").first?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/") == true)
        #expect(seen.values("x-amz-content-sha256").first?.count == 64)
        #expect(!String(decoding: server.bytes, as: UTF8.self).contains("word-of-secret"))
        try await server.stop()
    }
}
