/// Whether one transfer mechanism lets data under one regime go to one country now.
struct MechanismCheck {
    enum Verdict: Equatable {
        /// At risk: resting on an unconfirmed date, or ending within 90 days.
        case works(isAtRisk: Bool)
        case fails(ReasonCode)
    }
    static let riskSeconds: Int64 = 90 * 86_400

    /// Positions in the set's tables, and of the mechanism in its agreement: nothing is copied to check it.
    let mechanism: Int
    let agreement: Int
    let vendor: Int
    let regime: Regime
    let country: String
    let isEmployee: Bool

    func verdict(_ policy: PolicySet, _ moment: inout Moment) -> Verdict {
        let mechanism = policy.agreements[agreement].transfer[mechanism]
        let name = mechanism.decision ?? mechanism.kind.rawValue
        var isAtRisk = false
        for fallen in policy.facts.invalidated where fallen.mechanism == name {
            if moment.hasReached(fallen.until) { return .fails(.transferMechanismInvalidated) }
            isAtRisk = endsSoon(fallen.until, &moment) || isAtRisk
        }
        if let until = mechanism.until {
            if moment.hasReached(until) { return .fails(.transferMechanismExpired) }
            isAtRisk = endsSoon(until, &moment) || isAtRisk
        }
        let verdict = mechanism.kind == .adequacy ? adequacy(mechanism.decision, policy, &moment) : instrument(mechanism, policy, &moment)
        if case .works(let more) = verdict { return .works(isAtRisk: isAtRisk || more) }
        return verdict
    }

    // MARK: Adequacy

    /// `name`: the framework's; nil: a decision on the country.
    private func adequacy(_ name: String?, _ policy: PolicySet, _ moment: inout Moment) -> Verdict {
        let facts = policy.facts.adequacy
        var (hasEnded, isLater, isElsewhere, needsName) = (false, false, false, false)
        for i in facts.indices where facts[i].regime == regime {
            guard facts[i].to == country || (facts[i].to == "EEA" && policy.facts.eea.contains(country)) else {
                isElsewhere = isElsewhere || (name != nil && facts[i].decision == name)
                continue
            }
            let hasBegun = moment.hasReached(facts[i].from)
            let isOver = facts[i].until.map { moment.hasReached($0) } ?? false
            guard facts[i].decision == name else {
                needsName = needsName || (name == nil && hasBegun && !isOver)
                continue
            }
            if hasBegun, !isOver { return adequacy(facts[i], policy, &moment) }
            (hasEnded, isLater) = (hasEnded || isOver, isLater || !hasBegun)
        }
        if hasEnded { return .fails(.transferMechanismExpired) }
        // A framework of other countries, or a country whose only decision is a framework's.
        return .fails(!isLater && (isElsewhere || needsName) ? .adequacyScopeMismatch : .transferMechanismMissing)
    }

    private func adequacy(_ decision: LegalFacts.Adequacy, _ policy: PolicySet, _ moment: inout Moment) -> Verdict {
        var isAtRisk = !decision.confirmed || (decision.until.map { endsSoon($0, &moment) } ?? false)
        if let framework = decision.decision {
            if let failure = participation(in: framework, policy, &isAtRisk, &moment) { return .fails(failure) }
        } else if !covers(decision.scope) {
            return .fails(.adequacyScopeMismatch)
        }
        return .works(isAtRisk: isAtRisk)
    }

    /// What a decision is limited to. A scope we do not know covers nothing.
    private func covers(_ scope: String) -> Bool {
        switch scope {
        // Bodies bound by the law named, or of the kind named, which vendors are.
        case "all", "gdpr", "mutual", "pipa", "private_sector", "automated_processing", "international_organisation": true
        // Canada's covers commercial activity; a staff file is none.
        case "commercial_organisations": !isEmployee
        default: false
        }
    }

    /// A framework covers its participants, and of their data what they certified: staff data (`hr`), or other (`non_hr`).
    private func participation(
        in framework: String, _ policy: PolicySet, _ isAtRisk: inout Bool, _ moment: inout Moment
    ) -> ReasonCode? {
        let kind = isEmployee ? "hr" : "non_hr"
        var (isListed, isCovered, lasts) = (false, false, false)
        for certification in policy.vendors[vendor].certifications where certification.scheme == framework {
            guard moment.hasReached(certification.from) else { continue }
            if let until = certification.until, moment.hasReached(until) { continue }
            isListed = true
            guard certification.covers.contains(kind) else { continue }
            isCovered = true
            lasts = lasts || !(certification.until.map { endsSoon($0, &moment) } ?? false)
        }
        isAtRisk = isAtRisk || !lasts
        return isCovered ? nil : isListed ? .adequacyScopeMismatch : .dpfNotListed
    }

    // MARK: Instruments

    private func instrument(_ mechanism: Mechanism, _ policy: PolicySet, _ moment: inout Moment) -> Verdict {
        if mechanism.kind == .derogation {
            guard mechanism.ground != nil else { return .fails(.transferMechanismMissing) }
            return mechanism.occasional ? .works(isAtRisk: false) : .fails(.derogationNotOccasional)
        }
        guard let signed = mechanism.signed, moment.hasReached(signed) else { return .fails(.transferMechanismMissing) }
        switch mechanism.kind {
        case .scc: if !isModuleRight(mechanism.module, policy) { return .fails(.sccModuleMismatch) }
        case .sccSwiss: if mechanism.module != nil, !isModuleRight(mechanism.module, policy) { return .fails(.sccModuleMismatch) }
        case .ukAddendum:
            // It amends the EU's clauses and is nothing without them.
            let clauses = policy.agreements[agreement].transfer.contains {
                $0.kind == .scc && ($0.signed.map { moment.hasReached($0) } ?? false)
            }
            if !clauses { return .fails(.transferMechanismMissing) }
        case .adequacy, .idta, .bcr, .derogation: break
        }
        return mechanism.assessment == nil ? .fails(.transferAssessmentMissing) : .works(isAtRisk: false)
    }

    private func isModuleRight(_ module: Int?, _ policy: PolicySet) -> Bool {
        guard let module, let roles = policy.facts.sccModules[module], let exporter = policy.agreements[agreement].exporter,
            let importer = policy.agreements[agreement].vendorParty
        else { return false }
        return exporter.role.clauseRole == roles.0.clauseRole && importer.role.clauseRole == roles.1.clauseRole
    }

    private func endsSoon(_ until: Timestamp, _ moment: inout Moment) -> Bool {
        moment.hasReached(until.adding(seconds: -MechanismCheck.riskSeconds))
    }
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
