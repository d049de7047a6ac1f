/// Step 9: what of the record may go, and how. Everything that is not listed stays behind.
enum FieldStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        context.plan = .dropAll(.fieldNotAgreed, fieldCount: input.policy.fields.count)
        if context.traffic == .rights { return RightsFields.check(input, &context) }
        guard let candidate = context.candidate, context.traffic != .control else { return }
        for (id, agreed) in input.policy.agreements[candidate.agreement.position].purposes[candidate.term].fields {
            context.plan.actions[id.position] = action(id, agreed.operatorID, candidate, input, context)
        }
        if context.reports { passUnlisted(candidate, input, &context) }
        FieldStops.apply(input, &context)
        checkRequired(candidate, input, &context)
    }

    private static func action(
        _ id: FieldID, _ operatorID: OperatorID, _ candidate: Route.Candidate, _ input: DecisionInput, _ context: StepContext
    ) -> FieldPlan.Action {
        let i = id.position
        if context.traffic == .organisation, !input.policy.fields[i].entity { return .drop(.fieldNotAgreed) }
        if context.onlyNecessary, context.traffic == .person,
            !input.policy.agreements[candidate.agreement.position].purposes[candidate.term].necessary.contains(id)
        {
            return .drop(.fieldNotAgreed)
        }
        if !input.policy.fields[i].sensitive.isEmpty {
            if let refusal = context.specialCategoryRefusal, context.traffic == .person, input.isSensitive(id, .gdpr9) {
                return .drop(refusal)
            }
            if let refusal = context.usSensitiveRefusal, input.isSensitive(id, .us) { return .drop(refusal) }
        }
        if input.policy.fields[i].freeText, !input.policy.hidesFreeText(operatorID) { return .drop(.freeTextUnscanned) }
        return .apply(operatorID)
    }

    private static func passUnlisted(_ candidate: Route.Candidate, _ input: DecisionInput, _ context: inout StepContext) {
        guard let keep = input.policy.keepOperator else { return }
        let listed = input.policy.agreements[candidate.agreement.position].purposes[candidate.term].fields
        for i in input.policy.fields.indices where listed[FieldID(i)] == nil {
            context.plan.actions[i] = action(FieldID(i), keep, candidate, input, context)
        }
    }

    private static func checkRequired(_ candidate: Route.Candidate, _ input: DecisionInput, _ context: inout StepContext) {
        for id in input.policy.agreements[candidate.agreement.position].purposes[candidate.term].required {
            // A record about an organisation is not asked for a person's fields.
            if context.traffic == .organisation, !input.policy.fields[id.position].entity { continue }
            guard input.subject.present.contains(id) else {
                context.fail(.fieldRequiredMissing)
                context.note("missing") { input.policy.fields[id.position].name }
                continue
            }
            switch context.plan[id] {
            case .drop(let code): context.fail(code)
            case .apply(let id): if input.policy.operators[id.position].dropsMember { context.fail(.fieldRequiredMissing) }
            }
        }
    }
}

/// The kill switch for a field: from then on it stays behind, whatever agreements and report mode say.
///
/// Requests to suppress, erase and restrict are spared: they carry only what names the person who said stop, and keeping that back would
/// keep a vendor mailing them.
enum FieldStops {
    static func apply(_ input: DecisionInput, _ context: inout StepContext) {
        stop(input.standing.fieldsSuspended, input, &context)
        if !input.standing.vendorFieldsSuspended.isEmpty {
            stop(input.standing.vendorFieldsSuspended[input.policy.vendors[input.vendor.position].id] ?? [], input, &context)
        }
    }

    private static func stop(_ names: Set<String>, _ input: DecisionInput, _ context: inout StepContext) {
        guard !names.isEmpty else { return }
        context.note("stopped") { names.sorted().joined(separator: " ") }
        for i in input.policy.fields.indices where names.contains(input.policy.fields[i].name) {
            context.plan.actions[i] = .drop(.fieldSuspended)
        }
    }
}

/// What a rights request may carry: `only`, exactly; and for `rectify` what agreements with the vendor have let it have.
enum RightsFields {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        let endpoint = input.policy.vendors[input.vendor.position].endpoints[input.endpoint.position]
        context.note(at: endpoint.position)
        guard let keep = input.policy.keepOperator else { return }
        for member in endpoint.only {
            if case .field(let id) = member.rule { context.plan.actions[id.position] = .apply(keep) }
        }
        // The path names the person; its place is the template's, so it carries nothing else.
        for path in endpoint.pathFields { context.plan.actions[path.field.position] = .apply(keep) }
        guard endpoint.rights == .rectify else { return }
        for agreement in input.policy.agreements where agreement.vendor == input.vendor {
            guard context.moment.hasReached(agreement.from) else { continue }
            for term in agreement.purposes {
                for (id, agreed) in term.fields { add(agreed.operatorID, for: id, input, &context) }
            }
        }
        FieldStops.apply(input, &context)
    }

    private static func add(_ operatorID: OperatorID, for id: FieldID, _ input: DecisionInput, _ context: inout StepContext) {
        if input.policy.fields[id.position].freeText, !input.policy.hidesFreeText(operatorID) { return }
        var more = FieldPlan.dropAll(.fieldNotAgreed, fieldCount: input.policy.fields.count)
        more.actions[id.position] = .apply(operatorID)
        context.plan.unite(with: more, policy: input.policy)
    }
}

extension PolicySet {
    /// Nil: no agreement of the set keeps anything.
    var keepOperator: OperatorID? { operators.firstIndex { $0.keepsValue }.map { OperatorID($0) } }

    /// What leaves of a free text holds nothing of what somebody typed into it.
    func hidesFreeText(_ id: OperatorID) -> Bool {
        operators[id.position].dropsMember || ["hash", "pseudonymize", "replace", "scrub"].contains(type(of: operators[id.position]).name)
    }
}
