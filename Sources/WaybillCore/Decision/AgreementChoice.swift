/// Which agreement version governs a purpose: of an agreement's versions the newest that was approved and has begun. Whatever became
/// of it since, an older one never takes its place again.
enum AgreementChoice {
    /// What one version is at one moment.
    private enum Status {
        case inForce
        /// Began, and ended or stopped: still the one that governs.
        case governs(ReasonCode)
        /// Never began: an older version may still be in force.
        case waits(ReasonCode)
    }

    /// `candidates` of one agreement follow one another, newest first. Without one in force: the best known version, and why not.
    static func choose(
        _ purpose: PurposeID, among candidates: [Route.Candidate], input: DecisionInput, _ moment: inout Moment
    ) -> (Route.Candidate?, [ReasonCode]) {
        var fallback: Route.Candidate?
        var failures: [ReasonCode] = []
        var waiting: (first: Route.Candidate, codes: [ReasonCode])?
        var previous: AgreementID?
        var isSettled = false
        for candidate in candidates where candidate.purpose == purpose {
            if previous.map({ !isSameAgreement($0, candidate.agreement, input.policy) }) ?? true {
                if let waiting, !isSettled { (fallback, failures) = (fallback ?? waiting.first, failures + waiting.codes) }
                (waiting, isSettled) = (nil, false)
            }
            previous = candidate.agreement
            guard !isSettled else { continue }
            switch status(of: candidate.agreement, input, &moment) {
            case .inForce:
                guard isReplaced(candidate.agreement, input, &moment) else { return (candidate, []) }
                isSettled = true
                (fallback, failures) = (fallback ?? candidate, failures + [.agreementSuperseded])
            case .governs(let code):
                isSettled = true
                (fallback, failures) = (fallback ?? candidate, failures + [code])
            case .waits(let code):
                waiting = (waiting?.first ?? candidate, (waiting?.codes ?? []) + [code])
            }
        }
        if let waiting, !isSettled { (fallback, failures) = (fallback ?? waiting.first, failures + waiting.codes) }
        return (fallback, failures)
    }

    /// A newer version that no longer covers the purpose has begun. It is in no route of the purpose, so every newer one is asked.
    private static func isReplaced(_ id: AgreementID, _ input: DecisionInput, _ moment: inout Moment) -> Bool {
        var next = input.policy.nextVersions[id.position]
        while let newer = next {
            switch status(of: newer, input, &moment) {
            case .inForce, .governs: return true
            case .waits: next = input.policy.nextVersions[newer.position]
            }
        }
        return false
    }

    private static func isSameAgreement(_ a: AgreementID, _ b: AgreementID, _ policy: PolicySet) -> Bool {
        a == b || policy.agreements[a.position].id == policy.agreements[b.position].id
    }

    private static func status(of id: AgreementID, _ input: DecisionInput, _ moment: inout Moment) -> Status {
        let all = input.policy.agreements
        let hasBegun = moment.hasReached(all[id.position].from)
        switch state(of: id, input) {
        case .draft: return .waits(.agreementDraft)
        case .inReview: return .waits(.agreementInReview)
        case .superseded: return .governs(.agreementSuperseded)
        case .suspended: return hasBegun ? .governs(.agreementSuspended) : .waits(.agreementSuspended)
        case .terminated: return hasBegun ? .governs(.agreementTerminated) : .waits(.agreementTerminated)
        case .approved:
            guard hasBegun else { return .waits(.agreementNotYetEffective) }
            if let until = all[id.position].until, moment.hasReached(until) { return .governs(.agreementExpired) }
            return .inForce
        }
    }

    private static func state(of id: AgreementID, _ input: DecisionInput) -> Standing.AgreementState {
        let state = said(of: id, input)
        guard state == .approved, !input.standing.agreementsSuspended.isEmpty else { return state }
        return input.standing.agreementsSuspended.contains(input.policy.agreements[id.position].id) ? .suspended : state
    }

    private static func said(of id: AgreementID, _ input: DecisionInput) -> Standing.AgreementState {
        if !input.standing.agreements.isEmpty {
            let agreement = input.policy.agreements[id.position]
            if let known = input.standing.agreements["\(agreement.id)@\(agreement.version)"] { return known }
        }
        return input.policy.organisation.approvals == .files ? .approved : .draft
    }
}
