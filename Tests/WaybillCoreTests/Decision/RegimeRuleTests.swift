import Testing

@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"
private let organisation = "organisation.yaml"

@Suite("Regimes in decisions")
struct RegimeRuleTests {
    struct Applying: Sendable, CustomTestStringConvertible {
        var established: String
        var inScope: String = "ccpa"
        var assumed: String = "gdpr, us"
        /// Of the subject; empty: unknown.
        var countries: [String]
        var regimes: [Regime]
        var testDescription: String { "\(established), \(countries), in scope [\(inScope)], assumed [\(assumed)]" }
    }

    static let applying: [Applying] = [
        Applying(established: "DE", countries: ["DE"], regimes: [.gdpr]),
        Applying(established: "DE", countries: ["US-CA"], regimes: [.gdpr, .us]),
        Applying(established: "DE", countries: ["US-TX"], regimes: [.gdpr]),
        Applying(established: "DE", countries: ["US"], regimes: [.gdpr, .us]),
        Applying(established: "DE", countries: ["GB"], regimes: [.gdpr, .ukGDPR]),
        Applying(established: "DE", countries: ["CH"], regimes: [.gdpr, .fadp]),
        Applying(established: "DE", countries: ["BR"], regimes: [.gdpr]),
        Applying(established: "NO", countries: ["BR"], regimes: [.gdpr]),
        Applying(established: "GB", countries: ["FR"], regimes: [.gdpr, .ukGDPR]),
        Applying(established: "CH", countries: ["GB", "FR"], regimes: [.gdpr, .ukGDPR, .fadp]),
        Applying(established: "US", countries: ["FR"], regimes: [.gdpr]),
        Applying(established: "US", inScope: "ccpa, vcdpa", countries: ["US-VA"], regimes: [.us]),
        // Unknown: everything assumed, and what establishment brings.
        Applying(established: "DE", countries: [], regimes: [.gdpr, .us]),
        Applying(established: "GB", assumed: "us", countries: [], regimes: [.ukGDPR, .us]),
        Applying(established: "DE", assumed: "", countries: [], regimes: []),
        // Known, but no regime we know: as if unknown.
        Applying(established: "US", assumed: "gdpr", countries: ["BR"], regimes: [.gdpr]),
        Applying(established: "US", assumed: "", countries: ["BR"], regimes: []),
        Applying(established: "US", assumed: "us", countries: ["US-TX"], regimes: [.us]),
    ]

    @Test("which regimes apply", arguments: applying)
    func regimes(_ expected: Applying) throws {
        let edits: [Edit] = [
            .replace("established_in: DE", "established_in: \(expected.established)", in: organisation),
            .replace("in_scope: [ccpa]", "in_scope: [\(expected.inScope)]", in: organisation),
            .replace("assume: {regimes: [gdpr, us]}", "assume: {regimes: [\(expected.assumed)]}", in: organisation),
        ]
        let countries = expected.countries.map { #""\#($0)""# }.joined(separator: ",")
        let lines = expected.countries.isEmpty ? [F.given] : [F.facts(#""countries":[\#(countries)]"#), F.given]
        let input = try DecisionCase(name: "regimes", edits: edits, lines: lines).input()
        var context = StepContext(input, trace: nil)
        JurisdictionStep.check(input, &context)
        #expect(context.regimes.list == (expected.regimes.isEmpty ? context.regimes.list : expected.regimes))
        #expect(context.failures == (expected.regimes.isEmpty ? [.jurisdictionUnknown] : []))
    }

    @Test("the record's own country counts where no fact is known, and only there")
    func countryInRecord() throws {
        let british: @Sendable (inout DecisionInput) -> Void = { $0.subject.countryInRecord = Region("GB") }
        #expect(try DecisionCase(name: "record", lines: [F.given], adjust: british).decide().regimes == [.gdpr, .ukGDPR])
        #expect(try DecisionCase(name: "facts first", adjust: british).decide().regimes == [.gdpr])
    }

    static let children: [RuleCase] = [
        RuleCase("sixteen today in Germany", lines: [born("2010-06-01"), F.given]),
        RuleCase("sixteen tomorrow", [.parentalConsentMissing], lines: [born("2010-06-02"), F.given]),
        RuleCase("fourteen in Austria", lines: [born("2012-06-01", "AT"), F.given]),
        RuleCase("thirteen in Austria", [.parentalConsentMissing], lines: [born("2012-06-02", "AT"), F.given]),
        RuleCase("fourteen, at home in Austria and Germany", [.parentalConsentMissing], lines: [born("2012-01-01", #"AT","DE"#), F.given]),
        RuleCase("a country without an age of its own: sixteen", [.parentalConsentMissing], lines: [born("2011-01-01", "PL"), F.given]),
        RuleCase(
            "with a parent's consent",
            lines: [born("2016-01-01"), F.consent("given", at: "2026-05-01T00:00:00Z", more: #","actor":"parent""#)]),
        RuleCase("not where consent is not the ground", lines: [born("2016-01-01")], purposes: ["support"]),
        RuleCase("an unknown age is an adult's"),
        RuleCase("unless the caller is directed at children", [.ageUnknown], edits: [childDirected]),
        RuleCase("where an adult's age is known", edits: [childDirected], lines: [born("1984-03-07"), F.given]),
        RuleCase("and where consent is not the ground, it is not asked", edits: [childDirected], purposes: ["support"]),
        RuleCase("the record's own date of birth", [.parentalConsentMissing]) { $0.subject.bornInRecord = Day(iso8601: "2016-01-01") },
        RuleCase("imported facts first", lines: [born("1984-03-07"), F.given]) { $0.subject.bornInRecord = Day(iso8601: "2016-01-01") },
    ]
    private static let childDirected = Edit.replace(
        "default_purpose: newsletter", "default_purpose: newsletter\nchild_directed: true", in: "callers/crm-sync.yaml")
    private static func born(_ day: String, _ country: String = "DE") -> String {
        F.facts(#""countries":["\#(country)"],"born":"\#(day)""#)
    }

    @Test("children", arguments: children)
    func judgeChildren(_ rule: RuleCase) throws { try rule.check() }

    // MARK: United States

    private static func american(_ activity: String, more: [Edit] = []) -> [Edit] {
        ReasonTable.american + ReasonTable.thirdParty(activity) + more
    }
    private static func from(_ state: String, _ more: String = #""kind":"consumer""#) -> [String] {
        [F.facts(#""countries":["\#(state)"],\#(more)"#)]
    }
    private static func objection(_ scope: String) -> String { #""objections":[{"scope":"\#(scope)","at":"2026-05-01T00:00:00Z"}]"# }
    private static let gpc = #""signals":[{"gpc":true,"at":"2026-05-01T00:00:00Z"}]"#
    private static func string(_ text: String) -> String { #""signals":[{"usprivacy":"\#(text)","at":"2026-05-01T00:00:00Z"}]"# }
    private static let laws = [Edit.replace("in_scope: [ccpa]", "in_scope: [ccpa, vcdpa, ucpa, cpa]", in: organisation)]
    private static let consent = F.consent("given", at: "2026-05-01T00:00:00Z")

    static let unitedStates: [RuleCase] = [
        RuleCase("nothing said: no ground is needed", edits: american("sale"), lines: from("US-CA")),
        RuleCase("a business purpose is no sale", edits: ReasonTable.american, lines: from("US-CA", objection("sale"))),
        RuleCase("an objection to sharing leaves a sale", edits: american("sale"), lines: from("US-CA", objection("share"))),
        RuleCase(
            "an objection to everything stops it", [.objectionActive, .directMarketingObjection], edits: ReasonTable.american,
            lines: from("US-CA", objection("all"))),
        RuleCase("GPC where the state heeds it", [.gpcOptOut], edits: american("share"), lines: from("US-CA", gpc)),
        RuleCase("GPC where the state does not", edits: american("share", more: laws), lines: from("US-VA", gpc)),
        RuleCase("GPC where the state is unknown", [.gpcOptOut], edits: american("share"), lines: from("US", gpc)),
        RuleCase("GPC and a business purpose", edits: ReasonTable.american, lines: from("US-CA", gpc)),
        RuleCase("an opt-out by privacy string", [.usSaleOptOut], edits: american("sale"), lines: from("US-CA", string("1NYN"))),
        RuleCase("no opt-out by privacy string", edits: american("sale"), lines: from("US-CA", string("1YNN"))),
        RuleCase("an unreadable string denies a sale", [.usSaleOptOut], edits: american("sale"), lines: from("US-CA", string("zzzz"))),
        RuleCase(
            "an unreadable string denies sharing", [.usShareOptOut, .usTargetedAdsOptOut], edits: american("share"),
            lines: from("US-CA", string("1Y"))),
        RuleCase("and not a business purpose", edits: ReasonTable.american, lines: from("US-CA", string("1Y"))),
        RuleCase("fifteen, and opted in", edits: american("sale"), lines: from("US-CA", #""born":"2011-01-01""#) + [consent]),
        RuleCase("sixteen", edits: american("sale"), lines: from("US-CA", #""born":"2010-06-01""#)),
        RuleCase(
            "twelve, and opted in alone", [.minorOptInMissing], edits: american("sale"),
            lines: from("US-CA", #""born":"2014-01-01""#) + [consent]),
        RuleCase(
            "twelve, and a parent opted in", edits: american("sale"),
            lines: from("US-CA", #""born":"2014-01-01""#)
                + [F.consent("given", at: "2026-05-01T00:00:00Z", recipients: ["hubspot"], more: #","actor":"parent""#)]),
        RuleCase(
            "sensitive data where people may limit it", edits: ReasonTable.american + [nationalID], lines: from("US-CA"),
            present: ["email", "national_id"]),
        RuleCase(
            "sensitive data that was limited stays", [.sensitiveLimitUse], edits: ReasonTable.american + [nationalID],
            lines: from("US-CA", objection("sensitive_use")), present: ["email", "national_id"]
        ) { #expect(Decider.decide($0).outcome == .allowRedacted) },
        RuleCase(
            "sensitive data that needs an opt-in, given", edits: ReasonTable.american + laws + [nationalID],
            lines: from("US-VA") + [consent],
            present: ["email", "national_id"]),
        RuleCase(
            "sensitive data in Utah", edits: ReasonTable.american + laws + [nationalID], lines: from("US-UT"),
            present: ["email", "national_id"]),
        RuleCase(
            "Californian terms bind Californians only",
            edits: ReasonTable.american + laws + [.replace(", us_role: service_provider", "", in: agreement)],
            lines: from("US-VA")),
    ]
    private static let nationalID = Edit.replace("      company: keep\n", "      national_id: keep\n", in: agreement)

    @Test("opt-outs, minors, sensitive data, terms", arguments: unitedStates)
    func judgeUnitedStates(_ rule: RuleCase) throws {
        let decision = try rule.example.decide()
        let refuses = decision.outcome == .deny
        #expect(decision.codes == rule.codes)
        #expect(refuses == !(rule.codes.isEmpty || rule.example.name.hasSuffix("stays")))
    }

    @Test(
        "where no ground is asked for, a refusal for the purpose is still a stop",
        arguments: [("withdrawn", [ReasonCode.consentWithdrawn]), ("given", [])])
    func refusalWithoutGround(state: String, codes: [ReasonCode]) throws {
        let edits: [Edit] = [
            .replace("established_in: DE", "established_in: US", in: organisation),
            .replace("assume: {regimes: [gdpr, us]}", "assume: {regimes: [us]}", in: organisation),
        ]
        let lines = [F.facts(#""countries":["US-CA"]"#), F.consent(state, at: "2026-05-20T00:00:00Z")]
        let decision = try DecisionCase(name: "opt-out", edits: edits, lines: lines).decide()
        #expect(decision.regimes == (codes.isEmpty ? [.us] : []) && decision.codes.filter { !$0.isFieldLevel } == codes)
    }
}
