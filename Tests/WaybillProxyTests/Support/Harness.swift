import FoundationEssentials
import Logging
import NIOPosix
import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

/// A running gate between a raw client and a fake vendor, over real sockets and real TLS.
struct Harness {
    let server: GateServer
    let state: GateState
    let gate: FakeGate
    let recorder: FakeRecorder
    let refresher: FakeRefresher
    let subjects: FakeSubjects
    let vendor: FakeVendor
    let port: Int
    /// PEM of the CA that signs the forward proxy's leaves.
    let interceptionCA: String
    /// PEM of the CA of the vendor and of listeners.
    let authority: TestAuthority

    struct Setup {
        var limits = ProxyLimits()
        /// Names in the vendor's certificate.
        var certified = [FakePolicy.vendorHost]
        var trusted = true
        var credentials: Vendor.Credentials?
        var secrets: [String: String] = [:]
        var refresherAnswer: Bool? = true
        var listenerTLS: TestAuthority.Identity?
        /// Overrides; nil: the vendor's name leads to the fake vendor.
        var resolve: [String: String]?
        var vendorHost = FakePolicy.vendorHost
        /// `http`: the vendor speaks it, on port 80.
        var vendorScheme = "https"
        /// Further hosts of the vendor.
        var moreHosts: [String] = []
        var kind = ProxyConfiguration.Listener.Kind.gate
        /// The interception CA's name constraints.
        var permitted = [FakePolicy.vendorHost]
        /// Trusted for client certificates on the listener, which then speaks TLS.
        var clientCA: String?
        /// Names in client certificates that are the caller's; those that begin with `other` are another caller's.
        var sans: [String] = []
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        /// In place of the fake one.
        var realGate: Gate?
        var clock: any WallClock = FixedClock()
        init() { limits.tickMilliseconds = 10 }
    }

    private static let authority = Result { try TestAuthority() }

    /// Starts all of it, runs `body`, stops all of it.
    static func run(
        _ configure: (inout Setup) -> Void = { _ in }, _ body: (Harness) async throws -> Void
    ) async throws {
        try await Turnstile.shared.pass {
            try await runAlone(configure, body)
        }
    }

    private static func runAlone(_ configure: (inout Setup) -> Void, _ body: (Harness) async throws -> Void) async throws {
        var setup = Setup()
        configure(&setup)
        let authority = try authority.get()
        let vendor = try await FakeVendor.start(identity: setup.vendorScheme == "http" ? nil : try authority.issue(setup.certified))
        let directory = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: directory) } catch { Issue.record(error) }
        }
        let trust = directory.appending(path: "ca.pem")
        try authority.certificatePEM.write(to: trust, atomically: true, encoding: .utf8)
        let subjects = FakeSubjects()
        let vendorPort = setup.vendorScheme == "http" ? 80 : 443
        let gate = FakeGate(
            policy: FakePolicy.set(
                host: setup.vendorHost, port: vendorPort, scheme: setup.vendorScheme, credentials: setup.credentials,
                moreHosts: setup.moreHosts, sans: setup.sans), subjects: subjects)
        let recorder = FakeRecorder()
        let refresher = FakeRefresher(answer: setup.refresherAnswer)
        let state = try GateState(
            gate: setup.realGate ?? gate, recorder: recorder, refresher: refresher, clock: setup.clock, secrets: setup.secrets)
        var listener = ProxyConfiguration.Listener(kind: setup.kind, host: "127.0.0.1", port: 0)
        if let identity = try setup.listenerTLS ?? setup.clientCA.map({ _ in try authority.issue(["localhost"]) }) {
            let (certificate, key) = (directory.appending(path: "gate.pem"), directory.appending(path: "gate.key"))
            try identity.certificatePEM.write(to: certificate, atomically: true, encoding: .utf8)
            try identity.keyPEM.write(to: key, atomically: true, encoding: .utf8)
            listener.tls = .init(certificatePath: certificate.path, keyPath: key.path)
            if let pem = setup.clientCA {
                let file = directory.appending(path: "clients.pem")
                try pem.write(to: file, atomically: true, encoding: .utf8)
                listener.tls?.clientCAPath = file.path
            }
        }
        let interception = try InterceptionAuthority.make(organisation: "Test", permit: setup.permitted, now: SystemWallClock().now())
        let server = GateServer(
            configuration: ProxyConfiguration(
                listeners: [listener],
                resolve: setup.resolve ?? ["\(setup.vendorHost):\(vendorPort)": "127.0.0.1:\(vendor.port)"],
                trust: setup.trusted ? [trust.path] : [], limits: setup.limits,
                leaves: InterceptionLeaves(authority: interception, clock: SystemWallClock())),
            state: state, logger: setup.logger, group: .singleton)
        let addresses = try await server.start()
        let harness = Harness(
            server: server, state: state, gate: gate, recorder: recorder, refresher: refresher, subjects: subjects, vendor: vendor,
            port: addresses.first?.port ?? 0, interceptionCA: interception.certificatePEM, authority: authority)
        do {
            try await body(harness)
        } catch {
            await server.stop(grace: .zero)
            try await vendor.stop()
            throw error
        }
        await server.stop(grace: .seconds(2))
        try await vendor.stop()
    }

    func client(readsSlowly: Bool = false) async throws -> RawClient {
        try await RawClient.connect(port: port, readsSlowly: readsSlowly)
    }

    /// One request on a connection of its own.
    func send(_ request: String, toHEAD: Bool = false) async throws -> RawClient.Answer {
        let client = try await client()
        defer { client.close() }
        try await client.send(request)
        return try await client.answer(toHEAD: toHEAD)
    }

    /// Waits until `condition` holds; fails the test after a minute.
    func eventually(_ what: Comment, _ condition: () -> Bool) async throws {
        if try await !WaybillTesting.eventually(condition) { Issue.record(what) }
    }
}

/// Requests as text.
enum Wire {
    static func post(
        _ path: String = "/to/acme/v1/contacts", _ body: String = #"{"a":1}"#, fields: [String] = [], token: String? = FakePolicy.token
    ) -> String {
        request(
            "POST \(path) HTTP/1.1", fields: ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] + fields, token: token
        )
            + body
    }

    static func get(_ path: String = "/to/acme/v1/contacts", fields: [String] = [], method: String = "GET") -> String {
        request("\(method) \(path) HTTP/1.1", fields: fields)
    }

    static func request(_ line: String, fields: [String], token: String? = FakePolicy.token, host: String? = "gate") -> String {
        let lines = [line] + (host.map { ["Host: \($0)"] } ?? []) + (token.map { ["Waybill-Token: \($0)"] } ?? []) + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}
