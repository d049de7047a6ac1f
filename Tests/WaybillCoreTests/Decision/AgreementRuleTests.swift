import Testing

@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"
private let vendor = "vendors/hubspot.yaml"

@Suite("Agreements in decisions")
struct AgreementRuleTests {
    static let dates: [RuleCase] = [
        RuleCase("one nanosecond before it begins", [.agreementNotYetEffective], lines: early, now: "2026-03-31T23:59:59.999999999Z"),
        RuleCase("as it begins", lines: early, now: "2026-04-01T00:00:00Z"),
        RuleCase("one nanosecond before it ends", lines: early, now: "2027-03-31T23:59:59.999999999Z") {
            $0.policy = $0.policy.with(vendor: { $0.dueDiligence = nil })
        },
        RuleCase("as it ends", [.agreementExpired], lines: early, now: "2027-04-01T00:00:00Z") {
            $0.policy = $0.policy.with(vendor: { $0.dueDiligence = nil })
        },
        RuleCase("one nanosecond before due diligence lapses", lines: early, now: "2027-03-01T23:59:59.999999999Z"),
        RuleCase("as it lapses", [.dueDiligenceExpired], lines: early, now: "2027-03-02T00:00:00Z"),
        RuleCase("as it lapses, with a time to warn", edits: [lapse], lines: early, now: "2027-03-02T00:00:00Z"),
        RuleCase("one nanosecond before the time to warn is over", edits: [lapse], lines: early, now: "2027-03-11T23:59:59.999999999Z"),
        RuleCase("when the time to warn is over", [.dueDiligenceExpired], edits: [lapse], lines: early, now: "2027-03-12T00:00:00Z"),
    ]
    private static let early = [F.german, F.consent("given", at: "2026-02-01T00:00:00Z")]
    private static let lapse = Edit.replace("next: 2027-03-02}", "next: 2027-03-02, lapse: {warn: P0D, suspend: P10D}}", in: vendor)

    static let versions: [RuleCase] = [
        RuleCase("the newest in force counts", edits: [version4()]) { expectVersion(4, $0) },
        RuleCase("a newer one that has not begun leaves the older", edits: [version4(from: "2026-07-01")]) { expectVersion(3, $0) },
        RuleCase("a newer draft leaves the older", edits: [version4()]) {
            $0.standing.agreements = ["hubspot@4": .draft]
            expectVersion(3, $0)
        },
        RuleCase("a newer one that is suspended does not bring the older back", [.agreementSuspended], edits: [version4()]) {
            $0.standing.agreements = ["hubspot@4": .suspended]
        },
        RuleCase("all its versions suspended at once", [.agreementSuspended]) { $0.standing.agreementsSuspended = ["hubspot"] },
        RuleCase("all its versions suspended, the newer too", [.agreementSuspended], edits: [version4()]) {
            $0.standing.agreementsSuspended = ["hubspot"]
        },
        RuleCase("another agreement suspended") {
            $0.standing.agreementsSuspended = ["mailchimp"]
        },
        RuleCase("nor one that is terminated", [.agreementTerminated], edits: [version4()]) {
            $0.standing.agreements = ["hubspot@4": .terminated]
        },
        RuleCase("nor one that has expired", [.agreementExpired], edits: [version4(until: "2026-05-20")]),
        RuleCase("nor one that dropped the purpose", [.agreementSuperseded], edits: [version4(purpose: "support")]),
        RuleCase("nor one that dropped the endpoint", [.agreementSuperseded], edits: [version4(endpoint: "jobs")]),
        RuleCase("one that dropped the purpose and has not begun", edits: [version4(from: "2026-07-01", purpose: "support")]),
    ]

    /// A fourth version in a file far from the third's.
    private static func version4(
        from: String = "2026-05-10", until: String = "open", purpose: String = "newsletter", endpoint: String = "contacts.*"
    ) -> Edit {
        .write(
            """
            agreement: hubspot
            version: 4
            vendor: hubspot
            effective: {from: \(from), until: \(until)}
            parties:
              - {org: acme-eu, role: controller, exports: true}
              - {org: hubspot, role: processor, us_role: service_provider, imports: true}
            owner: privacy@acme.example
            purposes:
              - id: \(purpose)
                endpoints: [\(endpoint)]
                basis: \(purpose == "support" ? "contract" : "consent")
                us_activity: business_purpose
                fields: {email: keep}
                necessary: [email]
            regions: [US]
            transfer: [{mechanism: adequacy, decision: EU-US-DPF}]
            terms: {art28.3: {all: "2"}, ccpa7051: {all: "4"}}
            """, to: "agreements/archive/newer.yaml")
    }

    @Sendable private static func expectVersion(_ version: Int, _ input: DecisionInput) {
        let applied = Decider.decide(input).applied
        #expect(applied.map { input.policy[$0.agreement].version } == [version])
    }

    static let standing: [RuleCase] = [
        RuleCase("proposed, and the time to object runs", edits: [subprocessor("proposed, object_by: 2026-06-02")]),
        RuleCase(
            "proposed, and the time is over", [.subprocessorNotApproved], edits: [subprocessor("proposed, object_by: 2026-06-01T12:00:00Z")]
        ),
        RuleCase("proposed without a date", [.subprocessorNotApproved], edits: [subprocessor("proposed")]),
        RuleCase("a proof overdue, only warned") { $0.standing.proofs = ["hubspot": .warned] },
        RuleCase("a proof overdue stops new subjects", [.deletionProofOverdue]) { $0.standing.proofs = ["hubspot": .stopNewSubjects] },
        RuleCase("and not those it has") {
            $0.standing.proofs = ["hubspot": .stopNewSubjects]
            $0.subject.disclosedBefore = true
        },
        RuleCase("another agreement's proof") { $0.standing.proofs = ["mailchimp": .suspended] },
        RuleCase("approval required and given", edits: [approvals]) { $0.standing.agreements = ["hubspot@3": .approved] },
        RuleCase("approval required, given to another version", [.agreementDraft], edits: [approvals]) {
            $0.standing.agreements = ["hubspot@2": .approved]
        },
        RuleCase(
            "a vendor whose role contradicts its US role", [.roleMismatch],
            edits: [
                .replace("role: processor, us_role", "role: controller, us_role", in: agreement),
                .replace("module: 2", "module: 1", in: agreement),
            ]),
        RuleCase(
            "all failures are collected, in order",
            [.vendorSuspended, .processingRestricted, .consentMissing],
            lines: [F.facts(#""countries":["DE"],"restricted":true"#)]
        ) { $0.standing.vendorsSuspended = ["hubspot"] },
    ]
    private static let approvals = Edit.replace("in_scope: [ccpa]", "in_scope: [ccpa]\napprovals: required", in: "organisation.yaml")
    private static func subprocessor(_ status: String) -> Edit { .replace("status: accepted", "status: \(status)", in: agreement) }

    static let volumes: [RuleCase] = [
        RuleCase("the last one of the day", edits: [limited]) {
            $0.standing.volumes = ["hubspot": Standing.Volume(records: 9, subjects: 4)]
        },
        RuleCase("one more", [.volumeExceeded], edits: [limited]) {
            $0.standing.volumes = ["hubspot": Standing.Volume(records: 10, subjects: 4)]
        },
        RuleCase("a new subject too many", [.volumeExceeded], edits: [limited]) {
            $0.standing.volumes = ["hubspot": Standing.Volume(records: 9, subjects: 5)]
        },
        RuleCase("somebody who counts already", edits: [limited]) {
            $0.standing.volumes = ["hubspot": Standing.Volume(records: 9, subjects: 5)]
            $0.standing.seenToday = ["hubspot": [$0.subject.entry?.number ?? 0]]
        },
        RuleCase(
            "report mode lets volume pass",
            edits: [limited, .replace("regions: [US]\n", "regions: [US]\nmode: {report: {until: 2026-04-30}}\n", in: agreement)],
            lines: early, now: "2026-04-29T00:00:00Z"
        ) {
            $0.standing.volumes = ["hubspot": Standing.Volume(records: 10, subjects: 4)]
        },
    ]
    private static let limited = Edit.replace(
        "owner: privacy@acme.example", "owner: privacy@acme.example\nlimits: {records_per_day: 10, subjects_per_day: 5}", in: agreement)

    @Test("half-open to the nanosecond", arguments: dates)
    func judgeDates(_ rule: RuleCase) throws { try rule.check() }

    @Test("of versions the newest that has begun governs", arguments: versions)
    func judgeVersions(_ rule: RuleCase) throws { try rule.check() }

    @Test("subprocessors, proofs, approvals, roles", arguments: standing)
    func judgeStanding(_ rule: RuleCase) throws { try rule.check() }

    @Test("volume", arguments: volumes)
    func judgeVolumes(_ rule: RuleCase) throws { try rule.check() }

    @Test("warnings come before the day")
    func warnings() throws {
        func warnings(_ edits: [Edit], _ now: String) throws -> [Warning] {
            try DecisionCase(name: now, edits: edits, lines: Self.early, now: now).decide().warnings
        }
        let review = Edit.replace("owner: privacy@acme.example", "owner: privacy@acme.example\nreview: {next: 2026-06-01}", in: agreement)
        #expect(try warnings([], "2027-02-15T00:00:00Z") == [])
        #expect(try warnings([], "2027-03-01T23:59:00Z") == [])
        #expect(try warnings([Self.lapse], "2027-03-02T00:00:00Z") == [.reviewDue, .agreementExpiring])
        #expect(try warnings([review], "2026-05-31T23:59:59Z") == [])
        #expect(try warnings([review], "2026-06-01T00:00:00Z") == [.reviewDue])
    }

    @Test("a set that was made for other tables refuses instead of trapping")
    func foreignPositions() throws {
        let input = try DecisionCase(name: "base").input()
        var other = input
        other.purposes = [PurposeID(500)]
        #expect(Decider.decide(other).codes == [.purposeUnknown])
        other = input
        other.vendor = VendorID(7)
        other.endpoint = EndpointID(7)
        #expect(Decider.decide(other).codes == [.vendorUnknown])
    }
}
