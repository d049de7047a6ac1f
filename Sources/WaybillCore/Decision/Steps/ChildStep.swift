/// Step 6: a child below the national age consents through a parent; where children are expected, an unknown age is no adult's.
enum ChildStep {
    static func check(_ context: inout StepContext) {
        guard let term = context.term else { return }
        let age = context.age
        let consentRegimes = context.regimes.list.filter { $0 != .us && context.basis($0) == .consent }
        let sells = context.regimes.contains(.us) && USActivities(of: term, context).any
        guard !consentRegimes.isEmpty || sells else { return }
        let isChildDirected = context.input.policy.callers[context.input.caller.position].childDirected
        guard let age else {
            context.note("age") { isChildDirected ? "unknown, and the caller is directed at children" : "unknown, taken for an adult" }
            if isChildDirected { context.fail(.ageUnknown) }
            return
        }
        guard let regime = consentRegimes.first else { return }
        let limit = limit(context)
        context.note("age of consent") { "\(limit)" }
        context.note("age") { age < limit ? "below" : "reached" }
        if age < limit, !context.consent(under: regime).isByParent { context.fail(.parentalConsentMissing) }
    }

    /// The highest of the subject's countries, the default where none is known.
    private static func limit(_ context: StepContext) -> Int {
        let facts = context.input.policy.facts
        return context.countries.map { facts.childrenAge[$0.country] ?? facts.childrenAgeDefault }.max() ?? facts.childrenAgeDefault
    }
}

extension StepContext {
    /// Whole years; nil: unknown. Imported facts first, else what the record says.
    var age: Int? { (input.subject.entry?.born ?? input.subject.bornInRecord).map { $0.years(until: now.day) } }
}
