/// Step 9: what of the record may go, and how. Everything that is not listed stays behind.
enum FieldStep {
    static func check(_ context: inout StepContext) {
        context.plan = .dropAll(.fieldNotAgreed, fieldCount: context.input.policy.fields.count)
        if context.traffic == .rights { return RightsFields.check(&context) }
        guard let term = context.term, context.traffic != .control else { return }
        for (id, agreed) in term.fields { context.plan.actions[id.position] = action(id, agreed.operatorID, term, context) }
        if context.reports, let keep = context.input.policy.keepOperator {
            for i in context.input.policy.fields.indices where term.fields[FieldID(i)] == nil {
                context.plan.actions[i] = action(FieldID(i), keep, term, context)
            }
        }
        checkRequired(term, &context)
    }

    private static func action(
        _ id: FieldID, _ operatorID: OperatorID, _ term: AgreedPurpose, _ context: StepContext
    ) -> FieldPlan.Action {
        let fields = context.input.policy.fields
        if context.traffic == .organisation, !fields[id.position].entity { return .drop(.fieldNotAgreed) }
        if context.onlyNecessary, context.traffic == .person, !term.necessary.contains(id) { return .drop(.fieldNotAgreed) }
        if !fields[id.position].sensitive.isEmpty {
            if let refusal = context.specialCategoryRefusal, context.traffic == .person, context.isSensitive(id, .gdpr9) {
                return .drop(refusal)
            }
            if let refusal = context.usSensitiveRefusal, context.isSensitive(id, .us) { return .drop(refusal) }
        }
        if fields[id.position].freeText, !context.input.policy.hidesFreeText(operatorID) { return .drop(.freeTextUnscanned) }
        return .apply(operatorID)
    }

    private static func checkRequired(_ term: AgreedPurpose, _ context: inout StepContext) {
        for id in term.required {
            // A record about an organisation is not asked for a person's fields.
            if context.traffic == .organisation, !context.input.policy.fields[id.position].entity { continue }
            guard context.input.subject.present.contains(id) else {
                context.fail(.fieldRequiredMissing)
                let name = context.input.policy.fields[id.position].name
                context.note("missing") { name }
                continue
            }
            switch context.plan[id] {
            case .drop(let code): context.fail(code)
            case .apply(let id): if context.input.policy.operators[id.position].dropsMember { context.fail(.fieldRequiredMissing) }
            }
        }
    }
}

/// What a rights request may carry: `only`, exactly; and for `rectify` what agreements with the vendor have let it have.
enum RightsFields {
    static func check(_ context: inout StepContext) {
        let input = context.input
        let endpoint = context.endpoint
        context.note(at: endpoint.position)
        guard let keep = input.policy.keepOperator else { return }
        for member in endpoint.only {
            if case .field(let id) = member.rule { context.plan.actions[id.position] = .apply(keep) }
        }
        // The path names the person; its place is the template's, so it carries nothing else.
        for path in endpoint.pathFields { context.plan.actions[path.field.position] = .apply(keep) }
        guard endpoint.rights == .rectify else { return }
        for agreement in input.policy.agreements where agreement.vendor == input.vendor && agreement.from <= input.now {
            for term in agreement.purposes {
                for (id, agreed) in term.fields { add(agreed.operatorID, for: id, &context) }
            }
        }
    }

    private static func add(_ operatorID: OperatorID, for id: FieldID, _ context: inout StepContext) {
        let policy = context.input.policy
        if policy.fields[id.position].freeText, !policy.hidesFreeText(operatorID) { return }
        var more = FieldPlan.dropAll(.fieldNotAgreed, fieldCount: policy.fields.count)
        more.actions[id.position] = .apply(operatorID)
        context.plan.unite(with: more, policy: policy)
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
