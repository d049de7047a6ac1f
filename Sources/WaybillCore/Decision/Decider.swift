/// Makes one decision: the whole order of decisions.md.
package enum Decider {
    /// `trace`: pass an array to collect every check for an explanation; nil costs nothing.
    package static func decide(_ input: DecisionInput, trace: UnsafeMutablePointer<[CheckTrace]>? = nil) -> Decision {
        var record = StepContext(input: input, trace: trace)
        record.run(DecisionStep.order, scope: .integrity)
        guard record.failures.isEmpty else { return denial(record.failures, input: input, warnings: []) }
        record.findRoute()
        record.run(DecisionStep.order, scope: .record)

        var purposes = input.purposes
        if purposes.isEmpty, let route = record.route { purposes = route.defaultPurposes }
        if record.traffic == .rights || purposes.count < 2 {
            record.choose(purposes.first)
            record.run(DecisionStep.order, scope: .purpose)
            return merge([record], input: input)
        }
        return merge(
            purposes.map { purpose in
                var own = record
                own.choose(purpose)
                own.run(DecisionStep.order, scope: .purpose)
                return own
            }, input: input)
    }

    /// Each purpose was decided alone; what is sent is the union of what the permitted ones permit.
    private static func merge(_ all: [StepContext], input: DecisionInput) -> Decision {
        let permitted = all.count == 1 ? (all[0].failures.isEmpty ? all : []) : all.filter { $0.failures.isEmpty }
        guard let first = permitted.first else {
            return denial(unique(all.flatMap { $0.failures }), input: input, warnings: unique(all.flatMap { $0.warnings }))
        }
        var plan = first.plan
        for other in permitted.dropFirst() { plan.unite(with: other.plan, policy: input.policy) }
        let (codes, isReduced) = narrowing(of: plan, input: input)
        let isHeld = permitted.contains { $0.isHeld }
        return Decision(
            outcome: isHeld ? .hold : isReduced ? .allowRedacted : .allow, codes: codes,
            warnings: permitted.count == 1 ? first.warnings : unique(permitted.flatMap { $0.warnings }), plan: plan,
            applied: permitted.compactMap { $0.candidate }, regimes: first.regimes.list,
            bases: first.regimes.list.compactMap { first.basis($0) },
            mechanisms: permitted.count == 1 ? first.mechanisms : unique(permitted.flatMap { $0.mechanisms }))
    }

    private static func denial(_ failures: [ReasonCode], input: DecisionInput, warnings: [Warning]) -> Decision {
        let codes = inOrder(failures)
        return Decision(
            outcome: .deny, codes: codes, warnings: warnings,
            plan: .dropAll(codes.first ?? .policyUnavailable, fieldCount: input.policy.fields.count))
    }

    /// Why present fields stay behind, and whether anything at all differs from what came.
    private static func narrowing(of plan: FieldPlan, input: DecisionInput) -> (codes: [ReasonCode], isReduced: Bool) {
        var codes: [ReasonCode] = []
        var isReduced = false
        for field in input.subject.present {
            switch plan[field] {
            case .drop(let code):
                isReduced = true
                if !codes.contains(code) { codes.append(code) }
            case .apply(let id): if !isReduced { isReduced = !input.policy.operators[id.position].keepsValue }
            }
        }
        return (inOrder(codes), isReduced)
    }

    private static func inOrder(_ codes: [ReasonCode]) -> [ReasonCode] {
        codes.count < 2 ? codes : codes.map { ($0.order, $0) }.sorted { $0.0 < $1.0 }.map { $0.1 }
    }

    private static func unique<T: Equatable>(_ all: [T]) -> [T] {
        var seen: [T] = []
        for one in all where !seen.contains(one) { seen.append(one) }
        return seen
    }
}

extension FieldPlan {
    /// A field that either permits may go; where both name it, the narrower operator wins, the earlier one at equal narrowness.
    mutating func unite(with other: FieldPlan, policy: PolicySet) {
        for i in actions.indices {
            switch (actions[i], other.actions[i]) {
            case (_, .drop): continue
            case (.drop, .apply): actions[i] = other.actions[i]
            case (.apply(let mine), .apply(let theirs)):
                guard mine != theirs else { continue }
                if type(of: policy[theirs]).narrowness > type(of: policy[mine]).narrowness { actions[i] = other.actions[i] }
            }
        }
    }
}
