/// Step 10: has the person set a ceiling? It only ever narrows; purposes of level 0 are below every one.
enum PersonalizationStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        let level = input.policy.purposes[candidate.purpose.position].personalization
        guard level > 0 else { return }
        let ceiling = ceiling(input, context)
        context.note("level") { "\(level)" }
        context.note("ceiling") { ceiling.map { "\($0)" } ?? "none" }
        if let ceiling, level > ceiling { context.fail(.personalizationLevelExceeded) }
    }

    /// The person's own word always wins. Else, where opt-in applies, as far as the purposes they consented to go; nil: none.
    private static func ceiling(_ input: DecisionInput, _ context: StepContext) -> Int? {
        if let preference = input.subject.entry?.profile.preference { return preference }
        // A purpose that rests on consent alone is within its own ceiling, or was refused for want of consent.
        let asksMore = Regime.allCases.contains { $0 != .us && context.regimes.contains($0) && context.basis($0) != .consent }
        guard asksMore else { return nil }
        var ceiling = 0
        for standing in input.subject.entry?.profile.consents ?? [] where standing.state.permits {
            guard let name = standing.purpose, let id = input.policy.purpose(named: name) else { continue }
            ceiling = max(ceiling, input.policy.purposes[id.position].personalization)
        }
        return ceiling
    }
}
