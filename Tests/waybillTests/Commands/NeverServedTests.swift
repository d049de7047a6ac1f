import Foundation
import Testing
import WaybillTesting

@testable import waybill

@Suite("An installation that was never served")
struct NeverServedTests {
    @Test("The first account is made from policies alone; where something was kept, missing keys are not made anew")
    func firstAccount() throws {
        let site = try Installation()
        try FileManager.default.removeItem(atPath: site.scratch.file("site/var"))
        let invited = try site.run("account", "invite")
        #expect(invited.status == 0 && invited.output.contains("wbs_"), "\(invited.output) \(invited.error)")
        #expect(try site.run("account", "create", "anna", "--role", "auditor").status == 0)
        #expect(try site.scratch.mode("site/var/keys/master.key") == 0o600)
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.stop() == 0)
        try FileManager.default.removeItem(atPath: site.scratch.file("site/var/keys"))
        #expect(try site.run("account", "create", "ben", "--role", "auditor").status == 1)
        #expect(try site.scratch.mode("site/var") == 0o700)
        #expect(!FileManager.default.fileExists(atPath: site.scratch.file("site/var/keys/master.key")))
    }
}
