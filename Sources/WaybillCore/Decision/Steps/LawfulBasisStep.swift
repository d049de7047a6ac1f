/// Step 5: on what ground? Each applicable regime must find its own.
enum LawfulBasisStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        noteBases(&context)
        context.note(at: input.policy.agreements[candidate.agreement.position].purposes[candidate.term].position)
        for regime in Regime.allCases where context.regimes.contains(regime) {
            guard let basis = context.basis(regime) else {
                context.fail(.purposeNotCovered)
                continue
            }
            check(basis, under: regime, candidate, input, &context)
        }
    }

    private static func check(
        _ basis: Basis, under regime: Regime, _ candidate: Route.Candidate, _ input: DecisionInput, _ context: inout StepContext
    ) {
        func cites(_ kind: String) -> Bool {
            input.policy.agreements[candidate.agreement.position].purposes[candidate.term].basisEvidence[kind] != nil
        }
        switch basis {
        case .consent:
            let consent = context.consent(under: regime, input)
            context.note("consent") { consent.summary }
            for code in consent.failures { context.fail(code) }
            if consent.permits, input.subject.entry?.expiresSoon ?? false { context.warn(.consentExpiring) }
        case .contract:
            // Nobody contracts to be advertised to: where consent or interest is the ground, a contract cannot replace it.
            if input.policy.purposes[candidate.purpose.position].marketing { context.fail(.basisSwapForbidden) }
            context.onlyNecessary = true
        case .legalObligation:
            if !cites("law") { context.fail(.assessmentMissing) }
        case .legitimateInterest:
            if !cites("assessment") { context.fail(.assessmentMissing) }
            if context.consent(under: regime, input).hasRefusal { context.fail(.basisSwapForbidden) }
        case .publicTask:
            if !cites("assessment") { context.fail(.assessmentMissing) }
        case .vitalInterest:
            context.isHeld = true
        case .optOut, .notRequired:
            // Swiss private law asks for no ground, US law for none either; under the GDPRs nothing is lawful by default.
            if regime == .gdpr || regime == .ukGDPR { context.fail(.consentMissing) }
            // Whoever refused or withdrew for this purpose has opted out of it, whatever the form was called.
            let consent = context.consent(under: regime, input)
            if consent.hasRefusal { context.fail(consent.failures.first ?? .consentWithdrawn) }
        }
    }

    private static func noteBases(_ context: inout StepContext) {
        guard context.isTraced else { return }
        let bases = context.regimes.list.map { "\($0.rawValue): \(context.basis($0)?.rawValue ?? "none")" }
        context.note("basis") { bases.joined(separator: ", ") }
    }
}
