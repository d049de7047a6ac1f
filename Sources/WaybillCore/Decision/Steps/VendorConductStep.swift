/// Step 1, once the agreement is known: are the vendor's subprocessors approved, and its deletion proofs not overdue?
enum VendorConductStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let i = context.candidate?.agreement.position else { return }
        for subprocessor in input.policy.agreements[i].subprocessors {
            switch subprocessor.status {
            case .accepted: continue
            // Until the time to object is over, a proposed one may not be used, so nothing reaches it. After that it must be decided.
            case .proposed: if subprocessor.objectBy.map({ !context.moment.hasReached($0) }) ?? false { continue }
            case .objected: break
            }
            context.note("subprocessor") { "\(subprocessor.id), \(subprocessor.status.rawValue)" }
            context.note(at: input.policy.agreements[i].position)
            context.fail(.subprocessorNotApproved)
        }
        guard !input.standing.proofs.isEmpty, let stage = input.standing.proofs[input.policy.agreements[i].id] else { return }
        context.note("deletion proof") { "overdue, \(stage)" }
        switch stage {
        case .warned: break
        case .stopNewSubjects: if !input.subject.disclosedBefore { context.fail(.deletionProofOverdue) }
        case .suspended: context.fail(.deletionProofOverdue)
        }
    }
}
