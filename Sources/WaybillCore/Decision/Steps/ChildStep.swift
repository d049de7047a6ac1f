/// Step 6: a child below the national age consents through a parent; where children are expected, an unknown age is no adult's.
enum ChildStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        let regime = Regime.allCases.first { $0 != .us && context.regimes.contains($0) && context.basis($0) == .consent }
        let isChildDirected = input.policy.callers[input.caller.position].childDirected
        guard let age = input.age else {
            guard isChildDirected, regime != nil || context.regimes.contains(.us) && USActivities(candidate, input).any else { return }
            context.note("age") { "unknown, and the caller is directed at children" }
            return context.fail(.ageUnknown)
        }
        guard let regime else { return }
        let limit = limit(input)
        context.note("age of consent") { "\(limit)" }
        context.note("age") { age < limit ? "below" : "reached" }
        if age < limit, !context.consent(under: regime, input).isByParent { context.fail(.parentalConsentMissing) }
    }

    /// The highest of the subject's countries, the default where none is known.
    private static func limit(_ input: DecisionInput) -> Int {
        let fallback = input.policy.facts.childrenAgeDefault
        return input.countries.map { input.policy.facts.childrenAge[$0.country] ?? fallback }.max() ?? fallback
    }
}
