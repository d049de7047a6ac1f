import Foundation
import Testing
import WaybillTesting

@testable import waybill

@Suite("waybill serve", .serialized)
struct ServeTests {
    @Test("Standard output carries one line, logs are JSON, SIGTERM ends with 0, and the log is whole")
    func life() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        let ready = try gate.ready()
        #expect(ready["event"] as? String == "ready")
        #expect((ready["gate"] as? String).flatMap { HostPort($0) }?.isLoopback == true)
        #expect(try site.run("log", "verify").status == 0, "beside the running gate")
        #expect(try gate.stop() == 0)
        #expect(try gate.outputText().split(separator: "\n").count == 1)
        #expect(try gate.log().map { $0["message"] as? String } == ["ready", "stopping", "stopped"])
        let verified = try site.run("log", "verify", "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(verified.output.utf8)) as? [String: Any])
        #expect(verified.status == 0 && report["ok"] as? Bool == true && (report["faults"] as? [Any])?.isEmpty == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: site.scratch.file("site/var")).contains("waybill.sock") == false)
    }

    @Test("Store, keys, log and CA are made on a first start from policies alone, all private")
    func firstStart() throws {
        let site = try Installation()
        try FileManager.default.removeItem(atPath: site.scratch.file("site/var"))
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.stop() == 0)
        for file in ["keys/master.key", "keys/log.key", "keys/ca.key", "keys/ca.pem", "waybill.db", "waybill-log.db", "checkpoint"] {
            #expect(try site.scratch.mode("site/var/\(file)") == 0o600, "\(file)")
        }
        #expect(try site.run("ca", "show").output.hasPrefix("-----BEGIN CERTIFICATE-----"))
    }

    @Test("A forward proxy on a free port is named by the ready line, and one that cannot listen keeps the gate from starting")
    func forwardProxy() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        let ready = try gate.ready()
        let (gateAddress, proxyAddress) = (try #require(ready["gate"] as? String), try #require(ready["proxy"] as? String))
        #expect(gateAddress != proxyAddress && HostPort(proxyAddress)?.isLoopback == true && HostPort(proxyAddress)?.port != 0)
        let other = try Installation()
        #expect(throws: RunningGate.GateEnded.self) {
            try RunningGate(
                other.scratch, config: other.config, arguments: ["--gate", "127.0.0.1:0", "--set", "listen.proxy=\(proxyAddress)"])
        }
        #expect(try gate.stop() == 0)
    }

    @Test("Imports work through the running gate and without one; show and history tell what is there")
    func imports() throws {
        let site = try Installation()
        let event = #"""
            {"subject":"email:anna@example.com","purpose":"newsletter","state":"given","recipients":["mailer"],\#
            "event_time":"2026-01-01T00:00:00Z","proof":"web-form"}
            """#
        let file = try site.scratch.write("events.ndjson", event + "\n")
        let gate = try RunningGate(site.scratch, config: site.config)
        let running = try site.run("consent", "import", file, "--output", "ndjson")
        #expect(running.output == #"{"lines":1,"imported":1,"duplicates":0,"refused":0,"warned":0}"# + "\n", "\(running.error)")
        #expect(try site.run("consent", "show", "email:anna@example.com", "--output", "csv").output.contains("newsletter,mailer,,given"))
        #expect(try gate.stop() == 0)
        let again = try site.run("consent", "import", "-", "--output", "ndjson", input: event)
        #expect(again.output.contains(#""imported":0,"duplicates":1"#))
        let facts = try site.scratch.write("facts.ndjson", #"{"ids":["email:anna@example.com","crm:17"],"countries":["DE"]}"#)
        #expect(try site.run("subject", "import", facts).status == 0)
        let history = try site.run("consent", "history", "crm:17", "--output", "ndjson").output
        #expect(history.split(separator: "\n").count == 1 && history.contains(#""state":"given""#))
        #expect(try site.run("subject", "show", "crm:17", "--output", "json").output.contains(#""countries": ["#))
        let unknown = try site.run("consent", "show", "email:nobody@example.com")
        #expect(unknown.status == 1 && unknown.error.contains("knows nothing about this subject"))
    }

    @Test("A bad line is named by line and member, never by value; good ones are imported", arguments: [false, true])
    func badLines(strict: Bool) throws {
        let site = try Installation()
        let lines = #"""
            {"subject":"email:good@example.com","purpose":"newsletter","state":"given","recipients":["mailer"],\#
            "event_time":"2026-01-01T00:00:00Z","proof":"w"}
            {"subject":"email:bad@example.com","purpose":"newsletter","state":"perhaps","event_time":"2026-01-01T00:00:00Z"}
            """#
        let file = try site.scratch.write("events.ndjson", lines)
        let ending = try site.run("consent", "import", file, "--output", "ndjson", strict ? "--strict" : "--output=ndjson")
        #expect(ending.status == 1)
        #expect(ending.error.contains("line 2: state: ") && !ending.error.contains("bad@example.com") && !ending.error.contains("perhaps"))
        #expect(ending.output.contains(#""imported":\#(strict ? 0 : 1)"#) && ending.output.contains(#""refused":1"#))
    }

    @Test("A changed policy file is in force by itself; a broken one leaves the last good set and says where; SIGHUP reads again")
    func reload() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        let path = "site/policies/callers/crm.yaml"
        let caller = try site.scratch.read(path)
        try site.scratch.write(path, caller + "# a remark\n")
        try gate.waitUntilLogged("policies reloaded")
        try site.scratch.write(path, caller + "unknown: 1\n")
        try gate.waitUntilLogged("policies not reloaded, the last good set stays in force")
        #expect(try gate.log().contains { ($0["problem"] as? String)?.contains("callers/crm.yaml:") == true })
        try site.scratch.write(path, caller)
        try gate.waitUntilLogged("policies reloaded", times: 2)
        gate.signal(SIGHUP)
        #expect(try gate.stop() == 0)
    }

    @Test("A copy of the log with one changed byte, or cut off, ends verification with 5")
    func tampering() throws {
        let site = try Installation()
        #expect(try RunningGate(site.scratch, config: site.config).stop() == 0)
        let log = "site/var/waybill-log.db"
        for suffix in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: site.scratch.file(log + suffix)) {
            #expect(try Program.run("/usr/bin/env", ["sqlite3", site.scratch.file(log), "PRAGMA wal_checkpoint(TRUNCATE)"]).status == 0)
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: site.scratch.file(log)))
        let at = try #require(bytes.range(of: Data(#""kind":"config""#.utf8)))
        bytes[at.lowerBound + 10] ^= 1
        try bytes.write(to: URL(fileURLWithPath: site.scratch.file(log)))
        let ending = try site.run("log", "verify", "--json")
        #expect(ending.status == 5 && ending.output.contains(#""ok": false"#))
        try FileManager.default.removeItem(atPath: site.scratch.file(log))
        #expect(try site.run("log", "verify").status == 5, "the checkpoint outside proves that there was a log")
    }

    @Test("An empty log lists no transfers in every format")
    func emptyLists() throws {
        let site = try Installation()
        #expect(try site.run("transfers", "list").error.contains("there is no transfer log"))
        #expect(try RunningGate(site.scratch, config: site.config).stop() == 0)
        #expect(try site.run("transfers", "list").output == "no transfers\n")
        #expect(try site.run("transfers", "list", "--output", "json").output == "{\"transfers\":[\n],\"next\":null}\n")
        #expect(try site.run("transfers", "list", "--output", "ndjson").output.isEmpty)
        #expect(try site.run("transfers", "list", "--output", "csv").output.hasPrefix("time,xid,"))
        let none = try site.run("transfers", "show", "01a20030-c2ff-7ffe-a292-f2c37a1f7bd2")
        #expect(none.status == 1 && none.error.contains("has no transfer"))
        #expect(try site.run("transfers", "explain", "x").status == 2)
        let exported = try site.run("log", "export", "--format", "ndjson").output
        #expect(exported.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") } && !exported.isEmpty)
        let view = try site.run("log", "export", "--format", "ocsf")
        #expect(view.output.hasPrefix(#"{"category_uid":6,"class_uid":6002"#) && view.error.contains("next cursor: "))
        #expect(try site.run("log", "checkpoint").output.hasPrefix("example/waybill\n"))
        #expect(try site.run("log", "checkpoint", "--key").output.hasPrefix("example/waybill+"))
        #expect(try site.run("log", "acknowledge").error.contains("Nothing is to be acknowledged"))
    }
}
