/// Step 6: special categories of personal data need a basis and a condition of Article 9(2) besides; without it the fields stay
/// behind, and a record that cannot do without them is refused.
enum SpecialCategoryStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        guard !context.regimes.isDisjoint(with: .european) else { return context.specialCategoryRefusal = nil }
        guard input.hasAgreed(.gdpr9, candidate, reports: context.reports) else { return }
        let condition = input.policy.agreements[candidate.agreement.position].purposes[candidate.term].basisEvidence["art9"]
        let refusal = refusal(condition, input, &context)
        context.specialCategoryRefusal = refusal
        context.note("condition") { condition ?? "none" }
        context.note(at: input.policy.agreements[candidate.agreement.position].purposes[candidate.term].position)
        if let refusal, input.requires(.gdpr9, candidate) { context.fail(refusal) }
    }

    private static func refusal(_ written: String?, _ input: DecisionInput, _ context: inout StepContext) -> ReasonCode? {
        guard let written else { return .specialCategoryConditionMissing }
        let condition = SpecialCategoryCondition(written)
        for regime in Regime.allCases where regime != .us && context.regimes.contains(regime) {
            let isConsentBased = context.basis(regime) == .consent
            guard condition == .explicitConsent || (isConsentBased && condition == .reference) else { continue }
            let consent = context.consent(under: regime, input)
            if !consent.permits || !consent.isExplicit { return .consentNotExplicit }
        }
        return nil
    }
}

/// Which condition of Article 9(2) an agreement's `art9` cites: `9(2)(a)`, `art9.2.h`, `explicit_consent`.
enum SpecialCategoryCondition: Equatable {
    /// Point (a).
    case explicitConsent
    /// Points (b) to (j).
    case point(Character)
    /// Some document of the organisation's own; beside consent as the basis it is read as point (a).
    case reference

    init(_ text: String) {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
        if words.contains("explicit") || words.last == "a" {
            self = .explicitConsent
        } else if let last = words.last, last.count == 1, let point = last.first, ("b"..."j").contains(point) {
            self = .point(point)
        } else {
            self = .reference
        }
    }
}

extension DecisionInput {
    /// A field of that sensitivity stands in the record and might go.
    func hasAgreed(_ sensitivity: Field.Sensitivity, _ candidate: Route.Candidate, reports: Bool) -> Bool {
        subject.present.contains { id in
            isSensitive(id, sensitivity)
                && (reports || policy.agreements[candidate.agreement.position].purposes[candidate.term].fields[id] != nil)
        }
    }

    /// The record cannot go without a field of that sensitivity which it holds.
    func requires(_ sensitivity: Field.Sensitivity, _ candidate: Route.Candidate) -> Bool {
        policy.agreements[candidate.agreement.position].purposes[candidate.term].required.contains {
            isSensitive($0, sensitivity) && subject.present.contains($0)
        }
    }

    func isSensitive(_ id: FieldID, _ sensitivity: Field.Sensitivity) -> Bool {
        !policy.fields[id.position].sensitive.isEmpty && policy.fields[id.position].sensitive.contains(sensitivity)
    }
}
