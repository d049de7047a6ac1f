/// What an agreed purpose cannot be: its basis, what the basis needs, and its fields.
struct AgreedPurposeLint {
    /// TCF purposes for which the framework forbids legitimate interest.
    static let tcfWithoutLegitimateInterest: Set<Int> = [1, 3, 4, 5, 6]
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    func check(_ agreed: AgreedPurpose, written: PolicyValue) {
        let purpose = compilation.purposes[agreed.purpose]
        if purpose.generic {
            problems.error(
                agreed.position, "purpose_generic", "`\(purpose.name)` is too general to agree on", "agree on a purpose that narrows it")
        }
        let basisPosition = written["basis"]?.position ?? agreed.position
        for basis in Basis.allCases where agreed.basis.values.contains(basis) {
            checkNeeds(basis, agreed, purpose, at: basisPosition)
        }
        checkRegimes(agreed, at: basisPosition)
        checkSensitive(agreed, written)
    }

    private func checkNeeds(_ basis: Basis, _ agreed: AgreedPurpose, _ purpose: Purpose, at position: SourcePosition) {
        switch basis {
        case .legitimateInterest, .publicTask:
            if agreed.basisEvidence["assessment"] == nil {
                problems.error(
                    position, "assessment_missing", "`\(basis.rawValue)` needs an assessment", "add `basis_evidence: {assessment: lia-…}`")
            }
            let tcf = Set(purpose.tcf + purpose.ancestors.flatMap { compilation.purposes[$0].tcf })
            if basis == .legitimateInterest, !tcf.isDisjoint(with: Self.tcfWithoutLegitimateInterest) {
                problems.error(
                    position, "legitimate_interest_forbidden", "TCF purposes 1 and 3 to 6 cannot rest on legitimate interest",
                    "use `basis: consent`")
            }
        case .contract:
            if agreed.necessary.isEmpty {
                problems.error(
                    position, "necessary_missing", "on a contract only what is necessary may go, and nothing is named",
                    "add `necessary: [field, …]`")
            }
            if purpose.marketing {
                problems.error(
                    position, "marketing_on_contract", "`\(purpose.name)` is marketing, which no contract makes necessary",
                    "use `basis: consent`")
            }
        case .legalObligation:
            if agreed.basisEvidence["law"] == nil {
                problems.error(position, "law_missing", "`legal_obligation` must cite the law", "add `basis_evidence: {law: \"…\"}`")
            }
        case .consent:
            let relevant = [purpose.name] + purpose.ancestors.map { compilation.purposes[$0].name }
            if !compilation.notices.values.contains(where: { !$0.purposes.filter(relevant.contains).isEmpty }) {
                problems.warning(
                    position, "consent_without_notice", "no notice asks for consent to `\(purpose.name)`",
                    "add it to a notice in catalog/notices.yaml")
            }
        case .vitalInterest:
            problems.error(
                position, "not_built_yet", "`vital_interest` always waits for a person, and holds are not built yet in this version",
                "keep this purpose out of the set")
        case .optOut, .notRequired: break
        }
    }

    private func checkRegimes(_ agreed: AgreedPurpose, at position: SourcePosition) {
        for regime in [Regime.gdpr, .ukGDPR] where agreed.basis[regime] == .optOut {
            problems.error(
                position, "opt_out_no_basis", "`opt_out` is no lawful basis under \(regime.rawValue)",
                "write it for the US only: `{gdpr: consent, us: opt_out}`")
            break
        }
        let aboutPersons = agreed.fields.keys.contains { !compilation.fields[$0].entity }
        if aboutPersons, [Regime.gdpr, .ukGDPR].contains(where: { agreed.basis[$0] == .notRequired }) {
            problems.error(
                position, "basis_required", "fields about persons go, and Article 6 asks for a basis", "name one of the six bases")
        }
        if agreed.basis[.us] == .optOut, agreed.usActivity == nil {
            problems.warning(
                agreed.position, "us_activity_missing",
                "without `us_activity` it counts as sale and share unless the vendor is a service provider",
                "add `us_activity: business_purpose`, `sale` or `share`")
        }
    }

    private func checkSensitive(_ agreed: AgreedPurpose, _ written: PolicyValue) {
        guard agreed.basisEvidence["art9"] == nil else { return }
        for (field, entry) in agreed.fields where compilation.fields[field].sensitive.contains(.gdpr9) {
            problems.warning(
                entry.position, "art9_missing",
                "`\(compilation.fields[field].name)` is a special category and is always removed without an Article 9(2) condition",
                "add `basis_evidence: {art9: …}`, or do not agree on it")
        }
    }
}
