import FoundationEssentials
import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("The API's machine")
struct APIMachineTests {
    struct Hostile: Sendable {
        var method = "GET"
        var path = "/v1/things"
        var fields: [String] = []
        var json: String?
        var status: Int
        var code: String
        var pointer: String?
        var parameter: String?
    }
    static let hostile: [Hostile] = [
        Hostile(path: "/v1", status: 404, code: "path_unknown"),
        Hostile(path: "/v1/", status: 404, code: "path_unknown"),
        Hostile(path: "/v1/nothing", status: 404, code: "path_unknown"),
        Hostile(path: "/v1/things/", status: 404, code: "path_unknown"),
        Hostile(path: "/v1//things", status: 404, code: "path_unknown"),
        Hostile(path: "/v1/things/a/b", status: 404, code: "path_unknown"),
        Hostile(path: "/v1/things/%ff", status: 400, code: "parameter_malformed"),
        Hostile(path: "/v1/things/%2", status: 400, code: "parameter_malformed"),
        Hostile(path: "/v1/things/a%2fb", status: 400, code: "parameter_malformed", parameter: "thing"),
        Hostile(path: "/v1/things/A", status: 400, code: "parameter_malformed", parameter: "thing"),
        Hostile(path: "/v1/things/b", status: 404, code: "not_found"),
        Hostile(method: "DELETE", status: 405, code: "method_not_allowed"),
        Hostile(method: "TRACE", status: 405, code: "method_not_allowed"),
        Hostile(path: "/v1/things?x=1", status: 400, code: "parameter_malformed"),
        Hostile(path: "/v1/things?limit=1&limit=2", status: 400, code: "parameter_malformed", parameter: "limit"),
        Hostile(path: "/v1/things?limit=0", status: 400, code: "parameter_malformed", parameter: "limit"),
        Hostile(path: "/v1/things?limit=501", status: 400, code: "parameter_malformed", parameter: "limit"),
        Hostile(path: "/v1/things?limit=1e1", status: 400, code: "parameter_malformed", parameter: "limit"),
        Hostile(path: "/v1/things?limit=%2B1", status: 400, code: "parameter_malformed", parameter: "limit"),
        Hostile(path: "/v1/things?kind=z", status: 400, code: "parameter_malformed", parameter: "kind"),
        Hostile(path: "/v1/things?cursor=", status: 400, code: "parameter_malformed", parameter: "cursor"),
        Hostile(path: "/v1/things?cursor=50", status: 422, code: "unprocessable", parameter: "cursor"),
        Hostile(path: "/v1/things?thing=a", status: 400, code: "parameter_malformed"),
        Hostile(fields: ["Content-Length: 0", "Content-Type: application/json"], status: 200, code: ""),
        Hostile(json: "{}", status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", status: 415, code: "media_type_unsupported"),
        Hostile(method: "POST", fields: ["Content-Encoding: gzip"], json: "{}", status: 415, code: "media_type_unsupported"),
        Hostile(method: "POST", fields: ["Content-Type: text/plain"], json: "{}", status: 415, code: "media_type_unsupported"),
        Hostile(method: "POST", json: "", status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: "{", status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: "[]", status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: "{}", status: 400, code: "body_malformed", pointer: "/name"),
        Hostile(method: "POST", json: #"{"name":1}"#, status: 400, code: "body_malformed", pointer: "/name"),
        Hostile(method: "POST", json: #"{"name":"a","name":"b"}"#, status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: #"{"name":"a","n\u0061me":"b"}"#, status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: #"{"name":"a","secret-4711":1}"#, status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: #"{"name":"a","note":"\ud800"}"#, status: 400, code: "body_malformed", pointer: ""),
        Hostile(method: "POST", json: #"{"name":"a","kind":"secret-4711"}"#, status: 400, code: "body_malformed", pointer: "/kind"),
        Hostile(method: "POST", json: #"{"name":"a","sizes":[1,2,10]}"#, status: 400, code: "body_malformed", pointer: "/sizes/2"),
        Hostile(method: "POST", json: #"{"name":"a","sizes":[1,2,3,4]}"#, status: 400, code: "body_malformed", pointer: "/sizes"),
        Hostile(method: "POST", json: #"{"name":"a","sizes":[1.5]}"#, status: 400, code: "body_malformed", pointer: "/sizes/0"),
        Hostile(method: "POST", json: #"{"name":"a","more":{"at":"now"}}"#, status: 400, code: "body_malformed", pointer: "/more/at"),
        Hostile(method: "POST", json: String(repeating: "[", count: 100_000), status: 400, code: "body_malformed", pointer: ""),
        Hostile(
            method: "POST", fields: ["Idempotency-Key: a b"], json: #"{"name":"a"}"#, status: 400, code: "header_malformed"),
        Hostile(method: "PUT", path: "/v1/things/a", json: #"{"name":"a"}"#, status: 428, code: "match_missing"),
        Hostile(method: "PUT", path: "/v1/things/a", fields: ["If-Match: *"], json: #"{"name":"a"}"#, status: 428, code: "match_missing"),
        Hostile(
            method: "PUT", path: "/v1/things/a", fields: [#"If-Match: "1", "2""#], json: #"{"name":"a"}"#, status: 400,
            code: "header_malformed"),
        Hostile(
            method: "PUT", path: "/v1/things/a", fields: [#"If-Match: W/"1""#], json: #"{"name":"a"}"#, status: 412,
            code: "changed_meanwhile"),
        Hostile(
            method: "PUT", path: "/v1/things/a", fields: [#"If-Match: "0""#], json: #"{"name":"a"}"#, status: 412,
            code: "changed_meanwhile"),
        Hostile(path: "/v1/failing", status: 500, code: "failed"),
    ]

    @Test("What is not as the operation declares is refused with a problem that names the place and nothing that was sent")
    func refused() async throws {
        try await APIServer.run { server in
            for one in Self.hostile {
                let answer = try await server.ask(one.method, one.path, fields: one.fields, json: one.json)
                let what: Comment = "\(one) \(answer.status) \(answer.text)"
                #expect(answer.status == one.status, what)
                guard one.status != 200 else { continue }
                #expect(try answer.problem == one.code, what)
                #expect(try answer.json["pointer"].text == one.pointer, what)
                #expect(try answer.json["parameter"].text == one.parameter, what)
                #expect(try answer.json["status"].integer == Int64(one.status) && answer.json["title"].text != nil, what)
                #expect(!answer.text.contains("4711") && !answer.text.contains("Broken"), what)
                if one.status == 405 { #expect(answer.value("allow") == "GET, HEAD, POST", what) }
            }
            #expect(server.shelf.made.withLock { $0 } == 0)
        }
    }

    @Test("Bodies beyond the operation's limit are refused before they are read, or while")
    func tooLarge() async throws {
        try await APIServer.run { server in
            let large = #"{"name":""# + String(repeating: "a", count: 1 << 20) + #""}"#
            #expect(try await server.ask("POST", "/v1/things", json: large).problem == "body_too_large")
            let client = try await RawClient.connect(port: server.port)
            defer { client.close() }
            let chunk = String(repeating: "x", count: 100_000)
            try await client.send(
                "POST /v1/lines HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer vendor_manager\r\nContent-Type: application/x-ndjson\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<4 { try await client.send("186a0\r\n\(chunk)\r\n") }
            try await client.waitForClose()
            let text = String(decoding: client.received, as: UTF8.self)
            #expect(text.contains("HTTP/1.1 200") && !text.contains("0\r\n\r\n"), "an answer that was cut off is not ended")
        }
    }

    @Test("Nobody asks without a credential, nor beyond their role; both are told, the latter noted")
    func credentials() async throws {
        try await APIServer.run { server in
            let table: [(role: Role?, fields: [String], method: String, status: Int)] = [
                (nil, [], "GET", 401), (.auditor, [], "GET", 200), (.administrator, [], "GET", 403), (.caller, [], "GET", 403),
                (nil, ["Authorization: Basic YTpi"], "GET", 401), (nil, ["Authorization: Bearer wrong"], "GET", 401),
                (.auditor, ["Authorization: Bearer auditor"], "GET", 401), (nil, ["Authorization: Bearer "], "GET", 401),
                (nil, ["Cookie: waybill_session=good"], "GET", 401),
                (nil, ["Cookie: waybill_session=good", "Sec-Fetch-Site: same-origin"], "GET", 200),
                (nil, ["Cookie: waybill_session=good", "Sec-Fetch-Site: same-site"], "GET", 401),
                (nil, ["Cookie: waybill_session=bad", "Sec-Fetch-Site: same-origin"], "GET", 401),
                (nil, ["Cookie: waybill_session=good", "Sec-Fetch-Site: same-origin"], "POST", 401),
                (.auditor, [], "POST", 403),
            ]
            for (role, fields, method, status) in table {
                let answer = try await server.ask(method, "/v1/things", as: role, fields: fields)
                #expect(answer.status == status, "\(String(describing: role)) \(fields) \(method): \(answer.text)")
                #expect((answer.value("www-authenticate") != nil) == (status == 401))
            }
            #expect(server.access.refusals.withLock { $0 } == 3)
            // So is what an operation itself refuses for lack of right.
            #expect(try await server.ask("GET", "/v1/things/drafted").status == 403)
            #expect(server.access.refusals.withLock { $0 } == 4)
        }
    }

    @Test("A list goes on by its cursor, which is good for this list alone")
    func pages() async throws {
        try await APIServer.run { server in
            let first = try await server.ask("GET", "/v1/things?kind=x")
            #expect(try first.json["items"].items.count == 50)
            let cursor = try #require(try first.json["next_cursor"].text)
            #expect(first.value("link") == "</v1/things?kind=x&cursor=\(cursor)>; rel=\"next\"")
            let second = try await server.ask("GET", "/v1/things?kind=x&limit=100&cursor=\(cursor)")
            #expect(try second.json["items"].items.first == .int(50) && second.json["next_cursor"].isNull)
            #expect(second.value("link") == nil)
            #expect(try await server.ask("GET", "/v1/things?kind=y&cursor=\(cursor)").status == 422)
            #expect(try await server.ask("GET", "/v1/things?kind=x&cursor=\(cursor)x").status == 422)
            // The place may be the id of what whoever asks must not see.
            let plain = cursor.replacing("-", with: "+").replacing("_", with: "/")
            let bytes = try #require(Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)))
            let again = try await server.ask("GET", "/v1/things?kind=x").json["next_cursor"].text
            #expect(bytes.firstRange(of: Data("50".utf8)) == nil && again != cursor)
        }
    }

    @Test("What was not changed is not sent again, and a lost update is refused")
    func tags() async throws {
        try await APIServer.run { server in
            let read = try await server.ask("GET", "/v1/things/a")
            #expect(read.value("etag") == #""1""#)
            #expect(try await server.ask("GET", "/v1/things/a", fields: [#"If-None-Match: "0", W/"1""#]).status == 304)
            #expect(try await server.ask("HEAD", "/v1/things/a").status == 200)
            let body = #"{"name":"a"}"#
            #expect(try await server.ask("PUT", "/v1/things/a", fields: [#"If-Match: "1""#], json: body).status == 204)
            #expect(try await server.ask("PUT", "/v1/things/a", fields: [#"If-Match: "1""#], json: body).problem == "changed_meanwhile")
            #expect(try await server.ask("GET", "/v1/things/a", fields: [#"If-None-Match: "1""#]).status == 200)
        }
    }

    @Test("A request that is sent again with its key is done once; the key is good for nothing else")
    func repeated() async throws {
        try await APIServer.run { server in
            let (body, other) = (#"{"name":"a"}"#, #"{"name":"b"}"#)
            func send(_ key: String, _ json: String, as role: Role = .vendorManager) async throws -> RawClient.Answer {
                try await server.ask("POST", "/v1/things", as: role, fields: ["Idempotency-Key: \(key)"], json: json)
            }
            let first = try await send("k1", body)
            let again = try await send(#""k1""#, body)
            #expect(first.status == 201 && again.status == 201 && first.text == again.text && again.value("location") == "/v1/things/a")
            #expect(try await send("k1", other).problem == "key_reused")
            #expect(try await send("k2", body).text == #"{"number":2}"#)
            // What is refused leaves the key free.
            #expect(try await send("k3", "{}").status == 400)
            #expect(try await send("k3", body).text == #"{"number":3}"#)
            #expect(server.shelf.made.withLock { $0 } == 3)
        }
    }

    @Test("Streamed bodies and answers are remembered by their key too")
    func repeatedStream() async throws {
        try await APIServer.run { server in
            let client = try await RawClient.connect(port: server.port)
            defer { client.close() }
            func ask(_ body: String) async throws -> RawClient.Answer {
                try await client.send(
                    "POST /v1/lines HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer vendor_manager\r\nIdempotency-Key: s\r\n"
                        + "Content-Type: application/x-ndjson\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return try await client.answer()
            }
            let first = try await ask("{}\n{}\n")
            let again = try await ask("{}\n{}\n")
            #expect(first.text == "6\n" && again.text == "6\n" && again.value("content-type") == "application/x-ndjson")
            #expect(try await ask("{}\n").problem == "key_reused")
            #expect(server.shelf.made.withLock { $0 } == 1)
        }
    }

    @Test("The document says what is served, and needs no credential")
    func document() async throws {
        try await APIServer.run { server in
            let answer = try await server.ask("GET", "/v1/openapi.json", as: nil)
            let document = try answer.json
            #expect(answer.status == 200 && document["openapi"].text == "3.1.0")
            let paths = document["paths"].members
            #expect(paths.keys.sorted() == ["/v1/failing", "/v1/lines", "/v1/things", "/v1/things/{thing}"])
            let put = paths["/v1/things/{thing}"]?["put"] ?? .null
            #expect(put["operationId"].text == "changeThing" && put["responses"].members.keys.sorted().contains("428"))
            #expect(put["requestBody"]["content"]["application/json"]["schema"]["$ref"].text == "#/components/schemas/Thing")
            let tag = try #require(answer.value("etag"))
            #expect(try await server.ask("GET", "/v1/openapi.json", as: nil, fields: ["If-None-Match: \(tag)"]).status == 304)
            #expect(try await server.ask("POST", "/v1/openapi.json").status == 405)
        }
    }

    @Test("A list of operations that contradicts itself is refused at start")
    func contradictions() throws {
        let one = APIOperation(
            "a", .get, "/v1/a/{x}", resource: "a", "", permission: .readLog, parameters: [.path("x", .id, "")], answer: .nothing
        ) {
            _ in .nothing
        }
        var other = one
        other.id = "b"
        var undeclared = one
        undeclared.parameters = []
        var elsewhere = one
        elsewhere.path = "/v2/a/{x}"
        for list in [[one, one], [one, other], [undeclared], [elsewhere]] {
            #expect(throws: ControlFailure.self) { try APIRoutes(list) }
        }
        #expect(throws: Never.self) { try APIRoutes([one]) }
    }
}
