/// Step 10: has the person set a ceiling? It only ever narrows; purposes of level 0 are below every one.
enum PersonalizationStep {
    static func check(_ context: inout StepContext) {
        guard context.candidate != nil, let purposeID = context.purpose else { return }
        let level = context.input.policy.purposes[purposeID.position].personalization
        guard level > 0 else { return }
        let ceiling = ceiling(context)
        context.note("level") { "\(level)" }
        context.note("ceiling") { ceiling.map { "\($0)" } ?? "none" }
        if let ceiling, level > ceiling { context.fail(.personalizationLevelExceeded) }
    }

    /// The person's own word always wins. Else, where opt-in applies, as far as the purposes they consented to go; nil: none.
    private static func ceiling(_ context: StepContext) -> Int? {
        if let preference = context.profile?.preference { return preference }
        let optIn = context.regimes.intersection(.european).list
        // A purpose that rests on consent alone is within its own ceiling, or was refused for want of consent.
        if optIn.allSatisfy({ context.basis($0) == .consent }) { return nil }
        var ceiling = 0
        for standing in context.profile?.consents ?? [] where standing.state.permits {
            guard let name = standing.purpose, let id = context.input.policy.purpose(named: name) else { continue }
            ceiling = max(ceiling, context.input.policy.purposes[id.position].personalization)
        }
        return ceiling
    }
}
