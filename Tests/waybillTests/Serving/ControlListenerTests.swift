import FoundationEssentials
import Testing
import WaybillCore
import WaybillTesting

@testable import waybill

@Suite("The control listener of a running gate", .serialized)
struct ControlListenerTests {
    private static let listen = RunningGate.freePorts + ["--set", "listen.control=127.0.0.1:0"]

    private struct Answer {
        var status: Int
        var text: String
    }

    /// By a shell's socket and at once: an asynchronous client would wait for threads that other suites' processes keep busy, and the gate
    /// does not wait for a caller that says nothing.
    private func ask(_ gate: RunningGate, _ path: String, fields: [String] = []) throws -> Answer {
        let address = try #require(try gate.ready()["control"] as? String)
        let port = try #require(HostPort(address)?.port)
        let request = (["GET \(path) HTTP/1.1", "Host: \(address)", "Connection: close"] + fields).joined(separator: "\\r\\n")
        let script = "exec 3<>/dev/tcp/127.0.0.1/\(port) && printf '\(request)\\r\\n\\r\\n' >&3 && cat <&3"
        let ending = try Program.run("/usr/bin/env", ["bash", "-c", script])
        let status = ending.output.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(status: try #require(status, "\(ending.error)"), text: ending.output.replacing("\r\n", with: "\n"))
    }

    @Test("It is named by the ready line, is ready, and serves every metric of the reference")
    func served() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config, arguments: Self.listen)
        #expect(try ask(gate, "/healthz").status == 200)
        let ready = try ask(gate, "/readyz")
        #expect(ready.status == 200, "\(ready.text)")
        for part in ["policies", "log", "index", "listeners"] { #expect(ready.text.contains(#"{"name":"\#(part)","ready":true}"#)) }
        let metrics = try ask(gate, "/metrics").text
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
    func token() throws {
        let site = try Installation()
        try site.scratch.write("site/var/secrets/metrics_token", "0123456789abcdef\n", mode: 0o600)
        let gate = try RunningGate(site.scratch, config: site.config, arguments: Self.listen)
        #expect(try ask(gate, "/metrics").status == 401)
        #expect(try ask(gate, "/metrics", fields: ["Authorization: Bearer 0123456789abcdef"]).status == 200)
        #expect(try gate.stop() == 0)
        try site.scratch.write("site/var/secrets/metrics_token", "short", mode: 0o600)
        #expect(throws: RunningGate.GateEnded.self) { try RunningGate(site.scratch, config: site.config, arguments: Self.listen) }
    }

    @Test("Plain HTTP off loopback is refused")
    func refused() throws {
        let site = try Installation()
        let ending = try Program.waybill(["serve", "--check", "--config", site.config, "--set", "listen.control=0.0.0.0:8081"])
        #expect(ending.status == 1 && ending.error.contains("listen.control.tls"), "\(ending.error)")
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
