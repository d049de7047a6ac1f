/// What a subject's consents say about one purpose under one agreement.
struct ConsentFinding {
    /// Empty only if a grant permits.
    var failures: [ReasonCode]
    var permits: Bool
    /// A grant that permits is explicit; is a parent's.
    var isExplicit = false
    var isByParent = false
    /// The person refused or withdrew, and nothing later undoes it.
    var hasRefusal = false
    /// The notice of the grant that decided, for explanations.
    var notice: String?

    static let none = ConsentFinding(failures: [.consentMissing], permits: false)

    var summary: String {
        permits
            ? "given\(isExplicit ? ", explicit" : "")\(isByParent ? ", by a parent" : "")\(notice.map { ", notice \($0)" } ?? "")"
            : failures.map { $0.rawValue }.joined(separator: ", ")
    }
}

/// Reads standings against the purpose graph, the notices and the agreement's parties: "Consent" in decisions.md.
struct ConsentJudge {
    let policy: PolicySet
    let purpose: PurposeID
    let agreement: AgreementID
    let vendor: VendorID
    /// Processors and service providers serve the controller and need no name in the notice; everybody else does.
    private let mustBeNamed: Bool

    private var purposeName: String { policy.purposes[purpose.position].name }
    private var vendorName: String { policy.vendors[vendor.position].id }

    init(policy: PolicySet, purpose: PurposeID, agreement: AgreementID, vendor: VendorID, regime: Regime) {
        self.policy = policy
        self.purpose = purpose
        self.agreement = agreement
        self.vendor = vendor
        let importer = policy.agreements[agreement.position].vendorParty
        let serves =
            regime == .us && importer?.usRole != nil
            ? importer?.usRole == .serviceProvider || importer?.usRole == .contractor
            : importer?.role == .processor || importer?.role == .subprocessor
        mustBeNamed = !serves
    }

    /// Permissions go by the identified subject; stops by every subject in the record.
    func judge(_ subject: SubjectInput) -> ConsentFinding {
        var finding = judge(subject.entry?.profile.consents ?? [])
        for other in subject.others where !other.profile.consents.isEmpty {
            let grants = grants(in: other.profile.consents)
            for stop in other.profile.consents where stops(stop, despite: grants) { finding.add(stop) }
        }
        return finding
    }

    private func judge(_ standings: [ConsentStanding]) -> ConsentFinding {
        let grants = grants(in: standings)
        var finding = ConsentFinding(failures: [], permits: false)
        for stop in standings where stops(stop, despite: grants) { finding.add(stop) }
        let good = grants.filter { $0.failures.isEmpty }
        if !good.isEmpty {
            finding.permits = finding.failures.isEmpty
            finding.isExplicit = good.contains { $0.isExplicit }
            finding.isByParent = good.contains { $0.isByParent }
            finding.notice = good[0].notice
            return finding
        }
        if let best = grants.min(by: { $0.failures.count < $1.failures.count }) {
            for code in best.failures { finding.add(code) }
        } else {
            for standing in standings where speaksOfThis(standing) {
                if let code = standing.state.denial(defaultNotChoice: standing.defaultNotChoice) { finding.add(code) }
            }
            if finding.failures.isEmpty { finding.add(.consentMissing) }
        }
        return finding
    }

    // MARK: Grants

    private struct Grant {
        var failures: [ReasonCode]
        var recency: UInt16
        /// For exactly this purpose, not by way of its parents.
        var isDirect: Bool
        var namesVendor: Bool
        var isExplicit: Bool
        var isByParent: Bool
        var notice: String?
    }

    /// Direct grants, and the one that all parents together make.
    private func grants(in standings: [ConsentStanding]) -> [Grant] {
        var found: [Grant] = []
        let name = purposeName
        for standing in standings where standing.state.permits && standing.purpose == name {
            found.append(grant(standing, isDirect: true))
        }
        if !found.contains(where: { $0.failures.isEmpty }), !policy.purposes[purpose.position].narrows.isEmpty,
            let byParents = grantByParents(in: standings)
        {
            found.append(byParents)
        }
        return found
    }

    private func grant(_ standing: ConsentStanding, isDirect: Bool) -> Grant {
        let notice = standing.notice.flatMap { policy.notices[$0] }
        let isInNotice = notice?.recipients.contains(vendorName)
        let isNamed = standing.recipient.map { $0 == vendorName } ?? isInNotice ?? false
        var failures: [ReasonCode] = []
        let isInScope = notice.map { $0.purposes.contains(purposeName) } ?? isDirect
        if !isInScope || !isControllerOurs(standing.controller) { failures.append(.consentScopeMismatch) }
        if mustBeNamed {
            // A notice we know must have named the vendor itself; of one we do not know, the event's own recipients count.
            if !isNamed || isInNotice == false { failures.append(.consentRecipientNotNamed) }
        }
        if !standing.hasProof { failures.append(.consentProofMissing) }
        return Grant(
            failures: failures, recency: standing.recency, isDirect: isDirect, namesVendor: isNamed, isExplicit: standing.explicit,
            isByParent: standing.byParent, notice: standing.notice)
    }

    /// Consent to parents suffices only if all are consented, none is generic and each notice listed this purpose. Nil: no parent has any.
    private func grantByParents(in standings: [ConsentStanding]) -> Grant? {
        var whole: Grant?
        var isComplete = true
        for parent in policy.purposes[purpose.position].narrows {
            let name = policy.purposes[parent.position].name
            let candidates = standings.filter { $0.state.permits && $0.purpose == name }.map { grant($0, isDirect: false) }
            guard let best = candidates.min(by: { $0.failures.count < $1.failures.count }) else {
                isComplete = false
                continue
            }
            if policy.purposes[parent.position].generic { isComplete = false }
            guard let known = whole else {
                whole = best
                continue
            }
            whole = Grant(
                failures: known.failures + best.failures.filter { !known.failures.contains($0) },
                recency: min(known.recency, best.recency), isDirect: false, namesVendor: known.namesVendor && best.namesVendor,
                isExplicit: known.isExplicit && best.isExplicit, isByParent: known.isByParent && best.isByParent, notice: best.notice)
        }
        if !isComplete, whole?.failures.contains(.consentScopeMismatch) == false { whole?.failures.insert(.consentScopeMismatch, at: 0) }
        return whole
    }

    // MARK: Stops

    /// A stop that covers this purpose and vendor, and that none of `grants` lifts.
    private func stops(_ standing: ConsentStanding, despite grants: [Grant]) -> Bool {
        guard standing.state.isStop, covers(standing) else { return false }
        // A grant that ran out is nobody's stop; a standing's own stop without a number was never ordered, so nothing lifts it.
        if standing.recency == 0 { return standing.state != .expired }
        let isForThis = standing.purpose == purposeName
        return !grants.contains { grant in
            grant.recency >= standing.recency && (grant.isDirect || !isForThis) && (grant.namesVendor || standing.recipient == nil)
        }
    }

    /// Without purpose it covers every one, and it runs down the graph; without recipient all; without controller all.
    private func covers(_ standing: ConsentStanding) -> Bool {
        guard standing.recipient == nil || standing.recipient == vendorName, isControllerOurs(standing.controller) else { return false }
        guard let name = standing.purpose, name != purposeName else { return true }
        return policy.purposes[purpose.position].ancestors.contains { policy.purposes[$0.position].name == name }
    }

    /// A standing that neither permits nor stops, or a grant that ran out, for exactly this purpose.
    private func speaksOfThis(_ standing: ConsentStanding) -> Bool {
        standing.purpose == purposeName && isControllerOurs(standing.controller)
            && (standing.recipient == nil || standing.recipient == vendorName || !mustBeNamed)
            && !(standing.state.isStop && standing.recency > 0)
    }

    private func isControllerOurs(_ controller: String?) -> Bool {
        guard let controller, controller != policy.organisation.id else { return true }
        return policy.agreements[agreement.position].parties.contains {
            $0.org == controller && ($0.role == .controller || $0.role == .jointController)
        }
    }
}

extension ConsentFinding {
    fileprivate mutating func add(_ code: ReasonCode) {
        if !failures.contains(code) { failures.append(code) }
    }

    fileprivate mutating func add(_ stop: ConsentStanding) {
        if let code = stop.state.denial(defaultNotChoice: stop.defaultNotChoice) { add(code) }
        if stop.state.forbidsBasisSwap { hasRefusal = true }
        permits = false
    }
}
