import Testing

@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"
private let vendor = "vendors/hubspot.yaml"
private let organisation = "organisation.yaml"

@Suite("Crossing borders")
struct TransferRuleTests {
    /// One row of `adequacy.yaml`: the country is inadequate the nanosecond before `from` (and at `until`), adequate from then on.
    struct AdequacyRow: Sendable, CustomTestStringConvertible {
        var regime: String
        var country: String
        var from: String
        var until: String?
        var testDescription: String { "\(regime) to \(country)" }
    }

    static let rows: [AdequacyRow] = [
        AdequacyRow(regime: "gdpr", country: "CH", from: "2000-07-26"), AdequacyRow(regime: "gdpr", country: "CA", from: "2001-12-20"),
        AdequacyRow(regime: "gdpr", country: "AR", from: "2003-06-30"), AdequacyRow(regime: "gdpr", country: "GG", from: "2003-11-21"),
        AdequacyRow(regime: "gdpr", country: "IM", from: "2004-04-28"), AdequacyRow(regime: "gdpr", country: "JE", from: "2008-05-08"),
        AdequacyRow(regime: "gdpr", country: "FO", from: "2010-03-05"), AdequacyRow(regime: "gdpr", country: "AD", from: "2010-10-19"),
        AdequacyRow(regime: "gdpr", country: "IL", from: "2011-01-31"), AdequacyRow(regime: "gdpr", country: "UY", from: "2012-08-21"),
        AdequacyRow(regime: "gdpr", country: "NZ", from: "2012-12-19"), AdequacyRow(regime: "gdpr", country: "JP", from: "2019-01-23"),
        AdequacyRow(regime: "gdpr", country: "GB", from: "2021-06-28", until: "2031-12-27"),
        AdequacyRow(regime: "gdpr", country: "KR", from: "2021-12-17"), AdequacyRow(regime: "gdpr", country: "EPO", from: "2025-07-15"),
        AdequacyRow(regime: "gdpr", country: "BR", from: "2026-01-27"), AdequacyRow(regime: "uk_gdpr", country: "FR", from: "2021-01-01"),
        AdequacyRow(regime: "fadp", country: "FR", from: "2000-07-26"),
    ]

    @Test("adequacy decisions hold from their date to their end, half-open", arguments: rows)
    func adequacy(_ row: AdequacyRow) throws {
        let regime = try #require(Regime(rawValue: row.regime))
        let from = try #require(Day(iso8601: row.from)).start
        #expect(try verdict("mechanism: adequacy", regime, row.country, from.after(-1)) == .fails(.transferMechanismMissing))
        #expect(try verdict("mechanism: adequacy", regime, row.country, from).holds)
        #expect(try verdict("mechanism: adequacy", regime, row.country, from.after(1)).holds)
        guard let until = row.until.flatMap({ Day(iso8601: $0)?.start }) else { return }
        #expect(try verdict("mechanism: adequacy", regime, row.country, until.after(-1)).holds)
        #expect(try verdict("mechanism: adequacy", regime, row.country, until) == .fails(.transferMechanismExpired))
    }

    @Test(
        "frameworks hold from their date, for their participants",
        arguments: [("gdpr", "EU-US-DPF", "2023-07-10"), ("uk_gdpr", "UK-US-BRIDGE", "2023-10-12"), ("fadp", "CH-US-DPF", "2024-09-15")])
    func frameworks(_ regime: String, _ name: String, _ day: String) throws {
        let regime = try #require(Regime(rawValue: regime))
        let from = try #require(Day(iso8601: day)).start
        let mechanism = "mechanism: adequacy, decision: \(name)"
        func verdict(_ now: Timestamp, _ certified: (from: Timestamp, until: Timestamp)?) throws -> MechanismCheck.Verdict {
            try self.verdict(mechanism, regime, "US", now) { vendor in
                vendor.certifications =
                    certified.map {
                        [Vendor.Certification(scheme: name, covers: ["non_hr"], from: $0.from, until: $0.until)]
                    } ?? []
            }
        }
        let always = (from: Timestamp(seconds: 0), until: Timestamp(seconds: 4_000_000_000))
        #expect(try verdict(from.after(-1), always) == .fails(.transferMechanismMissing))
        #expect(try verdict(from, always).holds)
        #expect(try verdict(from, nil) == .fails(.dpfNotListed))
        #expect(try verdict(from.after(9), (from.after(10), always.until)) == .fails(.dpfNotListed))
        #expect(try verdict(from.after(10), (from.after(10), always.until)).holds)
        #expect(try verdict(from.after(10), (from, from.after(11))) == .works(isAtRisk: true))
        #expect(try verdict(from.after(11), (from, from.after(11))) == .fails(.dpfNotListed))
        #expect(try self.verdict(mechanism, regime, "CN", from) == .fails(.adequacyScopeMismatch))
    }

    @Test("what was struck down is named as such, from the day of the judgment")
    func invalidated() throws {
        for (name, day) in [("safe-harbor", "2015-10-06"), ("privacy-shield", "2020-07-16")] {
            let until = try #require(Day(iso8601: day)).start
            let mechanism = "mechanism: adequacy, decision: \(name)"
            #expect(try verdict(mechanism, .gdpr, "US", until) == .fails(.transferMechanismInvalidated))
            #expect(try verdict(mechanism, .gdpr, "US", until.after(-1)) == .fails(.transferMechanismMissing))
        }
    }

    @Test("a country decision does not stand in for a framework, and an unknown scope covers nothing")
    func scopes() throws {
        let now = try #require(Timestamp(rfc3339: "2026-06-01T12:00:00Z"))
        #expect(try verdict("mechanism: adequacy", .gdpr, "US", now) == .fails(.adequacyScopeMismatch))
        #expect(try verdict("mechanism: adequacy", .gdpr, "CN", now) == .fails(.transferMechanismMissing))
        let strange = "adequacy: [{regime: gdpr, to: CN, scope: lunar_data, from: 2020-01-01}]\neea: [DE]\n"
        #expect(try verdict("mechanism: adequacy", .gdpr, "CN", now, facts: strange) == .fails(.adequacyScopeMismatch))
    }

    @Test("instruments say what they lack")
    func instruments() throws {
        let now = try #require(Timestamp(rfc3339: "2026-06-01T12:00:00Z"))
        let table: [(String, Regime, MechanismCheck.Verdict)] = [
            ("mechanism: scc, module: 2, signed: 2026-03-20, assessment: t", .gdpr, .works(isAtRisk: false)),
            ("mechanism: scc, module: 2, signed: 2026-06-02, assessment: t", .gdpr, .fails(.transferMechanismMissing)),
            ("mechanism: scc, module: 2, signed: 2026-03-20, assessment: t, until: 2026-07-01", .gdpr, .works(isAtRisk: true)),
            ("mechanism: scc, module: 2, signed: 2026-03-20, assessment: t, until: 2026-05-01", .gdpr, .fails(.transferMechanismExpired)),
            ("mechanism: scc, module: 2, signed: 2026-03-20", .gdpr, .fails(.transferAssessmentMissing)),
            ("mechanism: bcr, signed: 2026-03-20, assessment: t", .gdpr, .works(isAtRisk: false)),
            ("mechanism: bcr, signed: 2026-03-20", .gdpr, .fails(.transferAssessmentMissing)),
            ("mechanism: idta, signed: 2026-03-20, assessment: t", .ukGDPR, .works(isAtRisk: false)),
            ("mechanism: uk_addendum, signed: 2026-03-20, assessment: t", .ukGDPR, .fails(.transferMechanismMissing)),
            ("mechanism: scc_swiss, signed: 2026-03-20, assessment: t", .fadp, .works(isAtRisk: false)),
            ("mechanism: derogation, ground: legal_claims, occasional: true", .gdpr, .works(isAtRisk: false)),
            ("mechanism: derogation, ground: legal_claims", .gdpr, .fails(.derogationNotOccasional)),
        ]
        for (mechanism, regime, expected) in table {
            #expect(try verdict(mechanism, regime, "US", now) == expected, "\(mechanism)")
        }
    }

    // MARK: Whole decisions

    private static let british = #""countries":["GB"]"#
    private static let inEurope: [Edit] = [
        .replace("established_in: US-MA", "established_in: IE", in: vendor),
        .replace("region: US}\nendpoints", "region: DE}\nendpoints", in: vendor),
        .replace("regions: [US]", "regions: [DE, US]", in: agreement),
        .replace("{id: aws, region: US, status: accepted}", "{id: aws, region: FR, status: accepted}", in: agreement),
    ]

    static let decisions: [RuleCase] = [
        RuleCase("inside the area no mechanism is needed", edits: inEurope) { expect(["none_needed"], $0) },
        RuleCase("a destination inside, a vendor of elsewhere", edits: Array(inEurope.dropFirst())) { expect(["adequacy:EU-US-DPF"], $0) },
        RuleCase("the second mechanism, when the first does not hold", edits: [notCertified]) { expect(["scc:2"], $0) },
        RuleCase(
            "each one that was tried says why", [.transferMechanismExpired, .dpfNotListed],
            edits: [notCertified, .replace("assessment: tia-118", "assessment: tia-118, until: 2026-05-30", in: agreement)]),
        RuleCase(
            "a subject in the UK: both regimes must permit", lines: [F.facts(british), F.given]
        ) { expect(["adequacy:EU-US-DPF", "uk_addendum"], $0) },
        RuleCase(
            "and the UK's has none", [.transferMechanismMissing],
            edits: [.replace("  - {mechanism: uk_addendum, signed: 2026-03-20, assessment: tra-9}\n", "", in: agreement)],
            lines: [F.facts(british), F.given]),
        RuleCase("and a Swiss one", [.transferMechanismMissing], lines: [F.facts(#""countries":["CH"]"#), F.given]),
        RuleCase(
            "staff data under clauses, as the framework covers none", lines: [F.facts(#""countries":["DE"],"kind":"employee""#), F.given]
        ) { expect(["scc:2"], $0) },
        RuleCase("a subprocessor named in onward, elsewhere", edits: [awsIn("IN")]),
        RuleCase("one that is not named, where the decision reaches", edits: [.replace(", onward: [aws]", "", in: agreement)]),
        RuleCase(
            "one that is not named, where only clauses reach", [.onwardTransferNotAgreed],
            edits: [notCertified, .replace(", onward: [aws]", "", in: agreement)]),
        RuleCase("one that is not named, at home", edits: [awsIn("FR"), .replace(", onward: [aws]", "", in: agreement)]),
        RuleCase(
            "one that is only proposed gets nothing",
            edits: [
                .replace("region: US, status: accepted", "region: IN, status: proposed, object_by: 2026-07-01", in: agreement),
                .replace(", onward: [aws]", "", in: agreement),
            ]),
        RuleCase("a region in another region", edits: [.replace("region: US}\nendpoints", "region: US-TX}\nendpoints", in: vendor)]),
    ]
    private static let notCertified = Edit.replace("until: 2027-09-01", "until: 2026-05-01", in: vendor)
    private static func awsIn(_ country: String) -> Edit {
        .replace("{id: aws, region: US, status: accepted}", "{id: aws, region: \(country), status: accepted}", in: agreement)
    }
    @Sendable private static func expect(_ mechanisms: [String], _ input: DecisionInput) {
        #expect(Decider.decide(input).mechanisms == mechanisms)
    }

    @Test("regimes, countries and mechanisms together", arguments: decisions)
    func judge(_ rule: RuleCase) throws { try rule.check() }

    @Test("an unconfirmed date and an end within 90 days put a mechanism at risk")
    func risk() throws {
        func warns(_ edits: [Edit], now: String = "2026-06-01T12:00:00Z") throws -> Bool {
            try DecisionCase(name: now, edits: edits, now: now).decide().warnings.contains(.mechanismAtRisk)
        }
        #expect(try !warns([]))
        let ends = Edit.replace("until: 2027-09-01", "until: 2026-08-30T12:00:00Z", in: vendor)
        #expect(try warns([ends]))
        #expect(try !warns([ends], now: "2026-06-01T11:59:59.999999999Z"))
    }

    // MARK: -

    private func verdict(
        _ mechanism: String, _ regime: Regime, _ country: String, _ now: Timestamp, facts: String? = nil,
        change: (inout Vendor) -> Void = { _ in }
    ) throws -> MechanismCheck.Verdict {
        // Lint would refuse some of these beside the fixture's regions: the mechanism is read in a region it can cover.
        let written = Edit.replace(
            "  - {mechanism: adequacy, decision: EU-US-DPF}\n", "  - {\(mechanism), for: [\(regime.rawValue)]}\n", in: agreement)
        let regions = Edit.replace("regions: [US]", "regions: [US, GB, \(country)]", in: agreement)
        let more = facts.map { [Edit.write($0 + "scc_modules: {2: [controller, processor]}\n", to: "catalog/transfers.yaml")] } ?? []
        let others: [Edit] = [
            .replace("  - {mechanism: scc, module: 2, signed: 2026-03-20, assessment: tia-118, onward: [aws]}\n", "", in: agreement),
            .replace("  - {mechanism: uk_addendum, signed: 2026-03-20, assessment: tra-9}\n", "", in: agreement),
        ]
        let schemes = ["UK-US-BRIDGE", "CH-US-DPF"].map { "  - {scheme: \($0), covers: [non_hr], from: 2020-01-01}\n" }.joined()
        let certified = Edit.replace("certifications:\n", "certifications:\n" + schemes, in: vendor)
        let set = try DecisionCase(name: mechanism, edits: [written, regions, certified] + others + more).load()
        var moment = Moment(now)
        return MechanismCheck(mechanism: 0, agreement: 0, vendor: 0, regime: regime, country: country, isEmployee: false)
            .verdict(set.with(vendor: change), &moment)
    }
}

extension MechanismCheck.Verdict {
    fileprivate var holds: Bool {
        if case .works = self { return true }
        return false
    }
}

extension Timestamp {
    fileprivate func after(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: self.nanoseconds + nanoseconds) }
}
