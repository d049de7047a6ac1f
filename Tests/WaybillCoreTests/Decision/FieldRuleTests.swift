import Testing

@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"

@Suite("Fields in decisions")
struct FieldRuleTests {
    struct Sent: Sendable, CustomTestStringConvertible {
        var example: DecisionCase
        /// By field: the operator's summary, or the code for which it stays behind.
        var fields: [String: String]
        var outcome = Outcome.allowRedacted
        var testDescription: String { example.name }
    }

    private static let all = ["email", "first_name", "crm_id", "national_id", "health", "notes", "company"]
    private static let reporting = Edit.replace("regions: [US]\n", "regions: [US]\nmode: {report: {until: 2026-04-30}}\n", in: agreement)
    private static let early = [F.german, F.consent("given", at: "2026-04-02T00:00:00Z")]
    private static let sensitive = Edit.replace(
        "      company: keep\n    required: [email]", "      health: keep\n    basis_evidence: {art9: \"9(2)(a)\"}\n    required: [email]",
        in: agreement)

    static let cases: [Sent] = [
        Sent(
            example: DecisionCase(name: "what is not listed stays", present: all),
            fields: [
                "email": "keep", "first_name": "keep", "company": "keep", "crm_id": "field_not_agreed", "national_id": "field_not_agreed",
                "health": "field_not_agreed", "notes": "field_not_agreed",
            ]),
        Sent(
            example: DecisionCase(name: "a field stopped everywhere stays") { $0.standing.fieldsSuspended = ["first_name"] },
            fields: ["email": "keep", "first_name": "field_suspended"]),
        Sent(
            example: DecisionCase(name: "a field stopped for this vendor stays") {
                $0.standing.vendorFieldsSuspended = ["hubspot": ["first_name"]]
            }, fields: ["email": "keep", "first_name": "field_suspended"]),
        Sent(
            example: DecisionCase(name: "a field stopped for another vendor goes") {
                $0.standing.vendorFieldsSuspended = ["other": ["first_name"]]
            }, fields: ["email": "keep", "first_name": "keep"], outcome: .allow),
        Sent(
            example: DecisionCase(name: "all kept is allow", present: ["email", "first_name"]),
            fields: ["email": "keep", "first_name": "keep"],
            outcome: .allow),
        Sent(
            example: DecisionCase(name: "on a contract only what is necessary", purposes: ["support"], present: ["email", "first_name"]),
            fields: ["email": "keep", "first_name": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "two purposes: the union, the narrower operator where both name a field",
                lines: [F.facts(#""countries":["DE"],"preference":3"#), F.given], purposes: ["newsletter", "analytics"],
                present: ["email", "first_name", "crm_id", "notes"]),
            fields: ["email": "hash", "first_name": "keep", "crm_id": "keep", "notes": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "the same two in the other order", lines: [F.facts(#""countries":["DE"],"preference":3"#), F.given],
                purposes: ["analytics", "newsletter"], present: ["email", "first_name", "crm_id", "notes"]),
            fields: ["email": "hash", "first_name": "keep", "crm_id": "keep", "notes": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "a purpose that is denied adds nothing", purposes: ["newsletter", "analytics"],
                present: ["email", "first_name", "crm_id"]),
            fields: ["email": "keep", "first_name": "keep", "crm_id": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "a special category without explicit consent stays", edits: [sensitive], present: ["email", "health"]),
            fields: ["email": "keep", "health": "consent_not_explicit"]),
        Sent(
            example: DecisionCase(
                name: "and goes with one", edits: [sensitive],
                lines: [F.german, F.consent("given", at: "2026-05-01T00:00:00Z", more: #","explicit":true"#)],
                present: ["email", "health"]),
            fields: ["email": "keep", "health": "keep"], outcome: .allow),
        Sent(
            example: DecisionCase(
                name: "or with another condition", edits: [sensitive, .replace("9(2)(a)", "9(2)(h)", in: agreement)],
                present: ["email", "health"]),
            fields: ["email": "keep", "health": "keep"], outcome: .allow),
        Sent(
            example: DecisionCase(
                name: "a document of one's own is no other condition", edits: [sensitive, .replace("9(2)(a)", "dpia-7", in: agreement)],
                present: ["email", "health"]),
            fields: ["email": "keep", "health": "consent_not_explicit"]),
        Sent(
            example: DecisionCase(
                name: "free text that is hashed holds no text", edits: [.replace("company: keep\n", "notes: hash\n", in: agreement)],
                present: ["email", "notes"]),
            fields: ["email": "keep", "notes": "hash"]),
        Sent(
            example: DecisionCase(
                name: "free text that is cut short is still text",
                edits: [.replace("company: keep\n", "notes: {truncate: 10}\n", in: agreement)], present: ["email", "notes"]),
            fields: ["email": "keep", "notes": "free_text_unscanned"]),
        Sent(
            example: DecisionCase(
                name: "report mode lets unlisted fields go, and nothing else", edits: [reporting], lines: early, present: all,
                now: "2026-04-29T00:00:00Z"),
            fields: [
                "email": "keep", "first_name": "keep", "company": "keep", "crm_id": "keep", "national_id": "keep",
                "health": "special_category_condition_missing", "notes": "free_text_unscanned",
            ]),
        Sent(
            example: DecisionCase(
                name: "report mode is over", edits: [reporting], lines: early, present: ["email", "crm_id"], now: "2026-04-30T00:00:00Z"),
            fields: ["email": "keep", "crm_id": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "an organisation's record carries entity fields only", lines: [], endpoint: "companies",
                present: ["company", "email"]),
            fields: ["company": "keep", "email": "field_not_agreed"]),
        Sent(
            example: DecisionCase(name: "a control call carries none", lines: [], endpoint: "jobs", present: ["company", "email"]),
            fields: ["company": "field_not_agreed", "email": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "suppression carries its own members", lines: [], endpoint: "contacts.optout", present: ["email", "first_name"]),
            fields: ["email": "keep", "first_name": "field_not_agreed"]),
        Sent(
            example: DecisionCase(
                name: "rectification carries what was agreed", lines: [], endpoint: "contacts.rectify",
                present: ["email", "first_name", "crm_id", "national_id"]),
            fields: ["email": "hash", "first_name": "keep", "crm_id": "keep", "national_id": "field_not_agreed"]),
    ]

    @Test("what is sent of a record", arguments: cases)
    func sent(_ expected: Sent) throws {
        let input = try expected.example.input()
        let decision = Decider.decide(input)
        var fields: [String: String] = [:]
        for id in input.subject.present {
            switch decision.plan[id] {
            case .drop(let code): fields[input.policy[id].name] = code.rawValue
            case .apply(let operation): fields[input.policy[id].name] = input.policy[operation].summary
            }
        }
        #expect(fields == expected.fields)
        #expect(decision.outcome == expected.outcome)
        let dropped = Set(expected.fields.values.compactMap { ReasonCode(rawValue: $0) })
        #expect(Set(decision.codes) == dropped)
    }

    @Test("fields that are not in the record are in the plan, and are never looser")
    func wholePlan() throws {
        let input = try DecisionCase(name: "plan", edits: [Self.sensitive], present: ["email"]).input()
        let plan = Decider.decide(input).plan
        #expect(plan.actions.count == input.policy.fields.count)
        let health = try #require(input.policy.fields.firstIndex { $0.name == "health" })
        #expect(plan[FieldID(health)] == .drop(.specialCategoryConditionMissing))
    }

    @Test("a denied record sends nothing")
    func denied() throws {
        let input = try DecisionCase(name: "denied", lines: [F.german], present: ["email"]).input()
        let decision = Decider.decide(input)
        #expect(decision.plan.actions.allSatisfy { if case .drop = $0 { true } else { false } })
        #expect(decision.applied.isEmpty)
    }

    @Test("report mode is visible in the decision")
    func reportWarning() throws {
        let decision = try DecisionCase(name: "report", edits: [Self.reporting], lines: Self.early, now: "2026-04-29T00:00:00Z").decide()
        #expect(decision.warnings == [.reportMode])
    }

    static let rights: [RuleCase] = [
        RuleCase(
            "a person who said stop", lines: [F.facts(#""restricted":true"#), F.consent("withdrawn", nil, at: "2026-05-01T00:00:00Z")],
            endpoint: "contacts.optout"),
        RuleCase("a breach hold", lines: [], endpoint: "contacts.optout") { $0.standing.vendorsOnBreachHold = ["hubspot"] },
        RuleCase("an agreement that has ended", lines: [], endpoint: "contacts.optout", now: "2027-04-02T00:00:00Z"),
        RuleCase("a vendor that is suspended", [.vendorSuspended], lines: [], endpoint: "contacts.optout") {
            $0.standing.vendorsSuspended = ["hubspot"]
        },
        RuleCase("a destination that is not the vendor's", [.destinationNotRegistered], lines: [], endpoint: "contacts.optout") {
            $0.destination.port = 1
        },
        RuleCase("nobody in particular", [.subjectUnresolved], lines: [], endpoint: "contacts.optout") { $0.subject.resolved = false },
        RuleCase("a log that is closed", [.logUnavailable], lines: [], endpoint: "contacts.optout") { $0.standing.logAvailable = false },
    ]

    @Test("rights requests reach the vendor where nothing else may", arguments: rights)
    func judgeRights(_ rule: RuleCase) throws { try rule.check() }

    @Test("a rights request without a mechanism warns")
    func rightsMechanism() throws {
        let edits: [Edit] = [
            .replace("until: 2027-09-01", "until: 2026-05-01", in: "vendors/hubspot.yaml"),
            .replace("assessment: tia-118", "assessment: tia-118, until: 2026-05-01", in: agreement),
        ]
        let decision = try DecisionCase(name: "rights", edits: edits, lines: [], endpoint: "contacts.optout", present: ["email"]).decide()
        #expect(decision.outcome == .allow && decision.warnings == [.mechanismAtRisk])
    }

    static let impersonal: [RuleCase] = [
        RuleCase("no subject, no country, no consent", lines: [], endpoint: "companies", present: ["company"]),
        RuleCase("a control call", lines: [], endpoint: "jobs", present: []),
        RuleCase("the agreement still binds", [.agreementSuspended], lines: [], endpoint: "companies", present: ["company"]) {
            $0.standing.agreements = ["hubspot@3": .suspended]
        },
        RuleCase("and the purpose", [.purposeNotCovered], lines: [], endpoint: "jobs", purposes: ["support"], present: []),
        RuleCase(
            "and the region", [.regionNotAgreed], edits: [.replace("regions: [US]", "regions: [US-CA]", in: agreement)], lines: [],
            endpoint: "jobs", present: []),
        RuleCase("and the breach hold", [.vendorBreachHold], lines: [], endpoint: "jobs", present: []) {
            $0.standing.vendorsOnBreachHold = ["hubspot"]
        },
    ]

    @Test("records about no person", arguments: impersonal)
    func judgeImpersonal(_ rule: RuleCase) throws { try rule.check() }

    static let ceilings: [RuleCase] = [
        RuleCase(
            "interest at level 2, nothing said: 0", [.personalizationLevelExceeded], lines: [F.german], purposes: ["analytics"], present: []
        ),
        RuleCase(
            "raised by a consent, to its level", [.personalizationLevelExceeded], lines: [F.german, F.given], purposes: ["analytics"],
            present: []),
        RuleCase(
            "an explicit ceiling above", lines: [F.facts(#""countries":["DE"],"preference":2"#)], purposes: ["analytics"], present: []),
        RuleCase(
            "an explicit ceiling below wins over consent", [.personalizationLevelExceeded],
            lines: [F.facts(#""countries":["DE"],"preference":0"#), F.given]),
        RuleCase("level 0 is below every ceiling", lines: [F.facts(#""countries":["DE"],"preference":0"#)], purposes: ["support"]),
        RuleCase("opt-out law sets none", edits: ReasonTable.american, lines: [F.facts(#""countries":["US-CA"]"#)]),
    ]

    @Test("personalization is a ceiling", arguments: ceilings)
    func judgeCeilings(_ rule: RuleCase) throws { try rule.check() }
}
