/// Step 6: special categories of personal data need a basis and a condition of Article 9(2) besides; without it the fields stay
/// behind, and a record that cannot do without them is refused.
enum SpecialCategoryStep {
    static func check(_ context: inout StepContext) {
        guard let term = context.term else { return }
        guard !context.regimes.isDisjoint(with: .european) else { return context.specialCategoryRefusal = nil }
        guard context.hasAgreed(sensitivity: .gdpr9, term) else { return }
        let refusal = refusal(term, &context)
        context.specialCategoryRefusal = refusal
        context.note("condition") { term.basisEvidence["art9"] ?? "none" }
        context.note(at: term.position)
        guard let refusal else { return }
        if context.requires(sensitivity: .gdpr9, term) { context.fail(refusal) }
    }

    private static func refusal(_ term: AgreedPurpose, _ context: inout StepContext) -> ReasonCode? {
        guard let written = term.basisEvidence["art9"] else { return .specialCategoryConditionMissing }
        let condition = SpecialCategoryCondition(written)
        for regime in context.regimes.list where regime != .us {
            let isConsentBased = context.basis(regime) == .consent
            guard condition == .explicitConsent || (isConsentBased && condition == .reference) else { continue }
            let consent = context.consent(under: regime)
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

extension StepContext {
    /// A field of that sensitivity stands in the record and might go.
    func hasAgreed(sensitivity: Field.Sensitivity, _ term: AgreedPurpose) -> Bool {
        input.subject.present.contains { id in
            isSensitive(id, sensitivity) && (term.fields[id] != nil || reports)
        }
    }

    /// The record cannot go without a field of that sensitivity which it holds.
    func requires(sensitivity: Field.Sensitivity, _ term: AgreedPurpose) -> Bool {
        term.required.contains { isSensitive($0, sensitivity) && input.subject.present.contains($0) }
    }

    func isSensitive(_ id: FieldID, _ sensitivity: Field.Sensitivity) -> Bool {
        !input.policy.fields[id.position].sensitive.isEmpty && input.policy.fields[id.position].sensitive.contains(sensitivity)
    }
}
