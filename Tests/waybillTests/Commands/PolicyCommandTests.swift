import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import waybill

@Suite("lint, test and decide")
struct PolicyCommandTests {
    private static let consent = #"""
        {"subject":"email:anna@example.com","purpose":"newsletter","state":"given","recipients":["mailer"],\#
        "event_time":"2026-01-01T00:00:00Z","proof":"web-form"}
        """#
    private static let anna = #"{"email":"anna@example.com","first_name":"Anna","phone":"+4930123456"}"#

    private func decide(_ site: Installation, consents: String?, _ more: [String] = [], body: String = anna) throws -> (
        Program.Ending, [String: Any]
    ) {
        var arguments = [
            "decide", "--policies", site.policies, "--caller", "crm", "--method", "POST", "--url", "https://api.mailer.example/v1/contacts",
            "--subjects", try site.scratch.write("subjects", #"{"ids":["email:anna@example.com"],"countries":["DE"]}"#), "--body", "-",
        ]
        if let consents { arguments += ["--consents", try site.scratch.write("consents", consents)] }
        let ending = try Program.waybill(arguments + more, input: body)
        let object = ending.output.isEmpty ? [:] : try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
        return (ending, object ?? [:])
    }

    @Test("A permitted contact: what would leave, what stays, and every check")
    func permitted() throws {
        let (ending, object) = try decide(try Installation(), consents: Self.consent)
        #expect(ending.status == 0, "\(ending.output)\(ending.error)")
        #expect(object["decision"] as? String == "allow_redacted")
        let records = try #require(object["records"] as? [[String: Any]])
        #expect(records.count == 1 && records[0]["dropped"] as? [String] == ["phone"])
        let body = try #require((object["body_base64"] as? String).flatMap { Data(base64Encoded: $0) })
        #expect(String(decoding: body, as: UTF8.self) == #"{"email":"anna@example.com","first_name":"Anna"}"#)
        let explain = try #require(object["explain"] as? [[String: Any]])
        #expect((explain[0]["checks"] as? [[String: Any]])?.isEmpty == false)
    }

    @Test("Without consent the exit code is 6 and there is no body")
    func denied() throws {
        let (ending, object) = try decide(try Installation(), consents: nil)
        #expect(ending.status == 6)
        #expect(object["decision"] as? String == "deny" && object["primary"] as? String == "consent_missing")
        #expect(object["body_base64"] is NSNull)
    }

    @Test("The moment decides: before the consent was given nothing leaves")
    func moment() throws {
        let site = try Installation()
        let today = SystemWallClock().now().day
        let given = Self.consent.replacing("2026-01-01", with: today.iso8601)
        #expect(try decide(site, consents: given, ["--at", "\(today.iso8601)T12:00:00Z"]).0.status == 0)
        #expect(try decide(site, consents: given, ["--at", "2020-01-01T00:00:00Z"]).0.status == 6)
    }

    @Test("Mistakes in what is asked end with a sentence that names no value")
    func mistakes() throws {
        let site = try Installation()
        let badLine = try decide(site, consents: #"{"subject":"email:secret@example.com","state":"maybe"}"#).0
        #expect(badLine.status == 1 && badLine.error.contains("line 1") && !badLine.error.contains("secret@example.com"))
        let caller = try Program.waybill(["decide", "--policies", site.policies, "--caller", "x", "--url", "https://api.mailer.example/"])
        #expect(caller.status == 1 && caller.error.contains("name one of crm"))
        let url = try Program.waybill(["decide", "--policies", site.policies, "--caller", "crm", "--url", "https://evil.example/"])
        #expect(url.status == 1 && url.error.contains("https://api.mailer.example"))
        #expect(try decide(site, consents: nil, ["--at", "yesterday"]).0.status == 2)
    }

    @Test("A broken set: 3, with file, line and column, for every command that needs it")
    func broken() throws {
        let site = try Installation()
        let path = "site/policies/vendors/mailer.yaml"
        try site.scratch.write(path, try site.scratch.read(path) + "colour: blue\n")
        let line = try site.scratch.read(path).split(separator: "\n", omittingEmptySubsequences: false).count - 1
        let place = "\(site.policies)/vendors/mailer.yaml:\(line):1: "
        let lint = try Program.waybill(["lint", site.policies])
        #expect(lint.status == 3 && lint.output.contains(place), "\(lint.output)")
        for arguments in [
            ["test", site.policies], ["decide", "--policies", site.policies, "--caller", "crm", "--url", "https://a.example/"],
        ] {
            let ending = try Program.waybill(arguments)
            #expect(ending.status == 3 && ending.error.contains(place), "\(ending.error)")
        }
        let check = try site.run("serve", "--check")
        #expect(check.status == 3 && check.error.contains(place))
        let json = try Program.waybill(["lint", site.policies, "--output", "json"])
        let problems = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(problems.first?["line"] as? Int == line && problems.first?["severity"] as? String == "error")
        #expect(problems.first?["remedy"] as? String != "")
    }

    @Test("A policy test that fails: 4, with its place and the difference")
    func failingTest() throws {
        let site = try Installation()
        let path = "site/policies/tests/mailer-newsletter.yaml"
        try site.scratch.write(path, try site.scratch.read(path).replacing("dropped: [phone]", with: "dropped: [fax]"))
        let ending = try Program.waybill(["test", site.policies])
        #expect(ending.status == 4)
        #expect(ending.output.contains("tests/mailer-newsletter.yaml:") && ending.output.hasSuffix("1 passed, 1 failed\n"))
        #expect(ending.output.contains("fax") && ending.output.contains("phone"))
    }
}
