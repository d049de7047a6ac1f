import Synchronization
import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillControl

@Suite("Forms for new documents")
struct DraftTextTests {
    private static let fields: [PolicyDocumentName.Kind: [String: [String]]] = [
        .agreement: [
            "vendor": ["hubspot"], "role": ["processor"], "owner": ["privacy@acme.example"], "from": ["2026-06-01"], "until": [""],
            "review": ["2027-06-01"], "purpose": ["newsletter"], "basis": ["consent"], "endpoints": ["contacts.create"],
            "fields": ["email"], "regions": ["US"], "mechanism": ["dpf"], "terms": [#"DPA, "Annex" 4"#],
        ],
        .vendor: [
            "legal_name": ["Nova \"\u{301}Mail\" Inc."], "established_in": ["US-MA"], "url": ["https://api.nova.example"], "region": ["US"],
            "privacy": ["privacy@nova.example"], "request": ["POST /contacts"], "subject": ["email"],
            "members": ["email: email\n name : first_name"],
        ],
        .caller: [
            "owner": ["crm@acme.example"], "token_sha256": [String(repeating: "0a", count: 32)], "agreement": ["hubspot-newsletter"],
            "purpose": ["newsletter"],
        ],
    ]

    private func text(_ kind: PolicyDocumentName.Kind, _ changes: [String: String?] = [:]) throws -> String {
        var call = ConsoleCall(principal: nil, now: Timestamp(seconds: 1_780_000_000))
        call.fields = Self.fields[kind] ?? [:]
        for (name, value) in changes { call.fields[name] = value.map { [$0] } }
        return try DraftText(call: call, set: DeskFixture().set.withLock { $0 }).text(kind, "nova")
    }

    @Test("What the form makes is a document that lint takes", arguments: PolicyDocumentName.Kind.allCases)
    func whole(_ kind: PolicyDocumentName.Kind) async throws {
        let fixture = try DeskFixture()
        let name = PolicyDocumentName(kind, "nova")
        let desk = fixture.desk()
        _ = try await desk.draft(name, text: Array(try text(kind).utf8), tag: nil, by: "anna")
        let problems = try await desk.show(name).problems.filter(\.isError)
        // A second agreement for what another one covers already is the one thing that it may find.
        #expect(problems.allSatisfy { $0.code == "ambiguous_agreement" || $0.code == "agreements_overlap" }, "\(problems)")
    }

    @Test(
        "What is missing or cannot be read is said at its field",
        arguments: [
            (.agreement, ["vendor": "nobody"], "vendor"), (.agreement, ["owner": nil], "owner"), (.agreement, ["from": "soon"], "from"),
            (.agreement, ["until": "2026-06-01"], "until"), (.agreement, ["review": "31.12.2026"], "review"),
            (.agreement, ["purpose": "direct_marketing"], "purpose"), (.agreement, ["basis": nil], "basis"),
            (.agreement, ["basis": "legitimate_interest"], "evidence"), (.agreement, ["basis": "legal_obligation"], "evidence"),
            (.agreement, ["endpoints": "a]b"], "endpoints"), (.agreement, ["fields": nil], "fields"),
            (.agreement, ["fields": "nothing"], "fields"),
            (.agreement, ["regions": "USA"], "regions"), (.agreement, ["mechanism": "scc2"], "assessment"),
            (.agreement, ["terms": nil], "terms"),
            (.agreement, ["role": "joint_controller", "terms": nil], "terms"), (.vendor, ["legal_name": nil], "legal_name"),
            (.vendor, ["established_in": "Ireland"], "established_in"), (.vendor, ["members": "email"], "members"),
            (.vendor, ["members": "email: e_mail"], "members"), (.vendor, ["members": " \n"], "members"), (.vendor, ["url": nil], "url"),
            (.caller, ["token_sha256": "secret"], "token_sha256"), (.caller, ["agreement": "other"], "agreement"),
            (.caller, ["purpose": nil], "purpose"),
        ] as [(PolicyDocumentName.Kind, [String: String?], String)])
    func problems(_ kind: PolicyDocumentName.Kind, _ changes: [String: String?], _ field: String) {
        let problem = #expect(throws: FormProblem.self) { try text(kind, changes) }
        #expect(problem?.field == field)
    }

    @Test("A controller's agreement needs no terms, and none are written")
    func withoutTerms() throws {
        #expect(try !text(.agreement, ["role": "controller", "terms": nil]).contains("terms:"))
        #expect(try text(.agreement).contains(#"art28.3: {all: "DPA, \"Annex\" 4"}"#))
    }
}
