import Testing

@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"

@Suite("Closed by default")
struct ClosedByDefaultTests {
    /// The nine request/report pairs of the ODRL formal semantics, told in our words: A a rule for a party, B a rule with a date,
    /// C a rule and a prohibition (C1), and rules by purpose (C2).
    static let pairs: [RuleCase] = [
        RuleCase("A11 the party the rule names"),
        RuleCase("A12 a party no rule names", [.callerNotPermitted, .agreementMissing]) {
            $0.caller = $0.policy.caller(named: "clerk") ?? $0.caller
        },
        RuleCase(
            "B11 within the rule's dates", lines: [F.german, F.consent("given", at: "2026-04-02T00:00:00Z")], now: "2026-04-30T00:00:00Z"),
        RuleCase("B12 after the rule's dates", [.dueDiligenceExpired, .agreementExpired], now: "2027-04-01T00:00:00Z"),
        RuleCase(
            "C11 permitted and prohibited: the prohibition wins", [.consentWithdrawn], lines: [F.german, F.given, stop("newsletter")]),
        RuleCase("C12 permitted, and something else prohibited", lines: [F.german, F.given, stop("events")]),
        RuleCase("C21 the purpose of the rule", purposes: ["newsletter"]),
        RuleCase("C22 a purpose of no rule", [.purposeNotCovered], purposes: ["events"]),
        RuleCase("C23 one of two purposes has a rule", purposes: ["events", "newsletter"]),
    ]
    private static func stop(_ purpose: String) -> String { F.consent("withdrawn", purpose, at: "2026-05-20T00:00:00Z") }

    @Test("nine pairs", arguments: pairs)
    func pair(_ rule: RuleCase) throws {
        let decision = try rule.example.decide()
        #expect(decision.codes == rule.codes)
        #expect(decision.permits == rule.codes.isEmpty)
    }

    @Test(
        "an empty policy permits nothing, on no kind of endpoint", arguments: ["contacts.create", "contacts.optout", "companies", "jobs"])
    func emptyPolicy(_ endpoint: String) throws {
        var input = try DecisionCase(name: endpoint, endpoint: endpoint, present: []).input()
        input.policy = .empty(like: input.policy)
        let decision = Decider.decide(input)
        #expect(decision.outcome == .deny && decision.codes == [.policyUnavailable])
    }

    @Test("a set without agreements loads and permits nothing")
    func noAgreements() throws {
        let edits: [Edit] = [
            .remove(agreement), .remove("callers/clerk.yaml"),
            .write(
                "caller: crm-sync\nowner: a@b.example\ncredentials: [{token_sha256: \(String(repeating: "ab", count: 32))}]\nmay_use: []\n",
                to: "callers/crm-sync.yaml"),
        ]
        #expect(try DecisionCase(name: "no agreements", edits: edits).decide().codes == [.policyUnavailable])
    }

    @Test("a rule of another endpoint, vendor or purpose is out of scope and permits nothing")
    func outOfScope() throws {
        #expect(try DecisionCase(name: "endpoint", endpoint: "other").decide().codes == [.agreementMissing])
        #expect(try DecisionCase(name: "purpose", endpoint: "companies", purposes: ["analytics"]).decide().codes == [.purposeNotCovered])
    }

    @Test(
        "a constraint that nobody evaluates does not load",
        arguments: [
            Edit.replace("regions: [US]", "regions: [US]\nmax_retention_score: 7", in: agreement),
            Edit.replace("retain: {for: P30D", "only_if: weekday\n    retain: {for: P30D", in: agreement),
            Edit.replace(
                "  - {mechanism: uk_addendum", "  - {mechanism: goodwill, signed: 2026-03-20}\n  - {mechanism: uk_addendum", in: agreement),
            Edit.replace("first_name: keep\n      phone", "first_name: scramble\n      phone", in: agreement),
        ])
    func unknownConstraint(_ edit: Edit) throws {
        var files = DecisionFixture.files
        try edit.apply(to: &files)
        #expect(throws: PolicyProblems.self) { try PolicyLoader.load(files: files.mapValues { Array($0.utf8) }) }
    }

    @Test("a basis that is written for no regime that applies permits nothing")
    func noBasis() throws {
        let set = try DecisionCase(name: "no basis").load().with { $0[0].purposes[0].basis = [.us: .optOut] }
        #expect(Decider.decide(try DecisionCase(name: "no basis").input(set)).codes.contains(.purposeNotCovered))
    }

    @Test("under the GDPRs nothing is lawful by default", arguments: [Basis.optOut, .notRequired])
    func noDefault(_ basis: Basis) throws {
        let set = try DecisionCase(name: "default").load().with {
            $0[0].purposes[0].basis = [.gdpr: basis, .ukGDPR: basis, .us: basis, .fadp: basis]
        }
        #expect(Decider.decide(try DecisionCase(name: "default").input(set)).primary == .consentMissing)
    }

    @Test("a contract is no ground for marketing, even if it was never linted")
    func marketingOnContract() throws {
        let set = try DecisionCase(name: "contract").load().with { agreements in
            for regime in Regime.allCases { agreements[0].purposes[0].basis[regime] = .contract }
        }
        #expect(Decider.decide(try DecisionCase(name: "contract").input(set)).primary == .basisSwapForbidden)
    }
}
