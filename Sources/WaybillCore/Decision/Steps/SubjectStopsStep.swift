/// Step 4: has the person said stop? Stops of every subject whose identifiers stand in the record count.
enum SubjectStopsStep {
    static func check(_ context: inout StepContext) {
        guard let term = context.term, let purposeID = context.purpose else { return }
        let subject = context.input.subject
        guard subject.entry != nil || !subject.others.isEmpty else { return }
        let purpose = context.input.policy.purposes[purposeID.position]
        context.note("purpose") { purpose.name }
        if let entry = subject.entry { check(entry.profile, purpose, term, &context) }
        for other in subject.others { check(other.profile, purpose, term, &context) }
    }

    private static func check(_ profile: SubjectProfile, _ purpose: Purpose, _ term: AgreedPurpose, _ context: inout StepContext) {
        let isOwedByLaw = !context.regimes.isEmpty && context.everyBasis { $0 == .legalObligation }
        if profile.erased, !isOwedByLaw, !profile.erasureLiftedFor.contains(purpose.name) { context.fail(.subjectErased) }
        if profile.restricted { context.fail(.processingRestricted) }
        guard !profile.objections.isEmpty, !isOwedByLaw else { return }
        let isLifted = profile.consents.contains { $0.afterObjection && $0.state.permits && $0.purpose == purpose.name }
        for objection in profile.objections {
            switch objection.scope {
            case .all:
                if purpose.marketing, !isLifted { context.fail(.directMarketingObjection) }
                if isStopped(term, context, byConsentToo: !isLifted) { context.fail(.objectionActive) }
            case .directMarketing:
                if purpose.marketing, !isLifted { context.fail(.directMarketingObjection) }
            case .profiling:
                // Levels 2 and 3 rest on a profile, our own or the vendor's.
                if purpose.personalization >= 2, isStopped(term, context, byConsentToo: !isLifted) { context.fail(.objectionActive) }
            // US choices are step 7's.
            case .sale, .share, .targetedAdvertising, .sensitiveUse: continue
            }
        }
    }

    /// An objection stops legitimate interest and public task until compelling grounds are recorded; a consent older than it; and what
    /// needs no ground. A contract, the law and a vital interest go on.
    private static func isStopped(_ term: AgreedPurpose, _ context: StepContext, byConsentToo: Bool) -> Bool {
        !context.everyBasis { basis in
            switch basis {
            case .legitimateInterest, .publicTask: term.basisEvidence["compelling_grounds"] != nil
            case .consent, .optOut, .notRequired: !byConsentToo
            case .contract, .legalObligation, .vitalInterest: true
            }
        }
    }
}

extension StepContext {
    /// True if it holds for the basis under each applicable regime. A regime without one does not hold.
    func everyBasis(_ holds: (Basis) -> Bool) -> Bool {
        for regime in Regime.allCases where regimes.contains(regime) {
            guard let basis = basis(regime), holds(basis) else { return false }
        }
        return true
    }

    func anyBasis(_ holds: (Basis) -> Bool) -> Bool {
        for regime in Regime.allCases where regimes.contains(regime) {
            if let basis = basis(regime), holds(basis) { return true }
        }
        return false
    }
}
