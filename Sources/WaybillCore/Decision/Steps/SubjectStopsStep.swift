/// Step 4: has the person said stop? Stops of every subject whose identifiers stand in the record count.
enum SubjectStopsStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        if let entry = input.subject.entry { check(entry.profile, candidate, input, &context) }
        for other in input.subject.others { check(other.profile, candidate, input, &context) }
    }

    private static func check(
        _ profile: SubjectProfile, _ candidate: Route.Candidate, _ input: DecisionInput, _ context: inout StepContext
    ) {
        guard profile.erased || profile.restricted || !profile.objections.isEmpty else { return }
        let purpose = input.policy.purposes[candidate.purpose.position]
        context.note("purpose") { purpose.name }
        let isOwedByLaw = !context.regimes.isEmpty && context.everyBasis { $0 == .legalObligation }
        if profile.erased, !isOwedByLaw, !profile.erasureLiftedFor.contains(purpose.name) { context.fail(.subjectErased) }
        if profile.restricted { context.fail(.processingRestricted) }
        guard !profile.objections.isEmpty, !isOwedByLaw else { return }
        let evidence = input.policy.agreements[candidate.agreement.position].purposes[candidate.term].basisEvidence
        let hasGrounds = evidence["compelling_grounds"] != nil
        let isLifted = profile.consents.contains { $0.afterObjection && $0.state.permits && $0.purpose == purpose.name }
        for objection in profile.objections {
            switch objection.scope {
            case .all:
                if purpose.marketing, !isLifted { context.fail(.directMarketingObjection) }
                if isStopped(context, hasGrounds: hasGrounds, isLifted: isLifted) { context.fail(.objectionActive) }
            case .directMarketing:
                if purpose.marketing, !isLifted { context.fail(.directMarketingObjection) }
            case .profiling:
                // Levels 2 and 3 rest on a profile, our own or the vendor's.
                if purpose.personalization >= 2, isStopped(context, hasGrounds: hasGrounds, isLifted: isLifted) {
                    context.fail(.objectionActive)
                }
            // US choices are step 7's.
            case .sale, .share, .targetedAdvertising, .sensitiveUse: continue
            }
        }
    }

    /// An objection stops legitimate interest and public task until compelling grounds are recorded; a consent older than it; and what
    /// needs no ground. A contract, the law and a vital interest go on.
    private static func isStopped(_ context: StepContext, hasGrounds: Bool, isLifted: Bool) -> Bool {
        !context.everyBasis { basis in
            switch basis {
            case .legitimateInterest, .publicTask: hasGrounds
            case .consent, .optOut, .notRequired: isLifted
            case .contract, .legalObligation, .vitalInterest: true
            }
        }
    }
}
