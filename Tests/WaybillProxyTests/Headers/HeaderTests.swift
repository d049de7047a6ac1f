import Testing
import WaybillProxy
import WaybillTesting

@testable import WaybillCore

/// gateway.md: headers pass by allow-list, both ways.
@Suite struct HeaderTests {
    @Test func onlyListedHeadersReachTheVendor() async throws {
        let passing = [
            "Accept: a", "Accept-Language: b", "Authorization: Bearer vendor", "User-Agent: u", "Idempotency-Key: k", "If-Match: m",
            "If-None-Match: n", "Prefer: p", "X-Acme-Trace: t",
        ]
        let stopped = [
            "Cookie: c", "Referer: r", "Forwarded: f", "X-Forwarded-For: 10.0.0.1", "Via: v", "Range: bytes=0-1", "If-Range: x",
            "X-Other: o",
            "Accept-Encoding: br", "TE: trailers", "Trailer: x", "Upgrade: h2c", "HTTP2-Settings: x", "Keep-Alive: 5",
            "Proxy-Connection: close",
            "Waybill-Purpose: newsletter", "Waybill-Other: w", "Origin: o", "Content-Language: de", "Date: d", "Expect: 100-continue",
        ]
        try await Harness.run { harness in
            _ = try await harness.send(Wire.post(fields: passing + stopped))
            let request = try #require(harness.vendor.requests.first)
            let names = Set(request.fields.map { $0.name.lowercased() })
            #expect(
                names == [
                    "host", "accept", "accept-language", "authorization", "content-type", "user-agent", "idempotency-key", "if-match",
                    "if-none-match", "prefer", "x-acme-trace", "accept-encoding", "content-length",
                ])
            #expect(request.values("accept-encoding") == ["identity"])
            #expect(request.values("authorization") == ["Bearer vendor"])
        }
    }

    @Test func whatConnectionNamesIsStripped() async throws {
        try await Harness.run { harness in
            _ = try await harness.send(
                Wire.post(fields: ["X-Acme-Trace: t", "Accept: a", "Connection: keep-alive, X-ACME-Trace", "Connection: accept"]))
            let request = try #require(harness.vendor.requests.first)
            #expect(request.values("x-acme-trace").isEmpty && request.values("accept").isEmpty && request.values("connection").isEmpty)
        }
    }

    @Test func theGatesOwnCredentialsReplaceTheCallers() async throws {
        try await Harness.run {
            $0.credentials = .init(header: "Authorization", value: "Bearer ${secret:acme}!")
            $0.secrets = ["acme": "k3y"]
        } _: { harness in
            _ = try await harness.send(Wire.post(fields: ["Authorization: Bearer callers"]))
            #expect(harness.vendor.requests.first?.values("authorization") == ["Bearer k3y!"])
        }
    }

    @Test(arguments: [
        ([:], "secret acme"), (["acme": "a\r\nX-Evil: 1"], "valid header"),
    ])
    func unusableSecretsAreRefusedAtStart(_ secrets: [String: String], _ words: String) {
        let policy = FakePolicy.set(credentials: .init(header: "Authorization", value: "Bearer ${secret:acme}"))
        let error = #expect(throws: ProxyError.self) {
            try GateState(
                gate: FakeGate(policy: policy), recorder: FakeRecorder(), refresher: FakeRefresher(), clock: FixedClock(), secrets: secrets)
        }
        #expect(error?.code == .secretMissing && error?.message.contains(words) == true && error?.message.contains("Evil") == false)
    }

    @Test func onlyListedHeadersComeBack() async throws {
        let passing = [
            "Content-Type: text/plain", "Content-Encoding: gzip", "ETag: e", "Last-Modified: l", "Cache-Control: no-store", "Date: d",
            "Retry-After: 1", "WWW-Authenticate: Basic", "X-RateLimit-Remaining: 3", "RateLimit-Policy: p", "X-Request-Id: r",
            "Request-Id: s", "X-HubSpot-RateLimit-Max: 4", "X-Acme-Quota: q",
        ]
        let stopped = [
            "Set-Cookie: a=b", "Server: s", "Via: v", "X-Other: o", "Alt-Svc: h3", "Strict-Transport-Security: x", "Keep-Alive: 1",
            "Waybill-Transfer: forged", "Waybill-Request-Id: forged", "Content-Range: bytes 0-1/2", "X-Request-Ids: no", "Trailer: x",
            "X-Named-Request-Id: t", "Connection: x-named-request-id",
        ]
        try await Harness.run { harness in
            harness.vendor.respond { _ in [.write(FakeVendor.answer(200, "x", fields: passing + stopped))] }
            let answer = try await harness.send(Wire.post())
            let names = answer.fields.map { $0.name.lowercased() }
            let expected =
                passing.map { $0.prefix { $0 != ":" }.lowercased() }
                + ["content-length", "waybill-transfer", "waybill-decision", "waybill-records", "connection"]
            #expect(Set(names) == Set(expected).subtracting(["connection"]))
            #expect(answer.values("waybill-transfer").count == 1 && answer.value("waybill-transfer") != "forged")
        }
    }

    @Test func addressesLeadBackThroughTheGateOrAreRemoved() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { _ in
                [
                    .write(
                        FakeVendor.answer(
                            301, "",
                            fields: [
                                "Location: https://api.acme.test/v1/2",
                                "Link: <https://api.acme.test/v1?page=2>; rel=\"next\", <https://evil.test/>; rel=x",
                            ]))
                ]
            }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 301)
            #expect(answer.value("location") == "/to/acme/v1/2")
            #expect(answer.value("link") == "</to/acme/v1?page=2>; rel=\"next\"")
            harness.vendor.respond { _ in [.write(FakeVendor.answer(302, "", fields: ["Location: https://evil.test/v1"]))] }
            let elsewhere = try await harness.send(Wire.post("/to/acme@api.acme.test/v1"))
            #expect(elsewhere.status == 302 && elsewhere.values("location").isEmpty)
        }
    }
}
