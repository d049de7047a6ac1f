import Crypto
import FoundationEssentials
import Logging
import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

/// Principals by tokens that are their roles' names; counts whom it refused.
final class FakeAPIAccess: Authenticating {
    let refusals = Mutex(0)

    func principal(token: String, address: String, now: Timestamp) async throws -> Principal {
        guard let role = Role(rawValue: token) else { throw APIProblem(.credentialMissing, "the token is not known") }
        return Principal(id: "token:\(token)", name: token, kind: .token, roles: [role])
    }
    func principal(certificateNames: [String], address: String, now: Timestamp) async throws -> Principal? {
        certificateNames.contains("crm.acme.example") ? Principal(id: "mtls:crm", name: "crm", kind: .machine, roles: [.auditor]) : nil
    }
    func session(cookie: String, now: Timestamp) async throws -> ConsoleSession? {
        guard cookie == "good" else { return nil }
        return ConsoleSession(principal: Principal(id: "account:anna", name: "Anna", kind: .person, roles: [.auditor]), formToken: "t")
    }
    func refused(_ principal: Principal, _ permission: Permission, now: Timestamp) async { refusals.withLock { $0 += 1 } }
}

/// Keeps requests in memory.
actor FakeRepeats: RepeatedRequests {
    private var known: [RequestKey: KnownRequest] = [:]
    func begin(_ key: RequestKey, now: Timestamp, since: Timestamp) async throws -> KnownRequest? {
        let before = known[key]
        if before == nil { known[key] = .begun }
        return before
    }
    func finish(_ key: RequestKey, fingerprint: [UInt8], answer: KeptAnswer) async throws {
        known[key] = .done(fingerprint: fingerprint, answer: answer)
    }
    func release(_ key: RequestKey) async throws { known[key] = nil }
}

/// A shelf of things, as an API with one of everything the machine does.
final class Shelf: Sendable {
    let things = Mutex<[String: Int]>(["a": 1])
    let made = Mutex(0)

    private static let thing = JSONShape.named(
        "Thing",
        .object([
            .required("name", .id), .optional("note", .nullable(.text(bytes: 0...20))),
            .optional("kind", .oneOf(["x", "y"])), .optional("sizes", .list(of: .integer(0...9), count: 0...3)),
            .optional("more", .object([.required("at", .time)])),
        ]))

    var operations: [APIOperation] {
        [
            APIOperation(
                "listThings", .get, "/v1/things", resource: "things", "All.", permission: .readPolicies,
                parameters: APIParameter.paging + [.query("kind", .oneOf(["x", "y"]), "Only these.")], answer: .page(of: .integer())
            ) { call in
                let first = Int(call.page.cursor ?? "0") ?? 0
                let last = min(first + call.page.limit, 120)
                return .page(items: (first..<last).map { .int(Int64($0)) }, next: last < 120 ? String(last) : nil)
            },
            APIOperation(
                "makeThing", .post, "/v1/things", resource: "things", "One more.", permission: .draftPolicies, body: .json(Self.thing),
                answer: .json(.object([.required("number", .integer())]), status: 201), takesIdempotencyKey: true
            ) { _ in
                let number = self.made.withLock { made in
                    made += 1
                    return made
                }
                return .json(.object(["number": .int(Int64(number))]), status: 201, location: "/v1/things/a")
            },
            APIOperation(
                "readThing", .get, "/v1/things/{thing}", resource: "things", "One.", permission: .readPolicies,
                parameters: [.path("thing", .id, "Its name.")], answer: .json(.object([.required("version", .integer())])),
                problems: [.notFound]
            ) { call in
                if call.values["thing"] == "drafted" { throw APIProblem(.notPermitted, "whoever drafted it does not read it") }
                guard let version = self.things.withLock({ $0[call.values["thing"] ?? ""] }) else {
                    throw APIProblem(.notFound, "there is no such thing")
                }
                return .json(.object(["version": .int(Int64(version))]), etag: String(version))
            },
            APIOperation(
                "changeThing", .put, "/v1/things/{thing}", resource: "things", "Another.", permission: .draftPolicies,
                parameters: [.path("thing", .id, "Its name.")], body: .json(Self.thing), answer: .nothing, needsMatch: true
            ) { call in
                try self.things.withLock { things in
                    guard String(things["a"] ?? 0) == call.match else { throw APIProblem(.changedMeanwhile, "read it again") }
                    things["a", default: 0] += 1
                }
                return .nothing
            },
            APIOperation(
                "countLines", .post, "/v1/lines", resource: "lines", "How many bytes.", permission: .draftPolicies,
                body: .ndjson(line: .any, bytesMax: 300_000), answer: .ndjson(line: .any), takesIdempotencyKey: true
            ) { call in
                self.made.withLock { $0 += 1 }
                return .stream(mediaType: "application/x-ndjson") {
                    try await call.nextBytes().map { Array("\($0.count)\n".utf8) }
                }
            },
            APIOperation(
                "fail", .get, "/v1/failing", resource: "lines", "Fails.", permission: .readPolicies, answer: .nothing
            ) { _ in throw Broken() },
        ]
    }
    struct Broken: Error {}
}

struct APIServer {
    let port: Int
    let access: FakeAPIAccess
    let shelf: Shelf

    static func run(
        repeats: (any RepeatedRequests)? = FakeRepeats(), configure: (inout ControlListenerConfiguration) -> Void = { _ in },
        _ body: (APIServer) async throws -> Void
    ) async throws {
        struct Nothing: GateObservation {
            func readiness() async -> Readiness { Readiness([]) }
            func metrics() async throws -> [MetricFamily] { [] }
        }
        var configuration = ControlListenerConfiguration(host: "127.0.0.1", port: 0)
        configure(&configuration)
        let (access, shelf) = (FakeAPIAccess(), Shelf())
        var surface = ControlSurface(operations: shelf.operations, pages: [], access: access)
        surface.repeats = repeats
        let listener = ControlListener(
            configuration, observation: Nothing(), surface: surface, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.start()
        do {
            try await body(APIServer(port: port, access: access, shelf: shelf))
        } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }

    func ask(
        _ method: String, _ path: String, as role: Role? = .vendorManager, fields: [String] = [], json: String? = nil
    ) async throws -> RawClient.Answer {
        let client = try await RawClient.connect(port: port)
        defer { client.close() }
        var lines = ["\(method) \(path) HTTP/1.1", "Host: control"] + fields
        if let role { lines.append("Authorization: Bearer \(role.rawValue)") }
        if let json { lines += ["Content-Type: application/json", "Content-Length: \(json.utf8.count)"] }
        try await client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (json ?? ""))
        return try await client.answer(toHEAD: method == "HEAD")
    }
}

extension RawClient.Answer {
    var json: JSONValue { get throws { try JSONReader.read(body) } }
    /// Of a problem document; nil: it is none.
    var problem: String? {
        get throws { value("content-type") == "application/problem+json" ? try json["code"].text : nil }
    }
}
