import Crypto
import Foundation
import Testing
import WaybillTesting

@testable import waybill

@Suite("waybill init")
struct InitTests {
    @Test("The new installation lints clean, passes its tests, and keeps its secrets to itself")
    func installation() throws {
        let site = try Installation()
        #expect(try Program.waybill(["lint", site.policies]).output == "0 errors, 0 warnings\n")
        #expect(try Program.waybill(["test", site.policies]).output == "2 passed, 0 failed\n")
        #expect(try site.scratch.mode("site/var") == 0o700)
        for key in ["master.key", "log.key", "ca.key"] { #expect(try site.scratch.mode("site/var/keys/\(key)") == 0o600, "\(key)") }
        let digest = SHA256.hash(data: Data(site.token.utf8)).map { String(format: "%02x", $0) }.joined()
        #expect(try site.scratch.read("site/policies/callers/crm.yaml").contains(digest))
        #expect(try site.scratch.read("site/.gitignore") == "/var/\n")
        #expect(try site.run("serve", "--check").status == 0)
    }

    @Test("The CA is for the hosts of the destinations, and `ca show` prints it")
    func certificateAuthority() throws {
        let site = try Installation()
        let shown = try site.run("ca", "show")
        #expect(shown.output == (try site.scratch.read("site/var/keys/ca.pem")))
        let text = try Program.run("/usr/bin/openssl", ["x509", "-noout", "-text"], input: shown.output).output
        #expect(text.contains("DNS:api.mailer.example"))
        let again = try site.run("ca", "init")
        #expect(again.status == 1 && again.error.contains("there is a CA"))
        let rotated = try site.run("ca", "rotate")
        #expect(rotated.status == 0 && rotated.output.contains("api.mailer.example"))
    }

    @Test("A directory with anything in it is refused and left alone", arguments: ["file", ".hidden"])
    func occupied(name: String) throws {
        let scratch = try Scratch()
        try scratch.write("site/\(name)", "mine")
        let ending = try Program.waybill(["init", scratch.file("site")])
        #expect(ending.status == 1 && ending.error.contains("is not empty"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("site")) == [name])
    }

    @Test("Organisation, id and country go into the files")
    func options() throws {
        let scratch = try Scratch()
        let site = scratch.file("site")
        #expect(try Program.waybill(["init", site, "--organisation", "Acme: Europe SE", "--id", "acme-eu", "--country", "FR"]).status == 0)
        #expect(
            try scratch.read("site/policies/organisation.yaml").contains("{id: acme-eu, name: \"Acme: Europe SE\", established_in: FR}"))
        #expect(try Program.waybill(["test", "\(site)/policies"]).status == 0)
    }
}
