/// Step 2: is there an agreement for this, in force, between the right parties and with the terms its roles require?
enum AgreementStep {
    static let warnBeforeEndSeconds: Int64 = 30 * 86_400

    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard context.route?.candidates.isEmpty == false else { return context.fail(.agreementMissing) }
        for code in context.agreementFailures { context.fail(code) }
        guard let id = context.candidate?.agreement else { return }
        let i = id.position
        let (from, until) = (input.policy.agreements[i].from, input.policy.agreements[i].until)
        context.note("agreement") { "\(input.policy.agreements[i].id)@\(input.policy.agreements[i].version)" }
        context.note("in force") { "\(from.rfc3339) to \(until?.rfc3339 ?? "open")" }
        context.note(at: input.policy.agreements[i].position)
        if !hasRightParties(i, input) { context.fail(.roleMismatch) }
        if context.traffic == .person, !Terms.areComplete(id, regimes: context.regimes, input) { context.fail(.agreementTermsIncomplete) }
        if let until, !context.moment.hasReached(until), context.moment.hasReached(until.adding(seconds: -warnBeforeEndSeconds)) {
            context.warn(.agreementExpiring)
        }
        if let review = input.policy.agreements[i].reviewNext, context.moment.hasReached(review) { context.warn(.reviewDue) }
        if context.reports { context.warn(.reportMode) }
    }

    /// We export, the vendor imports, and the two roles can stand together.
    private static func hasRightParties(_ i: Int, _ input: DecisionInput) -> Bool {
        let parties = input.policy.agreements[i].parties
        guard let exporter = parties.firstIndex(where: { $0.exports }), parties[exporter].org == input.policy.organisation.id,
            let importer = parties.firstIndex(where: { $0.imports }),
            parties[importer].org == input.policy.vendors[input.vendor.position].id
        else { return false }
        switch (parties[exporter].role, parties[importer].role) {
        case (.thirdParty, _): return false
        // A subprocessor is engaged by a processor, and answers to no controller itself.
        case (.controller, .subprocessor), (.jointController, .subprocessor): return false
        // Joint controllers are at least two.
        case (.controller, .jointController), (.processor, .jointController), (.subprocessor, .jointController): return false
        case (_, let role):
            // Whoever decides on the purposes serves nobody.
            let serves = parties[importer].usRole == .serviceProvider || parties[importer].usRole == .contractor
            return !serves || role == .processor || role == .subprocessor
        }
    }
}

/// Which checklists of `terms.yaml` bind an agreement, and whether the paper confirms every item.
enum Terms {
    /// Every list that binds the vendor's role under one of `regimes`, US lists aside (step 7 asks for those).
    static func areComplete(_ agreement: AgreementID, regimes: RegimeSet, _ input: DecisionInput) -> Bool {
        let parties = input.policy.agreements[agreement.position].parties
        guard let importer = parties.firstIndex(where: { $0.imports }) else { return false }
        let lists = input.policy.checklists
        for i in lists.indices where lists[i].regime != .us && regimes.contains(lists[i].regime) {
            if lists[i].roles.contains(parties[importer].role), !isConfirmed(i, agreement, input) { return false }
        }
        return true
    }

    /// `list`: its position in the set's checklists.
    static func isConfirmed(_ list: Int, _ agreement: AgreementID, _ input: DecisionInput) -> Bool {
        guard let confirmed = input.policy.agreements[agreement.position].terms[input.policy.checklists[list].name] else { return false }
        return confirmed["all"] != nil || input.policy.checklists[list].items.allSatisfy { confirmed[$0] != nil }
    }
}
