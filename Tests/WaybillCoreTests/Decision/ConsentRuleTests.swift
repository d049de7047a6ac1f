import Testing

@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"
private let asController: [Edit] = [
    .replace("role: processor, us_role: service_provider", "role: controller", in: agreement),
    .replace("module: 2", "module: 1", in: agreement),
]
private let may1 = "2026-05-01T00:00:00Z"
private let may9 = "2026-05-09T00:00:00Z"
private let may20 = "2026-05-20T00:00:00Z"
private let open = F.facts(#""countries":["DE"],"preference":3"#)

@Suite("Consent in decisions")
struct ConsentRuleTests {
    static let stops: [RuleCase] = [
        RuleCase("given"),
        RuleCase("renewed", lines: [F.german, F.consent("renewed", at: may1)]),
        RuleCase("a stop for everything", [.consentWithdrawn], lines: [F.german, F.given, F.consent("withdrawn", nil, at: may9)]),
        RuleCase(
            "a stop for everything, then given again",
            lines: [F.german, F.consent("withdrawn", nil, at: may9), F.consent("given", at: may20)]),
        RuleCase(
            "a stop of the parent runs down", [.consentWithdrawn],
            lines: [F.german, F.given, F.consent("withdrawn", "direct_marketing", at: may9)]),
        RuleCase(
            "a stop of the parent, then given again",
            lines: [F.german, F.consent("withdrawn", "direct_marketing", at: may9), F.consent("given", at: may20)]),
        RuleCase("a stop of the child does not run up", lines: [F.german, F.given, F.consent("withdrawn", "event_news", at: may9)]),
        RuleCase("a stop for another purpose", lines: [F.german, F.given, F.consent("withdrawn", "events", at: may9)]),
        RuleCase("a stop for another vendor", lines: [F.german, F.given, F.consent("withdrawn", at: may9, recipients: ["mailchimp"])]),
        RuleCase(
            "a stop for this vendor", [.consentWithdrawn],
            lines: [F.german, F.given, F.consent("withdrawn", at: may9, recipients: ["hubspot"])]),
        RuleCase(
            "a stop for this vendor, then given for another",
            [.consentWithdrawn],
            lines: [
                F.german, F.given, F.consent("withdrawn", at: may9, recipients: ["hubspot"]),
                F.consent("given", at: may20, recipients: ["mailchimp"]),
            ]),
        RuleCase(
            "a stop for this vendor, then given under a notice that names it",
            lines: [F.german, F.consent("withdrawn", at: may9, recipients: ["hubspot"]), F.consent("given", at: may20)]),
        RuleCase(
            "a stop in the future binds at once", [.consentWithdrawn],
            lines: [F.german, F.given, F.consent("withdrawn", at: "2027-01-01T00:00:00Z")]),
        RuleCase(
            "a stop on the day of the grant", [.consentWithdrawn],
            lines: [F.german, F.consent("withdrawn", at: "2026-05-09"), F.consent("given", at: "2026-05-09")]),
        RuleCase(
            "a grant in the future is none yet", [.consentMissing],
            lines: [F.german, F.consent("given", at: "2026-06-01T12:05:00.000000001Z")]),
        RuleCase("a grant within the skew", lines: [F.german, F.consent("given", at: "2026-06-01T12:05:00Z")]),
        RuleCase("a grant before its notice", [.consentUnknown], lines: [F.german, F.consent("given", at: "2025-12-31T23:59:59Z")]),
        RuleCase(
            "a stop of another person in the record", [.consentWithdrawn],
            lines: [F.german, F.given]
        ) { $0.subject.others = [other(.withdrawn)] },
        RuleCase("a grant of another person is not hers", [.consentMissing], lines: [F.german]) { $0.subject.others = [other(.given)] },
        RuleCase(
            "another controller's consent", [.consentScopeMismatch],
            lines: [F.german, F.consent("given", at: may1, more: #","controller":"acme-us""#)]),
        RuleCase("our own, by name", lines: [F.german, F.consent("given", at: may1, more: #","controller":"acme-eu""#)]),
        RuleCase(
            "a stop towards another controller",
            lines: [F.german, F.given, F.consent("withdrawn", at: may9, more: #","controller":"acme-us""#)]),
        RuleCase(
            "one nanosecond before expiry",
            lines: [F.german, F.consent("given", at: may1, more: #","expires":"2026-06-01T12:00:00.000000001Z""#)]),
        RuleCase(
            "at expiry", [.consentExpired], lines: [F.german, F.consent("given", at: may1, more: #","expires":"2026-06-01T12:00:00Z""#)]),
        RuleCase(
            "one nanosecond after expiry", [.consentExpired],
            lines: [F.german, F.consent("given", at: may1, more: #","expires":"2026-06-01T11:59:59.999999999Z""#)]),
    ]

    static let recipients: [RuleCase] = [
        RuleCase("a processor needs no name", lines: [F.german, F.consent("given", at: may1, notice: "n-10")]),
        RuleCase("a controller named in the notice", edits: asController, lines: [F.german, F.given]),
        RuleCase(
            "a controller in a notice that does not name it, though the event does", [.consentRecipientNotNamed], edits: asController,
            lines: [F.german, F.consent("given", at: may1, recipients: ["hubspot"], notice: "n-10")]),
        RuleCase(
            "a controller named by the event, under an unlisted notice", edits: asController,
            lines: [F.german, F.consent("given", at: may1, recipients: ["hubspot"], notice: "paper-3")]),
        RuleCase(
            "a controller not named by the event, under an unlisted notice", [.consentRecipientNotNamed], edits: asController,
            lines: [F.german, F.consent("given", at: may1, notice: "paper-3")]),
        RuleCase(
            "a controller, and the event names another", [.consentRecipientNotNamed], edits: asController,
            lines: [F.german, F.consent("given", at: may1, recipients: ["mailchimp"])]),
    ]

    static let parents: [RuleCase] = [
        RuleCase(
            "all parents consented, the notice lists the child",
            lines: [F.german, F.consent("given", at: may1), F.consent("given", "events", at: may1)], purposes: ["event_news"]),
        RuleCase(
            "one parent only", [.consentScopeMismatch], lines: [F.german, F.consent("given", at: may1)], purposes: ["event_news"]),
        RuleCase(
            "one parent's notice does not list the child", [.consentScopeMismatch],
            lines: [F.german, F.consent("given", at: may1), F.consent("given", "events", at: may1, notice: "n-8")], purposes: ["event_news"]
        ),
        RuleCase(
            "an unlisted notice lists nothing", [.consentScopeMismatch],
            lines: [F.german, F.consent("given", at: may1, notice: "p-1"), F.consent("given", "events", at: may1, notice: "p-1")],
            purposes: ["event_news"]),
        RuleCase(
            "a generic parent", [.consentScopeMismatch],
            lines: [F.german, F.consent("given", "direct_marketing", at: may1, notice: "n-11")],
            purposes: ["broad_news"]),
        RuleCase(
            "the child was refused, the parents given later", [.consentRefused],
            lines: [
                F.german, F.consent("refused", "event_news", at: may1), F.consent("given", at: may9),
                F.consent("given", "events", at: may9),
            ], purposes: ["event_news"]),
        RuleCase(
            "consent to the child is none to the parent", [.consentMissing],
            lines: [F.german, F.consent("given", "event_news", at: may1)]),
    ]

    static let interest: [RuleCase] = [
        RuleCase("legitimate interest without a word", lines: [open], purposes: ["analytics"]),
        RuleCase(
            "refused", [.basisSwapForbidden], lines: [open, F.consent("refused", "analytics", at: may1)], purposes: ["analytics"]),
        RuleCase(
            "withdrawn for everything", [.basisSwapForbidden], lines: [open, F.consent("withdrawn", nil, at: may1)], purposes: ["analytics"]
        ),
        RuleCase(
            "withdrawn, and asked again", [.basisSwapForbidden],
            lines: [open, F.consent("withdrawn", "analytics", at: may1), F.consent("requested", "analytics", at: may9)],
            purposes: ["analytics"]),
        RuleCase(
            "withdrawn, then given",
            lines: [open, F.consent("withdrawn", "analytics", at: may1), F.consent("given", "analytics", at: may9, notice: nil)],
            purposes: ["analytics"]),
        RuleCase("refused for something else", lines: [open, F.consent("refused", at: may1)], purposes: ["analytics"]),
        RuleCase(
            "refused, and the other purpose is consented: only the consented one goes",
            lines: [open, F.given, F.consent("refused", "analytics", at: may1)], purposes: ["newsletter", "analytics"]),
    ]

    static let objections: [RuleCase] = [
        RuleCase("a contract has no look-up", lines: [F.german, F.consent("withdrawn", nil, at: may9)], purposes: ["support"]),
        RuleCase("a contract goes on after an objection", lines: [objecting("all")], purposes: ["support"]),
        RuleCase("the law passes an objection", lines: [objecting("all")], purposes: ["billing"]),
        RuleCase("the law passes erasure", lines: [F.german], purposes: ["billing"]) { $0.subject.entry?.profile.erased = true },
        RuleCase(
            "the law does not pass a restriction", [.processingRestricted], lines: [F.facts(#""countries":["DE"],"restricted":true"#)],
            purposes: ["billing"]),
        RuleCase("erased for a contract", [.subjectErased], lines: [F.german], purposes: ["support"]) {
            $0.subject.entry?.profile.erased = true
        },
        RuleCase("erasure lifted for this purpose", lines: [F.german], purposes: ["support"]) {
            $0.subject.entry?.profile.erased = true
            $0.subject.entry?.profile.erasureLiftedFor = ["support"]
        },
        RuleCase("erasure lifted for another", [.subjectErased], lines: [F.german], purposes: ["support"]) {
            $0.subject.entry?.profile.erased = true
            $0.subject.entry?.profile.erasureLiftedFor = ["newsletter"]
        },
        RuleCase("somebody else in the record is erased", [.subjectErased], lines: [F.german], purposes: ["support"]) {
            var entry = other(.given)
            entry.profile.erased = true
            $0.subject.others = [entry]
        },
        RuleCase(
            "compelling grounds",
            edits: [.replace("{assessment: lia-12}", "{assessment: lia-12, compelling_grounds: cg-1}", in: agreement)],
            lines: [objecting("all", more: #","preference":3"#)], purposes: ["analytics"]),
        RuleCase(
            "compelling grounds do not reach marketing", [.directMarketingObjection],
            edits: [.replace("{assessment: lia-13}", "{assessment: lia-13, compelling_grounds: cg-1}", in: agreement)],
            lines: [objecting("all")], purposes: ["outreach"]),
        RuleCase(
            "a marketing objection leaves other purposes", lines: [objecting("direct_marketing", more: #","preference":3"#)],
            purposes: ["analytics"]),
        RuleCase(
            "a marketing objection stops interest", [.directMarketingObjection], lines: [objecting("direct_marketing")],
            purposes: ["outreach"]),
        RuleCase("given later for exactly that purpose", lines: [objecting("direct_marketing"), F.consent("given", at: may20)]),
        RuleCase(
            "given at the same instant", [.directMarketingObjection], lines: [objecting("direct_marketing"), F.consent("given", at: may9)]),
        RuleCase(
            "given later for another purpose", [.directMarketingObjection],
            lines: [objecting("direct_marketing"), F.given, F.consent("given", "events", at: may20)]),
        RuleCase(
            "an objection to profiling", [.objectionActive], lines: [objecting("profiling", more: #","preference":3"#)],
            purposes: ["analytics"]),
        RuleCase("an objection to profiling leaves level 1", lines: [objecting("profiling"), F.given]),
        RuleCase(
            "a GPC signal outside the US stops marketing on interest", [.gpcOptOut],
            lines: [F.facts(#""countries":["DE"],"signals":[{"gpc":true,"at":"2026-05-01T00:00:00Z"}]"#)], purposes: ["outreach"]),
        RuleCase(
            "and not marketing on consent",
            lines: [F.facts(#""countries":["DE"],"signals":[{"gpc":true,"at":"2026-05-01T00:00:00Z"}]"#), F.given]),
    ]

    private static func objecting(_ scope: String, more: String = "") -> String {
        F.facts(#""countries":["DE"],"objections":[{"scope":"\#(scope)","at":"2026-05-09T00:00:00Z"}]"# + more)
    }

    @Sendable private static func other(_ state: ConsentEvent.State) -> SubjectEntry {
        SubjectEntry(
            number: 77, salt: InlineArray(repeating: 0),
            profile: SubjectProfile(consents: [
                ConsentStanding(
                    purpose: "newsletter", recipient: nil, state: state, notice: "n-7", hasProof: true, recency: state.isStop ? 1 : 0)
            ]), profileNumber: 9, born: nil)
    }

    @Test("stops and grants", arguments: stops)
    func judgeStops(_ rule: RuleCase) throws { try rule.check() }

    @Test("who must be named", arguments: recipients)
    func judgeRecipients(_ rule: RuleCase) throws { try rule.check() }

    @Test("parents of a purpose", arguments: parents)
    func judgeParents(_ rule: RuleCase) throws { try rule.check() }

    @Test("legitimate interest never takes the place of a refused consent", arguments: interest)
    func judgeInterest(_ rule: RuleCase) throws {
        // What the agreement does to fields is not the question here.
        let decision = try rule.example.decide()
        #expect(decision.codes.filter { !$0.isFieldLevel } == rule.codes)
        #expect(decision.permits == rule.codes.isEmpty)
        if rule.example.purposes.count == 2 { #expect(decision.applied.count == 1) }
    }

    @Test("objections, restriction, erasure, by basis", arguments: objections)
    func judgeObjections(_ rule: RuleCase) throws { try rule.check() }

    @Test("vital interest always waits for a person")
    func vitalInterest() throws {
        let rescue = DecisionCase(name: "rescue", purposes: ["rescue"])
        let loaded = try rescue.load()
        // The loader refuses such a basis as long as holds are not built.
        let purpose = try #require(loaded.purpose(named: "rescue"))
        let set = loaded.with { agreements in
            for i in agreements.indices {
                for j in agreements[i].purposes.indices where agreements[i].purposes[j].purpose == purpose {
                    agreements[i].purposes[j].basis = agreements[i].purposes[j].basis.mapValues { _ in .vitalInterest }
                }
            }
        }
        let decision = Decider.decide(try rescue.input(set))
        #expect(decision.outcome == .hold && decision.codes.isEmpty && !decision.permits)
        let both = Decider.decide(try DecisionCase(name: "both", purposes: ["newsletter", "rescue"]).input(set))
        #expect(both.outcome == .hold)
    }

    @Test("a consent about to end warns")
    func expiring() throws {
        let soon = F.consent("given", at: may1, more: #","expires":"2026-06-20T00:00:00Z""#)
        #expect(try DecisionCase(name: "soon", lines: [F.german, soon]).decide().warnings.contains(.consentExpiring))
        #expect(try !DecisionCase(name: "never").decide().warnings.contains(.consentExpiring))
    }
}
