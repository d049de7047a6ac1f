import Testing

@testable import WaybillCore

private typealias F = DecisionFixture

@Suite("Explanation")
struct ExplanationTests {
    @Test("every check in order, with its inputs and the line that says so")
    func checks() throws {
        let explanation = Explanation(of: try DecisionCase(name: "base", present: ["email", "first_name", "crm_id"]).input())
        #expect(explanation.decision == "allow_redacted")
        #expect(explanation.applied == ["hubspot@3: newsletter"])
        #expect(explanation.checks.map { $0.step } == explanation.checks.map { $0.step }.sorted())
        #expect(Set(explanation.checks.map { $0.step }) == Set(0...11))
        #expect(explanation.checks.allSatisfy { $0.result == "passed" })
        let agreement = try #require(explanation.checks.first { $0.step == 2 })
        #expect(agreement.inputs["agreement"] == "hubspot@3")
        #expect(agreement.at == "agreements/hubspot.yaml:1:12")
        let consent = try #require(explanation.checks.first { $0.step == 5 })
        #expect(consent.inputs == ["basis": "gdpr: consent", "consent": "given, notice n-7"])
        let transfer = try #require(explanation.checks.last { $0.step == 8 })
        #expect(transfer.inputs["mechanism"] == "gdpr to US: adequacy:EU-US-DPF")
    }

    @Test("per field what was done, and which line said so")
    func fields() throws {
        let input = try DecisionCase(name: "fields", present: ["email", "phone", "crm_id"]).input()
        let lines = Explanation(of: input).fields
        #expect(lines.map { $0.field } == ["email", "phone", "crm_id"])
        #expect(lines.map { $0.action } == ["sent", "changed", "dropped"])
        #expect(lines.map { $0.code } == [nil, nil, "field_not_agreed"])
        #expect(lines[1].operation == "mask {keep_last: 2}")
        let text = try #require(F.files["agreements/hubspot.yaml"]).split(separator: "\n", omittingEmptySubsequences: false)
        for (line, needle) in zip(lines, ["email: keep", "phone:", "id: newsletter"]) {
            let at = try #require(line.at).split(separator: ":")
            #expect(at[0] == "agreements/hubspot.yaml")
            #expect(text[try #require(Int(at[1])) - 1].contains(needle))
        }
    }

    @Test("a refusal names every failing check")
    func refusal() throws {
        let input = try DecisionCase(
            name: "refusal", lines: [F.facts(#""countries":["DE"],"restricted":true"#)], present: ["email"]
        ) { $0.standing.vendorsSuspended = ["hubspot"] }.input()
        let explanation = Explanation(of: input)
        #expect(explanation.primary == "vendor_suspended")
        #expect(explanation.codes == ["vendor_suspended", "processing_restricted", "consent_missing"])
        #expect(explanation.checks.map { $0.result }.filter { $0 != "passed" } == explanation.codes)
        #expect(explanation.fields.allSatisfy { $0.action == "dropped" })
    }

    @Test("what cannot be decided ends with the check that failed")
    func undecided() throws {
        let input = try DecisionCase(name: "undecided") { $0.subject.storeAvailable = false }.input()
        #expect(Explanation(of: input).checks.map { $0.result } == ["consent_store_unavailable"])
    }

    @Test("no personal data: nothing of the subject's lines but states, notices and levels")
    func nothingPersonal() throws {
        let lines = [
            F.facts(#""countries":["AT"],"born":"1984-03-07","preference":3"#),
            F.consent("given", at: "2026-05-01T00:00:00Z", more: #","explicit":true"#),
        ]
        let explanation = Explanation(of: try DecisionCase(name: "personal", lines: lines, purposes: ["newsletter", "analytics"]).input())
        let said = explanation.checks.flatMap { $0.inputs.values } + explanation.fields.compactMap { $0.operation }
        for secret in ["anna", "example.com", "1984", "03-07", "AT", "42"] {
            #expect(!said.contains { $0.contains(secret) }, "\(secret)")
        }
    }
}
