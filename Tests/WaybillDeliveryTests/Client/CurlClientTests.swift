import Testing
import WaybillTesting

@testable import WaybillDelivery

@Suite("The client of delivery")
struct CurlClientTests {
    @Test("A request arrives as it was given, and a second one on the same connection")
    func exchange() async throws {
        let place = try Place()
        let server = try await FakeVendor.start(identity: place.authority.issue(["localhost"])) { request in
            [.write(FakeVendor.answer(201, "seen \(request.body.count)", fields: ["X-Receipt: a", "X-Receipt:  b"]))]
        }
        let client = try CurlClient(place.identity)
        for (method, body) in [(CurlRequest.Method.post, "one"), (.put, "three"), (.post, ""), (.get, "")] {
            let response = try client.send(
                CurlRequest(
                    method, "https://localhost:\(server.port)/in?token=x", headers: [("X-Range", "1")], body: Array(body.utf8)))
            #expect(response.status == 201 && response.isSuccess)
            #expect(response.headers["x-receipt"] == "b")
            #expect(String(decoding: response.body, as: UTF8.self) == "seen \(body.utf8.count)")
            let seen = try #require(server.requests.last)
            #expect(seen.requestLine == "\(method.rawValue) /in?token=x HTTP/1.1")
            #expect(seen.text == body)
            #expect(seen.values("X-Range") == ["1"])
            #expect(seen.values("Expect") == [])
        }
        #expect(server.connections == 1)
        try await server.stop()
    }

    @Test("A receiver that cannot prove its name gets nothing", arguments: ["untrusted", "another name"])
    func verification(_ what: String) async throws {
        let place = try Place()
        let server = try await FakeVendor.start(identity: place.authority.issue([what == "untrusted" ? "localhost" : "other.example"]))
        let client = try CurlClient(what == "untrusted" ? CurlIdentity() : place.identity)
        let failure = #expect(throws: DeliveryFailure.self) {
            try client.send(CurlRequest(.post, "https://localhost:\(server.port)/secret-path?q=secret", body: Array("x".utf8)))
        }
        #expect(failure?.message.contains("localhost:\(server.port)") == true)
        #expect(failure?.message.contains("secret") == false)
        #expect(failure?.message.contains("`trust`") == true)
        #expect(server.requests.isEmpty)
        try await server.stop()
    }

    @Test("A client certificate lets it in where one is asked for")
    func clientCertificate() async throws {
        let place = try Place()
        let server = try await FakeVendor.start(
            identity: place.authority.issue(["localhost"]), clientRootPEM: place.authority.certificatePEM)
        let request = CurlRequest(.get, "https://localhost:\(server.port)/")
        let without = try CurlClient(place.identity)
        #expect(throws: DeliveryFailure.self) { try without.send(request) }
        let own = try place.authority.issueClient(["gate"])
        var identity = place.identity
        identity.clientCertificate = .init(
            certificate: try place.scratch.write("own.pem", own.certificatePEM),
            key: try place.scratch.write("own.key", own.keyPEM, mode: 0o600))
        let with = try CurlClient(identity)
        #expect(try with.send(request).status == 200)
        try await server.stop()
    }

    @Test(
        "A URL that leads elsewhere than meant is refused before anything is sent",
        arguments: [
            ("http://receiver.example/", "Plain HTTP"), ("http://127.0.0.1.example/", "Plain HTTP"), ("ftp://localhost/", "https://"),
            ("file:///etc/passwd", "URL"), ("https://user:word@localhost/", "user name"), ("no url", "URL"), ("", "URL"),
        ])
    func refusedURL(_ url: String, _ word: String) throws {
        let client = try CurlClient()
        let failure = #expect(throws: DeliveryFailure.self) { try client.send(CurlRequest(.get, url)) }
        #expect(failure?.message.contains(word) == true)
        #expect(failure?.message.contains("word@") == false)
    }

    @Test("A header that would end its line is refused", arguments: [("X-A", "b\r\nX-C: d"), ("X A", "b"), ("X-A:", "b"), ("", "b")])
    func refusedHeader(_ name: String, _ value: String) throws {
        let client = try CurlClient()
        #expect(throws: DeliveryFailure.self) {
            try client.send(CurlRequest(.get, "https://localhost:1/", headers: [(name, value)]))
        }
    }

    @Test("An answer larger than its limit, a redirection and a silence end as failure, status and failure")
    func limits() async throws {
        let server = try await FakeVendor.start(identity: nil)
        let client = try CurlClient()
        let request = CurlRequest(.get, "http://127.0.0.1:\(server.port)/")
        var limits = CurlLimits()
        limits.responseBytesMax = 10
        server.respond { _ in [.write(FakeVendor.answer(200, "12345678901"))] }
        #expect(throws: DeliveryFailure.self) { try client.send(request, limits) }
        server.respond { _ in [.write(FakeVendor.answer(200, "1234567890"))] }
        #expect(try client.send(request, limits).body.count == 10)
        server.respond { _ in [.write(FakeVendor.answer(302, "", fields: ["Location: http://127.0.0.1:1/"]))] }
        #expect(try client.send(request).status == 302)
        server.respond { _ in [] }
        limits.totalMillisecondsMax = 100
        let failure = #expect(throws: DeliveryFailure.self) { try client.send(request, limits) }
        #expect(failure?.message.contains("too long") == true)
        try await server.stop()
        let refused = #expect(throws: DeliveryFailure.self) { try client.send(request) }
        #expect(refused?.message.contains("does not accept connections") == true)
    }

    @Test("A program that stops is not held by a receiver that is silent")
    func stop() async throws {
        let server = try await FakeVendor.start(identity: nil) { _ in [] }
        let client = try CurlClient()
        let request = CurlRequest(.get, "http://127.0.0.1:\(server.port)/")
        let exchange = Task.detached { try client.send(request) }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        client.stop()
        await #expect(throws: DeliveryFailure.self) { try await exchange.value }
        #expect(throws: DeliveryFailure.self) { try client.send(request) }
        try await server.stop()
    }
}
