import FoundationEssentials
import Testing
import WaybillCore
import WaybillTesting

@testable import waybill

@Suite("The control listener of a running gate", .serialized)
struct ControlListenerTests {
    private static let listen = RunningGate.freePorts + ["--set", "listen.control=127.0.0.1:0"]

    private func ask(_ gate: RunningGate, _ path: String, fields: [String] = []) async throws -> RawClient.Answer {
        let address = try #require(try gate.ready()["control"] as? String)
        let client = try await RawClient.connect(port: try #require(HostPort(address)?.port))
        defer { client.close() }
        try await client.send((["GET \(path) HTTP/1.1", "Host: \(address)"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        return try await client.answer()
    }

    @Test("It is named by the ready line, is ready, and serves every metric of the reference")
    func served() async throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config, arguments: Self.listen)
        #expect(try await ask(gate, "/healthz").status == 200)
        let ready = try await ask(gate, "/readyz")
        #expect(ready.status == 200, "\(ready.text)")
        for part in ["policies", "log", "index", "listeners"] { #expect(ready.text.contains(#"{"name":"\#(part)","ready":true}"#)) }
        let metrics = try await ask(gate, "/metrics").text
        let named = metrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.compactMap {
            $0.split(separator: " ").dropFirst(2).first
        }
        #expect(named.map(String.init).sorted() == MetricList.definitions.map(\.name).sorted())
        #expect(Set(named).count == named.count)
        let digest = try #require(try gate.ready()["policy"] as? String)
        for line in [
            "waybill_policy_info{digest=\"\(digest)\"} 1", "waybill_log_open 1", "waybill_build_info{version=\"\(Waybill.version)\"} 1",
        ] {
            #expect(metrics.contains("\n\(line)\n"), "\(line)")
        }
        #expect(metrics.contains("\nprocess_resident_memory_bytes ") && metrics.contains("\nprocess_open_fds "))
        #expect(try gate.stop() == 0)
    }

    @Test("With the secret metrics_token, /metrics asks for it; a short one keeps the gate from starting")
    func token() async throws {
        let site = try Installation()
        try site.scratch.write("site/var/secrets/metrics_token", "0123456789abcdef\n", mode: 0o600)
        let gate = try RunningGate(site.scratch, config: site.config, arguments: Self.listen)
        #expect(try await ask(gate, "/metrics").status == 401)
        #expect(try await ask(gate, "/metrics", fields: ["Authorization: Bearer 0123456789abcdef"]).status == 200)
        #expect(try gate.stop() == 0)
        try site.scratch.write("site/var/secrets/metrics_token", "short", mode: 0o600)
        #expect(throws: RunningGate.GateEnded.self) { try RunningGate(site.scratch, config: site.config, arguments: Self.listen) }
    }

    @Test("Plain HTTP off loopback, and client certificates nobody would check, are refused")
    func refused() throws {
        let site = try Installation()
        for (settings, says) in [
            (["listen.control=0.0.0.0:8081"], "listen.control.tls"),
            (
                [
                    "listen.control=127.0.0.1:0", "listen.control.tls.certificate=c.pem", "listen.control.tls.key=k.pem",
                    "listen.control.tls.client_ca=ca.pem",
                ], "client_ca"
            ),
        ] {
            let ending = try Program.waybill(["serve", "--check", "--config", site.config] + settings.flatMap { ["--set", $0] })
            #expect(ending.status == 1 && ending.error.contains(says), "\(ending.error)")
        }
    }

    @Test("Metrics follow the convention: seconds and bytes, counters end in _total, nothing else does, names are unique")
    func conventions() {
        for definition in MetricList.definitions {
            let name = definition.name
            #expect(name.hasPrefix("waybill_") || name.hasPrefix("process_"), "\(name)")
            #expect(name.hasSuffix("_total") == (definition.kind == .counter), "\(name)")
            if definition.kind == .histogram { #expect(name.hasSuffix("_seconds")) }
            #expect(definition.help.hasSuffix(".") && !definition.help.contains("|"), "\(name)")
        }
        #expect(Set(MetricList.definitions.map(\.name)).count == MetricList.definitions.count)
    }
}
