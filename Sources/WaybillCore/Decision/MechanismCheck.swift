/// Whether one transfer mechanism lets data under one regime go to one country now.
struct MechanismCheck {
    enum Verdict: Equatable {
        /// At risk: resting on an unconfirmed date, or ending within 90 days.
        case works(isAtRisk: Bool)
        case fails(ReasonCode)
    }
    static let riskSeconds: Int64 = 90 * 86_400

    let mechanism: Mechanism
    let regime: Regime
    let country: String
    let agreement: Agreement
    let vendor: Vendor
    let facts: LegalFacts
    let subjectKind: SubjectProfile.Kind?
    let now: Timestamp

    func verdict() -> Verdict {
        let name = mechanism.decision ?? mechanism.kind.rawValue
        var isAtRisk = false
        if let fallen = facts.invalidated.first(where: { $0.mechanism.lowercased() == name.lowercased() }) {
            if fallen.until <= now { return .fails(.transferMechanismInvalidated) }
            isAtRisk = endsSoon(fallen.until)
        }
        if let until = mechanism.until {
            if until <= now { return .fails(.transferMechanismExpired) }
            isAtRisk = isAtRisk || endsSoon(until)
        }
        let verdict = mechanism.kind == .adequacy ? adequacy() : instrument()
        if case .works(let more) = verdict { return .works(isAtRisk: isAtRisk || more) }
        return verdict
    }

    // MARK: Adequacy

    private func adequacy() -> Verdict {
        let decisions = facts.adequacy.filter { $0.regime == regime && $0.decision == mechanism.decision }
        let here = decisions.filter { reaches($0) }
        guard let decision = here.first(where: { isInForce($0) }) else {
            if here.contains(where: { $0.until.map { $0 <= now } ?? false }) { return .fails(.transferMechanismExpired) }
            if !here.isEmpty { return .fails(.transferMechanismMissing) }
            // A named framework of other countries, or a country whose only decision is a framework's.
            let isElsewhere = mechanism.decision != nil && !decisions.isEmpty
            let needsName = facts.adequacy.contains { $0.regime == regime && $0.decision != nil && reaches($0) && isInForce($0) }
            return .fails(isElsewhere || (mechanism.decision == nil && needsName) ? .adequacyScopeMismatch : .transferMechanismMissing)
        }
        var isAtRisk = !decision.confirmed || (decision.until.map { endsSoon($0) } ?? false)
        if let failure = scopeFailure(decision, &isAtRisk) { return .fails(failure) }
        return .works(isAtRisk: isAtRisk)
    }

    private func reaches(_ decision: LegalFacts.Adequacy) -> Bool {
        decision.to == country || (decision.to == "EEA" && facts.eea.contains(country))
    }

    private func isInForce(_ decision: LegalFacts.Adequacy) -> Bool {
        decision.from <= now && (decision.until.map { now < $0 } ?? true)
    }

    /// What a decision is limited to. A scope we do not know covers nothing.
    private func scopeFailure(_ decision: LegalFacts.Adequacy, _ isAtRisk: inout Bool) -> ReasonCode? {
        if let framework = decision.decision { return participation(in: framework, &isAtRisk) }
        switch decision.scope {
        // Bodies bound by the law named, or of the kind named, which vendors are.
        case "all", "gdpr", "mutual", "pipa", "private_sector", "automated_processing", "international_organisation": return nil
        // Canada's covers commercial activity; a staff file is none.
        case "commercial_organisations": return subjectKind == .employee ? .adequacyScopeMismatch : nil
        default: return .adequacyScopeMismatch
        }
    }

    /// A framework covers its participants, and of their data what they certified: staff data (`hr`), or other (`non_hr`).
    private func participation(in framework: String, _ isAtRisk: inout Bool) -> ReasonCode? {
        let listed = vendor.certifications.filter { certification in
            certification.scheme == framework && certification.from <= now && (certification.until.map { now < $0 } ?? true)
        }
        if listed.isEmpty { return .dpfNotListed }
        let kind = subjectKind == .employee ? "hr" : "non_hr"
        let covering = listed.filter { $0.covers.contains(kind) }
        if covering.isEmpty { return .adequacyScopeMismatch }
        if covering.allSatisfy({ $0.until.map { endsSoon($0) } ?? false }) { isAtRisk = true }
        return nil
    }

    // MARK: Instruments

    private func instrument() -> Verdict {
        if mechanism.kind == .derogation { return derogation() }
        guard let signed = mechanism.signed, signed <= now else { return .fails(.transferMechanismMissing) }
        switch mechanism.kind {
        case .scc:
            guard hasRightModule else { return .fails(.sccModuleMismatch) }
        case .sccSwiss:
            if mechanism.module != nil, !hasRightModule { return .fails(.sccModuleMismatch) }
        case .ukAddendum:
            // It amends the EU's clauses and is nothing without them.
            let clauses = agreement.transfer.contains { $0.kind == .scc && ($0.signed.map { $0 <= now } ?? false) }
            if !clauses { return .fails(.transferMechanismMissing) }
        case .adequacy, .idta, .bcr, .derogation: break
        }
        if mechanism.assessment == nil { return .fails(.transferAssessmentMissing) }
        return .works(isAtRisk: false)
    }

    private var hasRightModule: Bool {
        guard let module = mechanism.module, let roles = facts.sccModules[module], let exporter = agreement.exporter,
            let importer = agreement.vendorParty
        else { return false }
        return exporter.role.clauseRole == roles.0.clauseRole && importer.role.clauseRole == roles.1.clauseRole
    }

    private func derogation() -> Verdict {
        guard mechanism.ground != nil else { return .fails(.transferMechanismMissing) }
        return mechanism.occasional ? .works(isAtRisk: false) : .fails(.derogationNotOccasional)
    }

    private func endsSoon(_ until: Timestamp) -> Bool { until <= now.adding(seconds: MechanismCheck.riskSeconds) }
}

extension Agreement.Role {
    /// The clauses know two roles.
    fileprivate var clauseRole: Agreement.Role {
        switch self {
        case .controller, .jointController, .thirdParty: .controller
        case .processor, .subprocessor: .processor
        }
    }
}
