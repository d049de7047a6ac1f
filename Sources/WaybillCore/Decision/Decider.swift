/// Makes one decision: the whole order of decisions.md.
package enum Decider {
    /// `trace`: pass an array to collect every check for an explanation; nil costs nothing.
    package static func decide(_ input: DecisionInput, trace: UnsafeMutablePointer<[CheckTrace]>? = nil) -> Decision {
        var record = StepContext(input, trace: trace)
        record.run(.integrity, input)
        guard record.failures.isEmpty else { return denial(record.failures, [record], input: input, warnings: []) }
        record.route = input.policy.route(caller: input.caller, vendor: input.vendor, endpoint: input.endpoint)
        record.run(.record, input)

        var purposes = input.purposes
        if purposes.isEmpty, let route = record.route { purposes = route.defaultPurposes }
        if record.traffic == .rights || purposes.count < 2 {
            record.choose(purposes.first, input)
            record.run(.purpose, input)
            return record.failures.isEmpty
                ? permission(record, plan: record.plan, applied: record.candidate.map { [$0] } ?? [], isHeld: record.isHeld, input)
                : denial(record.failures, [record], input: input, warnings: record.warnings)
        }
        return merge(
            purposes.map { purpose in
                var own = record
                own.choose(purpose, input)
                own.run(.purpose, input)
                return own
            }, input)
    }

    /// Each purpose was decided alone; what is sent is the union of what the permitted ones permit.
    private static func merge(_ all: [StepContext], _ input: DecisionInput) -> Decision {
        let permitted = all.filter { $0.failures.isEmpty }
        guard let first = permitted.first else {
            return denial(unique(all.flatMap { $0.failures }), all, input: input, warnings: unique(all.flatMap { $0.warnings }))
        }
        var plan = first.plan
        for other in permitted.dropFirst() { plan.unite(with: other.plan, policy: input.policy) }
        var decision = permission(
            first, plan: plan, applied: permitted.compactMap { $0.candidate }, isHeld: permitted.contains { $0.isHeld }, input)
        decision.warnings = unique(permitted.flatMap { $0.warnings })
        decision.mechanisms = unique(permitted.flatMap { $0.mechanisms })
        decision.stand(on: all)
        return decision
    }

    private static func permission(
        _ context: StepContext, plan: FieldPlan, applied: [Route.Candidate], isHeld: Bool, _ input: DecisionInput
    ) -> Decision {
        let (codes, isReduced) = narrowing(of: plan, input: input)
        let regimes = context.regimes.list
        var decision = Decision(
            outcome: isHeld ? .hold : isReduced ? .allowRedacted : .allow, codes: codes, warnings: context.warnings, plan: plan,
            applied: applied, regimes: regimes, bases: regimes.compactMap { context.basis($0) }, mechanisms: context.mechanisms)
        decision.stand(on: [context])
        return decision
    }

    private static func denial(_ failures: [ReasonCode], _ contexts: [StepContext], input: DecisionInput, warnings: [Warning]) -> Decision {
        let codes = inOrder(failures)
        var decision = Decision(
            outcome: .deny, codes: codes, warnings: warnings,
            plan: .dropAll(codes.first ?? .policyUnavailable, fieldCount: input.policy.fields.count))
        decision.stand(on: contexts)
        return decision
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

extension Decision {
    fileprivate mutating func stand(on contexts: [StepContext]) {
        standsSince = contexts.map(\.moment.standsSince).max() ?? standsSince
        standsUntil = contexts.map(\.moment.standsUntil).min() ?? standsUntil
        volumesAsked = contexts.flatMap(\.volumesAsked)
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
