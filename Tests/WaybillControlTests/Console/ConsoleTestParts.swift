import Logging
import Synchronization
import WaybillCore
import WaybillTesting

@testable import WaybillControl

/// Whoever a test wants to be signed in: the cookie is the role's name.
final class FakeConsoleAccess: Authenticating {
    static let formToken = String(repeating: "ab", count: 32)
    let refusals = Mutex<[Permission]>([])

    func principal(token: String, address: String, now: Timestamp) async throws -> Principal {
        throw APIProblem(.credentialMissing, "Sign in.")
    }
    func principal(certificateNames: [String], address: String, now: Timestamp) async throws -> Principal? { nil }
    func session(cookie: String, now: Timestamp) async throws -> ConsoleSession? {
        if cookie == "locked" { throw APIProblem(.tooMany, "Wait a minute.") }
        guard let role = Role(rawValue: cookie) else { return nil }
        var principal = Principal(id: "account:\(cookie)", name: "<i>Anna</i>", kind: .person, roles: [role])
        principal.session = "s1"
        if role == .vendorAuditor { (principal.vendor, principal.engagement) = ("mailer", "2026-1") }
        return ConsoleSession(principal: principal, formToken: Self.formToken)
    }
    func refused(_ principal: Principal, _ permission: Permission, now: Timestamp) async { refusals.withLock { $0.append(permission) } }
}

struct FakeStanding: ConsoleStanding {
    func banners(now: Timestamp) async -> [ConsoleBanner] {
        [
            ConsoleBanner(
                .danger, "The vendor acme is stopped.", permission: .readPolicies, path: "/console/stops", link: "See what is stopped")
        ]
    }
}

/// A console that listens, with the pages of a test.
enum ConsoleTestServer {
    struct Ask: Sendable {
        var method = "GET"
        var path: String
        var role: Role?
        var fields: [String] = []
        var body: String?
        init(_ path: String, as role: Role? = nil, method: String = "GET", fields: [String] = [], body: String? = nil) {
            self.path = path
            self.role = role
            self.method = method
            self.fields = fields
            self.body = body
        }
        static func form(_ path: String, as role: Role?, _ body: String, fields: [String] = []) -> Ask {
            Ask(path, as: role, method: "POST", fields: ["Content-Type: application/x-www-form-urlencoded"] + fields, body: body)
        }
        var text: String {
            let cookie = role.map { ["Cookie: \(ConsoleCookie.session)=\($0.rawValue)"] } ?? []
            let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
            return (["\(method) \(path) HTTP/1.1", "Host: control"] + cookie + fields + length).joined(separator: "\r\n") + "\r\n\r\n"
                + (body ?? "")
        }
    }

    private struct Nothing: GateObservation {
        func readiness() async -> Readiness { Readiness([]) }
        func metrics() async throws -> [MetricFamily] { [] }
    }

    static func running(
        _ pages: [ConsolePage], access: FakeConsoleAccess = FakeConsoleAccess(), standing: (any ConsoleStanding)? = nil,
        _ body: ((Ask) async throws -> RawClient.Answer) async throws -> Void
    ) async throws {
        let surface = ControlSurface(operations: [], pages: pages, access: access, standing: standing)
        let listener = ControlListener(
            ControlListenerConfiguration(host: "127.0.0.1", port: 0), observation: Nothing(), surface: surface,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.start()
        do {
            try await body { ask in
                let client = try await RawClient.connect(port: port)
                defer { client.close() }
                try await client.send(ask.text)
                return try await client.answer(toHEAD: ask.method == "HEAD")
            }
        } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }
}
