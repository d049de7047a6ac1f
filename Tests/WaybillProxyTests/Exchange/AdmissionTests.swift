import FoundationEssentials
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// Who may come in and by which path.
@Suite struct AdmissionTests {
    private static func basic(_ text: String) -> String { "Proxy-Authorization: Basic \(Data(text.utf8).base64EncodedString())" }

    @Test func onlyAKnownCallerPasses() async throws {
        let cases: [(String, [String], Int)] = [
            ("token", ["Waybill-Token: s3cret"], 200),
            ("basic", [Self.basic("crm:s3cret")], 200),
            ("basic, scheme in other case", [Self.basic("crm:s3cret").replacing("Basic", with: "bAsIc")], 200),
            ("both, of one caller", ["Waybill-Token: s3cret", Self.basic("crm:s3cret")], 200),
            ("none", [], 401),
            ("wrong token", ["Waybill-Token: s3cre"], 401),
            ("empty token", ["Waybill-Token:"], 401),
            ("two tokens", ["Waybill-Token: s3cret", "Waybill-Token: s3cret"], 401),
            ("basic, wrong name", [Self.basic("other:s3cret")], 401),
            ("basic, no name", [Self.basic(":s3cret")], 401),
            ("basic, no colon", [Self.basic("s3cret")], 401),
            ("basic, bad base64", ["Proxy-Authorization: Basic Y3JtOnMzY3JldA"], 401),
            ("bearer", ["Proxy-Authorization: Bearer s3cret"], 401),
            ("one right, one wrong", ["Waybill-Token: s3cret", Self.basic("crm:other")], 401),
            (
                "the vendor's own Authorization is none of ours", ["Authorization: Basic \(Data("crm:s3cret".utf8).base64EncodedString())"],
                401
            ),
        ]
        try await Harness.run { harness in
            for (name, fields, status) in cases {
                let answer = try await harness.send(Wire.post(fields: fields, token: nil))
                #expect(answer.status == status, "\(name)")
                guard status == 401 else { continue }
                #expect(!answer.text.contains("detail"), "\(name)")
                #expect(answer.values("www-authenticate").count == 1, "\(name)")
            }
            #expect(harness.recorder.counts["caller_unauthenticated"] == cases.filter { $0.2 == 401 }.count)
            #expect(harness.recorder.denials.isEmpty)
        }
    }

    @Test func targetsReachTheGateWithoutPrefix() async throws {
        let cases: [(String, Int, String?, String)] = [
            ("/to/acme/v1/contacts?x=1", 200, nil, "/v1/contacts?x=1"),
            ("/to/acme@api.acme.test/v1", 200, "api.acme.test", "/v1"),
            ("/to/acme", 200, nil, "/"),
            ("/to/acme?x=1", 200, nil, "/?x=1"),
            ("/to/acme/", 200, nil, "/"),
            ("/to/acme/a%2Fb//c", 200, nil, "/a%2Fb//c"),
            ("http://gate/to/acme/v1", 200, nil, "/v1"),
            ("HTTP://GATE/to/acme/v1", 200, nil, "/v1"),
            ("/", 404, nil, ""), ("/to/", 404, nil, ""), ("/to", 404, nil, ""), ("/TO/acme/v1", 404, nil, ""),
            ("/to/@host/v1", 404, nil, ""),
            ("/to/acme@/v1", 404, nil, ""), ("/to/ac%6de/v1", 404, nil, ""), ("/to/acme@a@b/v1", 404, nil, ""),
            ("http://gate/v1", 421, nil, ""), ("/to/other/v1", 403, nil, ""), ("/to/acme@evil.test/v1", 403, nil, ""),
            ("/to/acme/forbidden", 403, nil, ""),
        ]
        try await Harness.run { harness in
            for (target, status, host, rest) in cases {
                let answer = try await harness.send(Wire.get(target))
                #expect(answer.status == status, "\(target)")
                guard status == 200 else { continue }
                let head = try #require(harness.gate.heads.last)
                #expect(head.vendor == "acme" && head.host == host && String(decoding: head.target, as: UTF8.self) == rest, "\(target)")
            }
        }
    }

    @Test func theHeadTellsTheGateWhatItNeeds() async throws {
        try await Harness.run { harness in
            let fields = ["Content-Encoding: gzip", "Waybill-Purpose: newsletter, support"]
            _ = try await harness.send(Wire.post(fields: fields))
            let head = try #require(harness.gate.heads.last)
            #expect(head.method == "POST" && head.contentType == "application/json" && head.contentEncoding == "gzip")
            #expect(head.purpose == "newsletter, support" && head.hasBody && !head.isBodySigned)
            for signature in ["Content-MD5: x", "Digest: x", "Content-Digest: x", "Signature: x", "Authorization: AWS4-HMAC-SHA256 x"] {
                _ = try await harness.send(Wire.post(fields: [signature]))
                #expect(harness.gate.heads.last?.isBodySigned == true, "\(signature)")
            }
            _ = try await harness.send(Wire.get())
            #expect(harness.gate.heads.last?.hasBody == false)
        }
    }

    @Test func otherMethodsAndExpectationsAreRefused() async throws {
        let cases: [(String, Int)] = [
            (Wire.request("CONNECT api.acme.test:443 HTTP/1.1", fields: []), 405),
            (Wire.request("TRACE /to/acme/v1 HTTP/1.1", fields: []), 405),
            (Wire.request("OPTIONS * HTTP/1.1", fields: []), 404),
            (Wire.post(fields: ["Expect: 200-ok"]), 417),
            (Wire.post(fields: ["Expect: 100-continue", "Expect: 100-continue"]), 417),
        ]
        try await Harness.run { harness in
            for (request, status) in cases {
                let answer = try await harness.send(request)
                #expect(answer.status == status)
            }
            #expect(harness.vendor.connections == 0)
        }
    }

    @Test func aRefusalIsAProblemDocumentWithItsRecords() async throws {
        try await Harness.run { harness in
            harness.gate.judge { (admission, _) throws(Refusal) in
                throw Refusal(
                    status: 202, code: "held", title: "A \"person\" decides", detail: "a\\b\n", outcome: .hold,
                    records: [
                        RecordVerdict(index: 0, decision: .hold, codes: []),
                        RecordVerdict(index: 3, decision: .deny, codes: [.consentWithdrawn, .volumeExceeded]),
                    ], logging: .entry(FakeGate.draft(admission)))
            }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 202)
            #expect(answer.value("waybill-decision") == "hold")
            #expect(answer.value("waybill-records") == "sent=0; held=1; denied=1")
            let xid = try #require(answer.value("waybill-transfer"))
            #expect(
                answer.text
                    == #"{"type":"urn:waybill:problem:held","title":"A \"person\" decides","status":202,"detail":"a\\b\u000a","code":"held","transfer":"\#(xid)","records":[{"index":0,"decision":"hold","codes":[]},{"index":3,"decision":"deny","codes":["consent_withdrawn","volume_exceeded"]}]}"#
            )
            #expect(harness.recorder.denials.map(\.xid.description) == [xid])
            #expect(harness.recorder.counts.isEmpty)
        }
    }
}
