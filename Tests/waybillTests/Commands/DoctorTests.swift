import Foundation
import Testing
import WaybillTesting

@Suite("waybill doctor")
struct DoctorTests {
    @Test("A sound installation has nothing to mend, with and without a gate")
    func sound() throws {
        let site = try Installation()
        let before = try site.run("doctor", "--output", "json")
        #expect(before.status == 0 && !before.output.contains("error") && before.output.contains("no gate runs"))
        let gate = try RunningGate(site.scratch, config: site.config)
        let during = try site.run("doctor", "--quiet")
        #expect(during.status == 0, "\(during.output)\(during.error)")
        #expect(!during.output.contains("no gate runs"))
        #expect(try gate.stop() == 0)
    }

    /// Each breaks one thing and names the word of the finding and of its remedy.
    @Test(
        "What is wrong is named with its remedy, and the command ends with 1",
        arguments: [
            ("chmod 755 var", "files", "can be read or changed by other users", "chmod go="),
            ("chmod 644 var/waybill-log.db", "files", "waybill-log.db can be read", "chmod go="),
            ("printf 'x: [' >> policies/organisation.yaml", "configuration", "is broken", "as it says"),
            ("rm var/checkpoint", "log", "is missing", "find out who removed it"),
            ("printf nonsense > var/keys/ca.pem", "configuration", "ca.pem", "remedy"),
        ])
    func named(damage: String, area: String, words: String, remedy: String) throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.stop() == 0)
        let done = try Program.run("/bin/sh", ["-c", "cd '\(site.scratch.file("site"))' && \(damage)"])
        try #require(done.status == 0, "\(done.error)")
        let ending = try site.run("doctor", "--output", "ndjson", "--quiet")
        let line = ending.output.split(separator: "\n").first { $0.contains("\"area\":\"\(area)\"") && $0.contains(words) }
        #expect(line?.contains(remedy) == true, "\(ending.output)")
        #expect(ending.status == (line?.contains("\"error\"") == true ? 1 : 0))
    }
}
