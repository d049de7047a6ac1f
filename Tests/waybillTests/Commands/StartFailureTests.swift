import Foundation
import Testing
import WaybillTesting

@testable import waybill

@Suite("What keeps the gate from starting", .serialized)
struct StartFailureTests {
    /// Runs `serve`, which must end by itself, and returns the last line of its log.
    private func failure(_ site: Installation, _ arguments: [String] = []) throws -> (status: Int32, log: [String: Any], text: String) {
        do {
            let gate = try RunningGate(site.scratch, config: site.config, arguments: RunningGate.freePorts + arguments)
            _ = try gate.stop()
            Issue.record("the gate started")
            return (0, [:], "")
        } catch let ended as RunningGate.GateEnded {
            let last = try #require(ended.log.split(separator: "\n").last)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any], "\(ended.log)")
            return (ended.status, object, String(last))
        }
    }

    @Test("A key that others can read")
    func openKey() throws {
        let site = try Installation()
        try site.scratch.setMode("site/var/keys/master.key", 0o644)
        let found = try failure(site)
        #expect(found.status == 1 && found.text.contains("can be read by other users") && found.text.contains("chmod 600"))
    }

    @Test("A damaged key")
    func damagedKey() throws {
        let site = try Installation()
        try site.scratch.write("site/var/keys/log.key", "zzz", mode: 0o600)
        let found = try failure(site)
        #expect(found.status == 1 && found.text.contains("is damaged") && found.text.contains("backup"))
    }

    @Test("A broken policy set: 3, each problem with its place")
    func brokenPolicies() throws {
        let site = try Installation()
        try site.scratch.write("site/policies/callers/other.yaml", "caller: other\nnonsense: 1\n")
        let found = try failure(site)
        let problems = try #require(found.log["problems"] as? [String])
        #expect(found.status == 3 && problems.contains { $0.contains("callers/other.yaml:2:1: ") })
    }

    @Test("Missing policies")
    func missingPolicies() throws {
        let site = try Installation()
        try FileManager.default.removeItem(atPath: site.policies)
        let found = try failure(site)
        #expect(found.status == 1 && found.text.contains("there is no policy directory"))
    }

    @Test("A store that is no database", arguments: ["waybill.db", "waybill-log.db"])
    func brokenStore(name: String) throws {
        let site = try Installation()
        try site.scratch.write("site/var/\(name)", String(repeating: "this is no database ", count: 100), mode: 0o600)
        let found = try failure(site)
        #expect(found.status == 1)
        #expect((found.log["error"] as? String)?.contains(name) == true, "\(found.text)")
    }

    @Test("A store of another installation's key")
    func otherKey() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        let facts = try site.scratch.write("facts.ndjson", #"{"ids":["email:anna@example.com"],"countries":["DE"]}"#)
        #expect(try site.run("subject", "import", facts).status == 0)
        #expect(try gate.stop() == 0)
        try FileManager.default.removeItem(atPath: site.scratch.file("site/var/keys/master.key"))
        let found = try failure(site)
        #expect(found.status == 1 && (found.log["error"] as? String)?.lowercased().contains("key") == true, "\(found.text)")
    }

    @Test("An occupied port")
    func occupiedPort() throws {
        let site = try Installation()
        let first = try RunningGate(site.scratch, config: site.config)
        let address = try #require(try first.ready()["gate"] as? String)
        let second = try Installation()
        let found = try failure(second, ["--gate", address])
        #expect(found.status == 1 && found.text.contains(address) && found.text.contains("free the port"), "\(found.text)")
        #expect(try first.stop() == 0)
    }

    @Test("Another gate on the same store")
    func secondGate() throws {
        let site = try Installation()
        let first = try RunningGate(site.scratch, config: site.config)
        let found = try failure(site)
        #expect(found.status == 1 && found.text.contains("another Waybill process holds the store"))
        #expect(try first.stop() == 0)
    }

    @Test("A secret that a vendor needs and nobody gave, or that others can read")
    func secrets() throws {
        let site = try Installation()
        let path = "site/policies/vendors/mailer.yaml"
        try site.scratch.write(
            path, try site.scratch.read(path) + "credentials: {header: Authorization, value: \"Bearer ${secret:mailer_token}\"}\n")
        #expect(try failure(site).text.contains("WAYBILL_SECRET_MAILER_TOKEN"))
        try site.scratch.write("site/var/secrets/mailer_token", "hunter2\n", mode: 0o644)
        let open = try failure(site)
        #expect(open.text.contains("can be read by other users") && !open.text.contains("hunter2"))
        try site.scratch.setMode("site/var/secrets/mailer_token", 0o600)
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.stop() == 0)
        #expect(try !gate.errorText().contains("hunter2"))
    }

    @Test("Trust that holds no certificate")
    func trust() throws {
        let site = try Installation()
        let file = try site.scratch.write("ca.pem", "nothing")
        #expect(try failure(site, ["--set", "trust=\(file)"]).text.contains("holds no certificate"))
        #expect(try failure(site, ["--set", "trust=/nonexistent.pem"]).text.contains("/nonexistent.pem"))
    }

    @Test("A store that was rolled back: the gate starts, records nothing, and `log acknowledge` mends it")
    func rolledBack() throws {
        let site = try Installation()
        #expect(try RunningGate(site.scratch, config: site.config).stop() == 0)
        for suffix in ["", "-wal", "-shm"]
        where FileManager.default.fileExists(atPath: site.scratch.file("site/var/waybill-log.db\(suffix)")) {
            try FileManager.default.removeItem(atPath: site.scratch.file("site/var/waybill-log.db\(suffix)"))
        }
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.log().contains { ($0["state"] as? String)?.contains("waybill log acknowledge") == true })
        #expect(try gate.stop() == 0)
        #expect(try site.run("log", "acknowledge").status == 0)
        #expect(try site.run("log", "verify").status == 0)
    }
}
