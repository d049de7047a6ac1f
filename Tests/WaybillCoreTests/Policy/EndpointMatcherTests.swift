import Testing

@testable import WaybillCore

@Suite struct EndpointMatcherTests {
    /// Loaded through the loader: what files can say is what is tested.
    static func vendor() throws -> Vendor {
        var files = PolicyFixture.files
        files["vendors/api.yaml"] = """
            vendor: api
            legal_name: API
            established_in: US
            destinations: [{url: "https://api.example", region: US}]
            endpoints:
              - {id: root, request: GET /, body: none, about: none}
              - {id: list, request: GET /c, body: none, about: none, query: {allow: [limit, "filter[name]", a b]}}
              - {id: create, request: POST /c, body: json, about: none}
              - {id: all, request: GET /c/all, body: none, about: none}
              - {id: one, request: "GET /c/{id}", body: none, about: none}
              - {id: one.json, request: "GET /c/{id}.json", body: none, about: none}
              - {id: sub, request: "GET /c/{id}/notes", body: none, about: none}
              - {id: all.files, request: GET /c/all/files, body: none, about: none}
              - {id: rest, request: "GET /files/{path*}", body: none, about: none}
              - {id: delete, request: "DELETE /p/{mail}", path_fields: {mail: {field: email}}, body: none}
              - id: opt.general
                request: PATCH /o/{id}
                body: json
                records: $
                subject: [email]
                fields: {email: email, name: first_name}
              - id: opt.out
                request: PATCH /o/{id}
                body: json
                records: $
                subject: [email]
                rights: suppress
                only: {email: email, out: {const: "true"}}
            """
        let set = try PolicyFixture.load(files).set
        return set[try #require(set.vendor(named: "api"))]
    }

    enum Expected: Sendable {
        case found([String], [String] = [])
        case failure(EndpointMatcher.Failure)
    }

    static let table: [(String, String, Expected)] = [
        ("GET", "/", .found(["root"])),
        ("GET", "/c", .found(["list"])),
        ("GET", "/c/", .found(["list"])),
        ("HEAD", "/c", .found(["list"])),
        ("POST", "/c", .found(["create"])),
        ("GET", "/c/all", .found(["all"])),
        ("GET", "/c/al", .found(["one"], ["al"])),
        ("GET", "/c/17.json", .found(["one.json"], ["17"])),
        ("GET", "/c/.json", .found(["one"], [".json"])),
        ("GET", "/c/all/files", .found(["all.files"])),
        ("GET", "/c/all/notes", .found(["sub"], ["all"])),
        ("GET", "/c/A.z_0~-/notes", .found(["sub"], ["A.z_0~-"])),
        ("GET", "/files/a", .found(["rest"], ["a"])),
        ("GET", "/files/a/b.txt", .found(["rest"], ["a/b.txt"])),
        ("DELETE", "/p/anna%40example.com", .found(["delete"], ["anna%40example.com"])),
        ("DELETE", "/p/anna@example.com", .found(["delete"], ["anna@example.com"])),
        ("DELETE", "/p/d%C3%ADaz", .found(["delete"], ["d%C3%ADaz"])),
        ("PATCH", "/o/1", .found(["opt.out", "opt.general"], ["1"])),
        ("GET", "/c?limit=10", .found(["list"])),
        ("GET", "/c?filter%5Bname%5D=x&limit=%25", .found(["list"])),
        ("GET", "/c?a+b=1", .found(["list"])),
        ("GET", "/c?a%20b", .found(["list"])),
        ("GET", "/c?", .found(["list"])),
        // Nothing of that shape.
        ("GET", "/d", .failure(.noEndpoint)),
        ("GET", "/C", .failure(.noEndpoint)),
        ("GET", "/%63", .failure(.malformedPath)),
        ("GET", "/c/a/b/c", .failure(.noEndpoint)),
        ("GET", "/files", .failure(.noEndpoint)),
        ("GET", "/c/anna%40example.com", .failure(.noEndpoint)),
        ("GET", "/c/a;b", .failure(.malformedPath)),
        ("GET", "/c/" + String(repeating: "a", count: 129), .failure(.noEndpoint)),
        ("GET", "/files/a/b@c", .failure(.noEndpoint)),
        ("DELETE", "/p/" + String(repeating: "a", count: 513), .failure(.noEndpoint)),
        ("DELETE", "/p/%C3", .failure(.noEndpoint)),
        // Another method.
        ("DELETE", "/c", .failure(.methodNotAllowed)),
        ("POST", "/files/a", .failure(.methodNotAllowed)),
        ("HEAD", "/o/1", .failure(.methodNotAllowed)),
        ("OPTIONS", "/c", .failure(.methodNotAllowed)),
        ("TRACE", "/c", .failure(.methodNotAllowed)),
        ("CONNECT", "/c", .failure(.methodNotAllowed)),
        ("get", "/c", .failure(.methodNotAllowed)),
        // What two servers could read in two ways.
        ("GET", "", .failure(.malformedPath)),
        ("GET", "c", .failure(.malformedPath)),
        ("GET", "//c", .failure(.malformedPath)),
        ("GET", "/c//all", .failure(.malformedPath)),
        ("GET", "/c//", .failure(.malformedPath)),
        ("GET", "/c/%2fall", .failure(.malformedPath)),
        ("GET", "/c%2Fall", .failure(.malformedPath)),
        ("GET", "/c\\all", .failure(.malformedPath)),
        ("GET", "/c%5call", .failure(.malformedPath)),
        ("GET", "/c%5Call", .failure(.malformedPath)),
        ("GET", "/c/%00", .failure(.malformedPath)),
        ("GET", "/c/\0", .failure(.malformedPath)),
        ("GET", "/c/%25", .failure(.malformedPath)),
        ("GET", "/c/%252e", .failure(.malformedPath)),
        ("GET", "/c/.", .failure(.malformedPath)),
        ("GET", "/c/..", .failure(.malformedPath)),
        ("GET", "/c/../d", .failure(.malformedPath)),
        ("GET", "/c/%2e%2E/d", .failure(.malformedPath)),
        ("GET", "/c/.%2e", .failure(.malformedPath)),
        ("GET", "/c/..;a/d", .failure(.malformedPath)),
        ("DELETE", "/p/a%0d%0aX:1", .failure(.malformedPath)),
        ("GET", "/c/%4", .failure(.malformedPath)),
        ("GET", "/c/%zz", .failure(.malformedPath)),
        ("GET", "/c/a b", .failure(.malformedPath)),
        ("GET", "/c/a#b", .failure(.malformedPath)),
        ("GET", "/c/é", .failure(.malformedPath)),
        ("GET", "/" + String(repeating: "a/", count: 70), .failure(.malformedPath)),
        ("GET", "/c?limit=%4", .failure(.malformedPath)),
        ("GET", "/c?%zz=1", .failure(.malformedPath)),
        ("GET", "/c?limit=%00", .failure(.malformedPath)),
        ("GET", "/c?limit=1;hidden=2", .failure(.malformedPath)),
        ("GET", "/c?limit=a b", .failure(.malformedPath)),
        // Queries that are not listed.
        ("GET", "/c?email=anna@example.com", .failure(.queryNotAllowed)),
        ("GET", "/c?limit=1&limit=2", .failure(.queryNotAllowed)),
        ("GET", "/c?limit=1&l%69mit=2", .failure(.queryNotAllowed)),
        ("GET", "/c?limit=1&&", .failure(.queryNotAllowed)),
        ("GET", "/c?=1", .failure(.queryNotAllowed)),
        ("GET", "/c?Limit=1", .failure(.queryNotAllowed)),
        ("GET", "/c/all?limit=1", .failure(.queryNotAllowed)),
        ("GET", "/c?" + (0..<101).map { "x\($0)=1" }.joined(separator: "&"), .failure(.queryNotAllowed)),
    ]

    @Test(arguments: table) func `a target finds its endpoint or is refused`(method: String, target: String, expected: Expected) throws {
        let vendor = try Self.vendor()
        let bytes = Array(target.utf8)
        do throws(EndpointMatcher.Failure) {
            let match = try vendor.matcher.match(method: method, target: bytes)
            guard case .found(let ids, let values) = expected else {
                Issue.record("found \(match.endpoints.map { vendor.endpoints[$0.position].id })")
                return
            }
            #expect(match.endpoints.map { vendor.endpoints[$0.position].id } == ids)
            #expect(match.variables.map { String(decoding: bytes[$0.value], as: UTF8.self) } == values)
        } catch {
            guard case .failure(let failure) = expected else {
                Issue.record("refused: \(error)")
                return
            }
            #expect(error == failure)
        }
    }

    @Test func `no target of any bytes traps or finds what holds a percent or backslash`() throws {
        let matcher = try Self.vendor().matcher
        let alphabet = Array("/c.%2f5?&=;a\\\0\u{7F}é {}#+".utf8)
        var state: UInt64 = 42
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var bits = state >> 16
            let target = (0..<Int(state >> 60)).map { _ -> UInt8 in
                defer { bits /= 3 }
                return alphabet[Int(bits % UInt64(alphabet.count))]
            }
            do throws(EndpointMatcher.Failure) {
                let match = try matcher.match(method: "GET", target: target)
                #expect(!target.contains(UInt8(ascii: "\\")) && !target.contains(0))
                for variable in match.variables { #expect(!target[variable.value].contains(UInt8(ascii: "%"))) }
            } catch { continue }
        }
    }
}
