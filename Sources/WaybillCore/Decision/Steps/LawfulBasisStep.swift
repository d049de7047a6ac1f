/// Step 5: on what ground? Each applicable regime must find its own.
enum LawfulBasisStep {
    static func check(_ context: inout StepContext) {
        guard let term = context.term, let purposeID = context.purpose else { return }
        let isMarketing = context.input.policy.purposes[purposeID.position].marketing
        let bases = context.regimes.list.map { ($0, context.basis($0)) }
        context.note("basis") { bases.map { "\($0.0.rawValue): \($0.1?.rawValue ?? "none")" }.joined(separator: ", ") }
        context.note(at: term.position)
        for (regime, basis) in bases {
            guard let basis else {
                context.fail(.purposeNotCovered)
                continue
            }
            check(basis, under: regime, term, isMarketing: isMarketing, &context)
        }
    }

    private static func check(
        _ basis: Basis, under regime: Regime, _ term: AgreedPurpose, isMarketing: Bool, _ context: inout StepContext
    ) {
        switch basis {
        case .consent:
            let consent = context.consent(under: regime)
            context.note("consent") { consent.summary }
            for code in consent.failures { context.fail(code) }
            if consent.permits, context.input.subject.entry?.expiresSoon ?? false { context.warn(.consentExpiring) }
        case .contract:
            // Nobody contracts to be advertised to: where consent or interest is the ground, a contract cannot replace it.
            if isMarketing { context.fail(.basisSwapForbidden) }
            context.onlyNecessary = true
        case .legalObligation:
            if term.basisEvidence["law"] == nil { context.fail(.assessmentMissing) }
        case .legitimateInterest:
            if term.basisEvidence["assessment"] == nil { context.fail(.assessmentMissing) }
            if context.consent(under: regime).hasRefusal { context.fail(.basisSwapForbidden) }
        case .publicTask:
            if term.basisEvidence["assessment"] == nil { context.fail(.assessmentMissing) }
        case .vitalInterest:
            context.isHeld = true
        case .optOut, .notRequired:
            // Swiss private law asks for no ground, US law for none either; under the GDPRs nothing is lawful by default.
            if regime == .gdpr || regime == .ukGDPR { context.fail(.consentMissing) }
            // Whoever refused or withdrew for this purpose has opted out of it, whatever the form was called.
            let consent = context.consent(under: regime)
            if consent.hasRefusal { context.fail(consent.failures.first ?? .consentWithdrawn) }
        }
    }
}
