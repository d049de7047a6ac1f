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
    private let purpose: Int
    private let purposeName: String
    private let vendorName: String
    private let agreement: Int
    /// Processors and service providers serve the controller and need no name in the notice; everybody else does.
    private let mustBeNamed: Bool

    init(_ input: DecisionInput, purpose: PurposeID, agreement: AgreementID, regime: Regime) {
        self.purpose = purpose.position
        purposeName = input.policy.purposes[purpose.position].name
        vendorName = input.policy.vendors[input.vendor.position].id
        self.agreement = agreement.position
        mustBeNamed = !input.policy.agreements[agreement.position].parties.contains { party in
            guard party.imports else { return false }
            return regime == .us && party.usRole != nil
                ? party.usRole == .serviceProvider || party.usRole == .contractor : party.role == .processor || party.role == .subprocessor
        }
    }

    /// Permissions go by the identified subject; stops by every subject in the record.
    func judge(_ input: DecisionInput) -> ConsentFinding {
        var finding = judge(input.subject.entry?.profile.consents ?? [], input)
        for other in input.subject.others where !other.profile.consents.isEmpty {
            let grants = grants(in: other.profile.consents, input)
            for stop in other.profile.consents where stops(stop, despite: grants, input) { finding.add(stop) }
        }
        return finding
    }

    private func judge(_ standings: [ConsentStanding], _ input: DecisionInput) -> ConsentFinding {
        let grants = grants(in: standings, input)
        var finding = ConsentFinding(failures: [], permits: false)
        for i in standings.indices where standings[i].state.isStop && stops(standings[i], despite: grants, input) {
            finding.add(standings[i])
        }
        var isGood = false
        for i in grants.indices where grants[i].failures.isEmpty {
            if !isGood { finding.notice = grants[i].notice }
            isGood = true
            finding.isExplicit = finding.isExplicit || grants[i].isExplicit
            finding.isByParent = finding.isByParent || grants[i].isByParent
        }
        if isGood {
            finding.permits = finding.failures.isEmpty
        } else if let best = grants.min(by: { $0.failures.count < $1.failures.count }) {
            for code in best.failures { finding.add(code) }
        } else {
            for standing in standings where speaksOfThis(standing, input) {
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

        /// Both together are as weak as the weaker.
        func joined(with other: Grant) -> Grant {
            Grant(
                failures: failures + other.failures.filter { !failures.contains($0) }, recency: min(recency, other.recency),
                isDirect: false,
                namesVendor: namesVendor && other.namesVendor, isExplicit: isExplicit && other.isExplicit,
                isByParent: isByParent && other.isByParent, notice: other.notice)
        }
    }

    /// Direct grants, and the one that all parents together make.
    private func grants(in standings: [ConsentStanding], _ input: DecisionInput) -> [Grant] {
        var found: [Grant] = []
        for i in standings.indices where standings[i].state.permits && standings[i].purpose == purposeName {
            found.append(grant(standings[i], isDirect: true, input))
        }
        if !found.contains(where: { $0.failures.isEmpty }), !input.policy.purposes[purpose].narrows.isEmpty,
            let byParents = grantByParents(in: standings, input)
        {
            found.append(byParents)
        }
        return found
    }

    private func grant(_ standing: ConsentStanding, isDirect: Bool, _ input: DecisionInput) -> Grant {
        let notice = standing.notice.flatMap { input.policy.notices[$0] }
        let isInNotice = notice?.recipients.contains(vendorName)
        let isNamed = standing.recipient.map { $0 == vendorName } ?? isInNotice ?? false
        var failures: [ReasonCode] = []
        let isInScope = notice.map { $0.purposes.contains(purposeName) } ?? isDirect
        if !isInScope || !isControllerOurs(standing.controller, input) { failures.append(.consentScopeMismatch) }
        // A notice we know must have named the vendor itself; of one we do not know, the event's own recipients count.
        if mustBeNamed, !isNamed || isInNotice == false { failures.append(.consentRecipientNotNamed) }
        if !standing.hasProof { failures.append(.consentProofMissing) }
        return Grant(
            failures: failures, recency: standing.recency, isDirect: isDirect, namesVendor: isNamed, isExplicit: standing.explicit,
            isByParent: standing.byParent, notice: standing.notice)
    }

    /// Consent to parents suffices only if all are consented, none is generic and each notice listed this purpose. Nil: no parent has any.
    private func grantByParents(in standings: [ConsentStanding], _ input: DecisionInput) -> Grant? {
        var whole: Grant?
        var isComplete = true
        for parent in input.policy.purposes[purpose].narrows {
            let name = input.policy.purposes[parent.position].name
            let candidates = standings.filter { $0.state.permits && $0.purpose == name }.map { grant($0, isDirect: false, input) }
            if input.policy.purposes[parent.position].generic { isComplete = false }
            guard let best = candidates.min(by: { $0.failures.count < $1.failures.count }) else {
                isComplete = false
                continue
            }
            whole = whole?.joined(with: best) ?? best
        }
        if !isComplete, whole?.failures.contains(.consentScopeMismatch) == false { whole?.failures.insert(.consentScopeMismatch, at: 0) }
        return whole
    }

    // MARK: Stops

    /// A stop that covers this purpose and vendor, and that none of `grants` lifts.
    private func stops(_ standing: ConsentStanding, despite grants: [Grant], _ input: DecisionInput) -> Bool {
        guard standing.state.isStop, covers(standing, input) else { return false }
        // A grant that ran out is nobody's stop; a standing's own stop without a number was never ordered, so nothing lifts it.
        if standing.recency == 0 { return standing.state != .expired }
        let isForThis = standing.purpose == purposeName
        return !grants.contains { grant in
            grant.recency >= standing.recency && (grant.isDirect || !isForThis) && (grant.namesVendor || standing.recipient == nil)
        }
    }

    /// Without purpose it covers every one, and it runs down the graph; without recipient all; without controller all.
    private func covers(_ standing: ConsentStanding, _ input: DecisionInput) -> Bool {
        guard standing.recipient == nil || standing.recipient == vendorName, isControllerOurs(standing.controller, input) else {
            return false
        }
        guard let name = standing.purpose, name != purposeName else { return true }
        return input.policy.purposes[purpose].ancestors.contains { input.policy.purposes[$0.position].name == name }
    }

    /// A standing that neither permits nor stops, or a grant that ran out, for exactly this purpose.
    private func speaksOfThis(_ standing: ConsentStanding, _ input: DecisionInput) -> Bool {
        standing.purpose == purposeName && isControllerOurs(standing.controller, input)
            && (standing.recipient == nil || standing.recipient == vendorName || !mustBeNamed)
            && !(standing.state.isStop && standing.recency > 0)
    }

    private func isControllerOurs(_ controller: String?, _ input: DecisionInput) -> Bool {
        guard let controller, controller != input.policy.organisation.id else { return true }
        return input.policy.agreements[agreement].parties.contains {
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
