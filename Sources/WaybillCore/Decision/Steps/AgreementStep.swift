/// Step 2: is there an agreement for this, in force, between the right parties and with the terms its roles require?
enum AgreementStep {
    static let warnBeforeEndSeconds: Int64 = 30 * 86_400

    static func check(_ context: inout StepContext) {
        guard let route = context.route, !route.candidates.isEmpty else { return context.fail(.agreementMissing) }
        for code in context.agreementFailures { context.fail(code) }
        guard let agreement = context.agreement else { return }
        let now = context.now
        context.note("agreement") { "\(agreement.id)@\(agreement.version)" }
        context.note("in force") { "\(agreement.from.rfc3339) to \(agreement.until?.rfc3339 ?? "open")" }
        context.note(at: agreement.position)
        if !hasRightParties(agreement, context) { context.fail(.roleMismatch) }
        if context.traffic == .person, !Terms.areComplete(agreement, regimes: context.regimes, context.input.policy) {
            context.fail(.agreementTermsIncomplete)
        }
        if let until = agreement.until, now < until, until <= now.adding(seconds: warnBeforeEndSeconds) { context.warn(.agreementExpiring) }
        if let review = agreement.reviewNext, review <= now { context.warn(.reviewDue) }
        if context.reports { context.warn(.reportMode) }
    }

    /// We export, the vendor imports, and the two roles can stand together.
    private static func hasRightParties(_ agreement: Agreement, _ context: StepContext) -> Bool {
        guard let exporter = agreement.exporter, exporter.org == context.input.policy.organisation.id,
            let importer = agreement.vendorParty, importer.org == context.vendor.id
        else { return false }
        switch (exporter.role, importer.role) {
        case (.thirdParty, _): return false
        // A subprocessor is engaged by a processor, and answers to no controller itself.
        case (.controller, .subprocessor), (.jointController, .subprocessor): return false
        // Joint controllers are at least two.
        case (_, .jointController): return exporter.role == .jointController && isUSRolePossible(importer)
        default: return isUSRolePossible(importer)
        }
    }

    private static func isUSRolePossible(_ importer: Agreement.Party) -> Bool {
        switch importer.usRole {
        // Whoever decides on the purposes serves nobody.
        case .serviceProvider, .contractor: importer.role == .processor || importer.role == .subprocessor
        case .business, .thirdParty, nil: true
        }
    }
}

/// Which checklists of `terms.yaml` bind an agreement, and whether the paper confirms every item.
enum Terms {
    /// Every list that binds the vendor's role under one of `regimes`, US lists aside (step 7 asks for those).
    static func areComplete(_ agreement: Agreement, regimes: RegimeSet, _ policy: PolicySet) -> Bool {
        guard let importer = agreement.vendorParty else { return false }
        for list in policy.checklists where list.regime != .us && regimes.contains(list.regime) && list.roles.contains(importer.role) {
            guard isConfirmed(list, in: agreement) else { return false }
        }
        return true
    }

    static func isConfirmed(_ list: TermsChecklist, in agreement: Agreement) -> Bool {
        guard let confirmed = agreement.terms[list.name] else { return false }
        return confirmed["all"] != nil || list.items.allSatisfy { confirmed[$0] != nil }
    }
}
