import FoundationEssentials
import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

@testable import waybill

@Suite("One CA follows another")
struct CARotationTests {
    let scratch: Scratch
    let keys: KeyDirectory
    let rotation: CARotation
    let first: InterceptionCA

    init() throws {
        scratch = try Scratch()
        keys = try KeyDirectory(scratch.file("keys"), create: true)
        rotation = CARotation(keys: keys)
        first = try InterceptionCA.create(in: keys, organisation: "Acme", permit: ["hubapi.com"])
    }

    private func begin() throws -> InterceptionCA {
        try rotation.begin(organisation: "Acme", permit: ["hubapi.com", "mailchimp.com"], now: SystemWallClock().now())
    }

    private var names: [String] { get throws { try Files.names(in: keys.path) } }

    @Test("First both are to be trusted and the old one signs, then the new one signs and the old key is gone")
    func life() throws {
        let begun = try begin()
        let next = try #require(begun.next)
        #expect(begun.authority.mark == first.authority.mark && next.permitted == ["hubapi.com", "mailchimp.com"])
        #expect(try InterceptionCA.existing(in: keys)?.bundlePEM == first.certificatePEM + next.certificatePEM)
        #expect(try scratch.mode("keys/ca-next.key") == 0o600)

        let completed = try rotation.complete()
        #expect(completed.authority.mark == next.mark && completed.next == nil)
        #expect(try InterceptionCA.existing(in: keys)?.bundlePEM == next.certificatePEM)
        let retired = "ca-retired-\(first.authority.mark).pem"
        #expect(try names == [retired, "ca.key", "ca.pem"])
        #expect(try scratch.read("keys/\(retired)") == first.certificatePEM)
        #expect(try scratch.mode("keys/ca.key") == 0o600)
        for name in try names { #expect(try !scratch.read("keys/\(name)").contains(first.authority.keyPEM)) }
    }

    @Test("It can be given up, begun again, and not begun twice or completed without a beginning")
    func steps() throws {
        #expect(throws: CommandFailure.self) { try rotation.complete() }
        #expect(throws: CommandFailure.self) { try rotation.abandon() }
        let one = try begin()
        let twice = #expect(throws: CommandFailure.self) { try begin() }
        #expect(twice?.sentence.contains("--complete") == true)
        try rotation.abandon()
        #expect(try names == ["ca.key", "ca.pem"])
        #expect(try begin().next?.mark != one.next?.mark)
    }

    @Test("A completion that stopped between its two steps is whole for readers, and finished by the next command")
    func interrupted() throws {
        let next = try #require(try begin().next)
        try keys.move("ca-next.key", to: "ca.key")
        let read = try #require(try InterceptionCA.existing(in: keys))
        #expect(read.authority.mark == next.mark && read.next == nil)
        #expect(try rotation.complete().authority.mark == next.mark)
        #expect(try names == ["ca.key", "ca.pem"])
        #expect(try scratch.read("keys/ca.pem") == next.certificatePEM)
    }

    @Test("Half a CA that was to follow is refused with the remedy, and can be given up", arguments: ["ca-next.pem", "ca-next.key"])
    func half(missing: String) throws {
        _ = try begin()
        #expect(try keys.remove(missing))
        let failure = #expect(throws: CommandFailure.self) { try InterceptionCA.existing(in: keys) }
        #expect(failure?.sentence.contains("--abandon") == true)
        try rotation.abandon()
        #expect(try InterceptionCA.existing(in: keys)?.authority.mark == first.authority.mark)
    }

    @Test("A key and a certificate that do not belong together, and a CA for every name, are refused")
    func mixed() throws {
        let other = try InterceptionAuthority.make(organisation: "Acme", permit: ["hubapi.com"], now: SystemWallClock().now())
        try scratch.write("keys/ca.key", other.keyPEM, mode: 0o600)
        let failure = #expect(throws: CommandFailure.self) { try InterceptionCA.existing(in: keys) }
        #expect(failure?.sentence.contains("do not belong together") == true)
    }

    @Test(
        "The end is announced 90 days before", arguments: [(-91, nil), (-90, "ends in 89 days"), (-1, "ends in 0 days"), (1, "has ended")])
    func warning(days: Int64, expected: String?) throws {
        let now = first.authority.notAfter.adding(seconds: days * 86_400 + 1)
        let warning = first.warning(now: now)
        #expect(warning.map { $0.contains(expected ?? "-") } ?? (expected == nil), "\(warning ?? "")")
    }

    @Test("Destinations that the CA may not sign for are warned about, with their vendor's file and the remedy")
    func uncovered() async throws {
        let site = try Installation()
        let file = "\(site.policies)/vendors/mailer.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("https://api.mailer.example", with: "https://api.other.example")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let lint = try Program.waybill(["lint", site.policies, "--config", site.config])
        #expect(lint.status == 0)
        #expect(lint.output.contains("vendors/mailer.yaml:2:9: warning: the interception CA may not sign for `api.other.example`"))
        #expect(lint.output.contains("waybill ca rotate"))
        #expect(try Program.waybill(["lint", site.policies]).output == "0 errors, 0 warnings\n")
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.log().contains { ($0["problem"] as? String)?.contains("api.other.example") == true })
        #expect(try gate.stop() == 0)
        // The CA that is to follow covers it.
        #expect(try site.run("ca", "rotate").status == 0)
        #expect(try site.run("ca", "rotate", "--complete").status == 0)
        #expect(try Program.waybill(["lint", site.policies, "--config", site.config]).output == "0 errors, 0 warnings\n")
    }

    @Test("The commands walk through a rotation while the gate runs, which takes the new CA at once")
    func commands() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        let before = try site.run("ca", "show").output
        #expect(before.components(separatedBy: "BEGIN CERTIFICATE").count == 2)
        let begun = try site.run("ca", "rotate")
        #expect(begun.status == 0 && begun.output.contains("is to follow"), "\(begun.error)")
        let both = try site.run("ca", "show").output
        #expect(both.hasPrefix(before) && both.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
        let completed = try site.run("ca", "rotate", "--complete")
        #expect(completed.status == 0 && completed.output.contains("trust only this one"), "\(completed.error)")
        #expect(try site.run("ca", "show").output == String(both.dropFirst(before.count)))
        try gate.waitUntilLogged("interception CA read")
        let details = try site.run("ca", "show", "--details")
        #expect(details.output.contains("signs for   api.mailer.example"))
        #expect(try gate.stop() == 0)
        #expect(try site.run("ca", "rotate", "--complete").status == 1)
        #expect(try site.run("ca", "rotate", "--complete", "--abandon").status == 2)
    }
}
