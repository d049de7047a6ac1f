import FoundationEssentials
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// Requests to the forward proxy that name the vendor's URL themselves, as clients do for plain HTTP.
@Suite struct AbsoluteFormTests {
    private func request(_ url: String, host: String, fields: [String] = [Harness.basic]) -> String {
        let body = #"{"a":1}"#
        let more = ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
        return Wire.request("POST \(url) HTTP/1.1", fields: more + fields, token: nil, host: host) + body
    }

    @Test func `a vendor that speaks plain HTTP is served by its own URL`() async throws {
        try await Harness.proxy { setup in
            (setup.vendorScheme, setup.vendorHost) = ("http", "plain.test")
        } _: { harness in
            let client = try await harness.client()
            for url in ["http://plain.test/v1/contacts?x=1", "HTTP://PLAIN.test/v1/contacts?x=1"] {
                let answer = try await harness.ask(client, request(url, host: "plain.test"))
                #expect(answer.status == 200)
            }
            let written = try await harness.ask(client, request("http://plain.test:80/v1/contacts?x=1", host: "plain.test:80"))
            #expect(written.status == 200)
            #expect(harness.vendor.requests.map(\.requestLine) == Array(repeating: "POST /v1/contacts?x=1 HTTP/1.1", count: 3))
            #expect(harness.vendor.requests.allSatisfy { $0.values("host") == ["plain.test"] })
            #expect(!String(decoding: harness.vendor.bytes, as: UTF8.self).lowercased().contains("proxy-"))
        }
    }

    @Test func `an https URL as target is served like one in a tunnel`() async throws {
        try await Harness.proxy { harness in
            let answer = try await harness.send(request("https://api.acme.test/v1", host: "api.acme.test"))
            #expect(answer.status == 200 && harness.vendor.requests.count == 1)
        }
    }

    @Test func `other URLs, and strangers, are refused and nothing leaves`() async throws {
        let cases: [(String, String, [String], Int)] = [
            ("http://api.acme.test/v1", "api.acme.test", [Harness.basic], 403),
            ("http://api.acme.test:443/v1", "api.acme.test:443", [Harness.basic], 403),
            ("https://api.acme.test:8443/v1", "api.acme.test:8443", [Harness.basic], 403),
            ("https://evil.test/v1", "evil.test", [Harness.basic], 403),
            ("https://api.acme.test:/v1", "api.acme.test:", [Harness.basic], 404),
            ("https://api.acme.test/v1", "evil.test", [Harness.basic], 400),
            ("https://crm@api.acme.test/v1", "api.acme.test", [Harness.basic], 400),
            ("https://api.acme.test", "api.acme.test", [Harness.basic], 400),
            ("ftp://api.acme.test/v1", "api.acme.test", [Harness.basic], 400),
            ("https://api.acme.test/v1", "api.acme.test", [], 407),
            ("https://evil.test/v1", "evil.test", [], 407),
            ("https://api.acme.test/v1", "api.acme.test", ["Waybill-Token: wrong"], 407),
        ]
        try await Harness.proxy { harness in
            for (url, host, fields, status) in cases {
                let answer = try await harness.send(request(url, host: host, fields: fields))
                #expect(answer.status == status, "\(url) \(host)")
                #expect(answer.values("proxy-authenticate").count == (status == 407 ? 1 : 0), "\(url) \(host)")
            }
            #expect(harness.gate.heads.isEmpty)
            harness.expectNothingLeft("absolute form")
        }
    }

    @Test func `after a challenge the client tries again on the same connection`() async throws {
        try await Harness.proxy { harness in
            let client = try await harness.client()
            let challenge = try await harness.ask(client, request("https://api.acme.test/v1", host: "api.acme.test", fields: []))
            let answer = try await harness.ask(client, request("https://api.acme.test/v1", host: "api.acme.test"))
            #expect((challenge.status, answer.status) == (407, 200))
        }
    }
}
