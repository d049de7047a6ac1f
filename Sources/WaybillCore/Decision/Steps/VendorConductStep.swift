/// Step 1, once the agreement is known: are the vendor's subprocessors approved, and its deletion proofs not overdue?
enum VendorConductStep {
    static func check(_ context: inout StepContext) {
        guard let agreement = context.agreement else { return }
        let now = context.now
        for subprocessor in agreement.subprocessors {
            switch subprocessor.status {
            case .accepted: continue
            // Until the time to object is over, a proposed one may not be used, so nothing reaches it. After that it must be decided.
            case .proposed: if subprocessor.objectBy.map({ now < $0 }) ?? false { continue }
            case .objected: break
            }
            context.note("subprocessor") { "\(subprocessor.id), \(subprocessor.status.rawValue)" }
            context.note(at: agreement.position)
            context.fail(.subprocessorNotApproved)
        }
        guard !context.input.standing.proofs.isEmpty, let stage = context.input.standing.proofs[agreement.id] else { return }
        context.note("deletion proof") { "overdue, \(stage)" }
        switch stage {
        case .warned: break
        case .stopNewSubjects: if !context.input.subject.disclosedBefore { context.fail(.deletionProofOverdue) }
        case .suspended: context.fail(.deletionProofOverdue)
        }
    }
}
