import Crypto
import FoundationEssentials
import Logging
import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("The control listener")
struct ControlListenerTests {
    private static let token = "a-long-enough-token"

    /// A gate that is as ready as a test says.
    private final class Observed: GateObservation {
        let parts = Mutex([Readiness.Part("policies", isReady: true), Readiness.Part("log", isReady: true)])
        let failsMetrics: Bool
        init(failsMetrics: Bool = false) { self.failsMetrics = failsMetrics }
        func set(_ name: String, _ isReady: Bool) {
            parts.withLock { parts in
                for position in parts.indices where parts[position].name == name { parts[position].isReady = isReady }
            }
        }
        struct Broken: Error {}
        func readiness() async -> Readiness { Readiness(parts.withLock { $0 }) }
        func metrics() async throws -> [MetricFamily] {
            if failsMetrics { throw Broken() }
            return [MetricFamily(.init("waybill_x_total", .counter, "X."), count: 3)]
        }
    }

    private func running(
        _ observed: Observed = Observed(), configure: (inout ControlListenerConfiguration) -> Void = { _ in },
        _ body: (Int, Observed) async throws -> Void
    ) async throws {
        var configuration = ControlListenerConfiguration(host: "127.0.0.1", port: 0)
        configure(&configuration)
        let listener = ControlListener(
            configuration, observation: observed, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.start()
        do {
            try await body(port, observed)
        } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }

    private func ask(_ port: Int, _ request: String, toHEAD: Bool = false) async throws -> RawClient.Answer {
        let client = try await RawClient.connect(port: port)
        defer { client.close() }
        try await client.send(request)
        return try await client.answer(toHEAD: toHEAD)
    }

    private func get(_ path: String, method: String = "GET", fields: [String] = []) -> String {
        (["\(method) \(path) HTTP/1.1", "Host: control"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test("Alive is alive, ready or not")
    func health() async throws {
        try await running { port, observed in
            observed.set("log", false)
            let answer = try await ask(port, get("/healthz"))
            #expect(answer.status == 200 && answer.text == #"{"status":"alive"}"# && answer.value("cache-control") == "no-store")
            let head = try await ask(port, get("/healthz", method: "HEAD"), toHEAD: true)
            #expect(head.status == 200)
        }
    }

    @Test("Ready until a part is not; then 503 names the part, and 200 again when it is mended")
    func readiness() async throws {
        try await running { port, observed in
            let ready = try await ask(port, get("/readyz"))
            #expect(ready.status == 200 && ready.text.contains(#""parts":[{"name":"policies","ready":true},{"name":"log","ready":true}]"#))
            observed.set("log", false)
            let answer = try await ask(port, get("/readyz"))
            #expect(answer.status == 503 && answer.value("content-type") == "application/problem+json")
            #expect(answer.text.contains(#""code":"not_ready""#) && answer.text.contains(#"{"name":"log","ready":false}"#))
            #expect(answer.text.contains("not ready: log;") && answer.value("retry-after") == "1")
            observed.set("log", true)
            #expect(try await ask(port, get("/readyz")).status == 200)
        }
    }

    @Test("A gate without parts is not ready")
    func noParts() { #expect(!Readiness([]).isReady) }

    @Test("Metrics are text for loopback, without a token configured")
    func metrics() async throws {
        try await running { port, _ in
            let answer = try await ask(port, get("/metrics"))
            #expect(answer.status == 200 && answer.value("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text == "# HELP waybill_x_total X.\n# TYPE waybill_x_total counter\nwaybill_x_total 3\n")
        }
    }

    static let credentials: [(fields: [String], status: Int)] = [
        ([], 401), (["Authorization: Bearer \(token)"], 200), (["Authorization: bearer \(token)"], 200),
        (["Authorization: Bearer \(token)x"], 401), (["Authorization: Bearer "], 401), (["Authorization: Basic \(token)"], 401),
        (["Authorization: \(token)"], 401), (["Authorization: Bearer \(token)", "Authorization: Bearer \(token)"], 401),
    ]

    @Test("With a token configured nobody reads metrics without it, and probes need none", arguments: credentials)
    func token(fields: [String], status: Int) async throws {
        try await running(configure: { $0.metricsTokenSHA256 = Array(SHA256.hash(data: Array(Self.token.utf8))) }) { port, _ in
            let answer = try await ask(port, get("/metrics", fields: fields))
            #expect(answer.status == status)
            #expect((answer.value("www-authenticate") == "Bearer") == (status == 401))
            #expect(try await ask(port, get("/readyz")).status == 200)
        }
    }

    @Test(
        "What is not served is a problem document",
        arguments: [
            ("/", "GET", 404, "path_unknown"), ("/healthz/", "PUT", 404, "path_unknown"), ("/v1/vendors", "GET", 404, "path_unknown"),
            ("/metrics", "POST", 405, "method_not_allowed"), ("/readyz", "DELETE", 405, "method_not_allowed"),
        ])
    func problems(path: String, method: String, status: Int, code: String) async throws {
        try await running { port, _ in
            let answer = try await ask(port, get(path, method: method, fields: ["Content-Length: 0"]))
            #expect(answer.status == status && answer.value("content-type") == "application/problem+json", "\(answer.text)")
            #expect(answer.text.contains(#""code":"\#(code)""#))
            #expect((answer.value("allow") == "GET, HEAD") == (status == 405))
        }
    }

    @Test("A scrape that fails is a 500 that says nothing about why")
    func failing() async throws {
        try await running(Observed(failsMetrics: true)) { port, _ in
            let answer = try await ask(port, get("/metrics"))
            #expect(answer.status == 500 && answer.text.contains(#""code":"control_failed""#) && !answer.text.contains("Broken"))
        }
    }

    @Test("A connection serves one request after another")
    func keepAlive() async throws {
        try await running(configure: { $0.requestBytesMax = 400 }) { port, _ in
            let client = try await RawClient.connect(port: port)
            defer { client.close() }
            for _ in 0..<20 {
                try await client.send(get("/healthz"))
                #expect(try await client.answer().status == 200)
            }
        }
    }

    @Test("A request that is too large, or does not come to an end, costs the connection")
    func bounds() async throws {
        try await running(configure: {
            $0.requestBytesMax = 1_000
            ($0.requestSecondsMax, $0.idleSecondsMax) = (1, 1)
        }) { port, _ in
            let large = try await RawClient.connect(port: port)
            try await large.send(
                get("/healthz", method: "POST", fields: ["Content-Length: 1000000"]) + String(repeating: "x", count: 2_000))
            try await large.waitForClose()
            let slow = try await RawClient.connect(port: port)
            try await slow.send("GET /healthz HTTP/1.1\r\n")
            try await slow.waitForClose()
            let silent = try await RawClient.connect(port: port)
            try await silent.waitForClose()
            // Answered before its end, which does not come.
            let early = try await RawClient.connect(port: port)
            try await early.send(get("/healthz", method: "POST", fields: ["Content-Length: 100"]) + "x")
            #expect(try await early.answer().status == 405)
            try await early.waitForClose(withinMilliseconds: 20_000)
            #expect(try await ask(port, get("/healthz")).status == 200)
        }
    }

    @Test("With TLS it answers TLS only")
    func tls() async throws {
        let authority = try TestAuthority()
        let identity = try authority.issue(["localhost"])
        let directory = FileManager.default.temporaryDirectory.appending(path: "waybill-control-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: directory) } catch { Issue.record(error) }
        }
        let (certificate, key) = (directory.appending(path: "c.pem"), directory.appending(path: "c.key"))
        try identity.certificatePEM.write(to: certificate, atomically: true, encoding: .utf8)
        try identity.keyPEM.write(to: key, atomically: true, encoding: .utf8)
        try await running(configure: {
            $0.tls = .init(certificatePath: certificate.path, keyPath: key.path)
            ($0.requestSecondsMax, $0.idleSecondsMax) = (1, 1)
        }) { port, _ in
            let client = try await RawClient.connect(port: port, trustPEM: authority.certificatePEM)
            defer { client.close() }
            try await client.send(get("/healthz"))
            #expect(try await client.answer().status == 200)
            let plain = try await RawClient.connect(port: port)
            try await plain.send(get("/healthz"))
            try await plain.waitForClose()
            #expect(plain.received.isEmpty || !String(decoding: plain.received, as: UTF8.self).contains("alive"))
            // Nobody is waited for longer because TLS has something to say in between.
            for text in ["", "GET /hea", get("/healthz", method: "POST", fields: ["Content-Length: 100"]) + "x"] {
                let slow = try await RawClient.connect(port: port, trustPEM: authority.certificatePEM)
                try await slow.send(text)
                try await slow.waitForClose(withinMilliseconds: 20_000)
            }
        }
    }

    @Test("A certificate that cannot be used, or a port that is taken, is said at start")
    func startFailures() async throws {
        try await running { port, _ in
            for configuration in [
                ControlListenerConfiguration(
                    host: "127.0.0.1", port: 0, tls: .init(certificatePath: "/nonexistent", keyPath: "/nonexistent")),
                ControlListenerConfiguration(host: "127.0.0.1", port: port),
            ] {
                let other = ControlListener(
                    configuration, observation: Observed(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                await #expect(throws: ControlFailure.self) { _ = try await other.start() }
                await other.stop()
            }
        }
    }
}
