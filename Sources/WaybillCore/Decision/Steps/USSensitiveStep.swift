/// Step 7: sensitive data under US law, by the limits and opt-ins of the subject's state, and the contract terms it asks for.
enum USSensitiveStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate, context.regimes.contains(.us) else { return }
        let laws = input.usLaws
        context.note("laws") { laws.map { $0.rawValue }.joined(separator: ", ") }
        context.note(at: input.policy.agreements[candidate.agreement.position].purposes[candidate.term].position)
        checkTerms(laws, candidate.agreement, input, &context)
        // Fields that are not in the record are not judged; should one turn up after all, it stays behind.
        context.usSensitiveRefusal = .sensitiveOptInMissing
        guard input.hasAgreed(.us, candidate, reports: context.reports) else { return }
        let refusal = refusal(laws, input, &context)
        context.usSensitiveRefusal = refusal
        if let refusal, input.requires(.us, candidate) { context.fail(refusal) }
    }

    private static func refusal(_ laws: [USLaw], _ input: DecisionInput, _ context: inout StepContext) -> ReasonCode? {
        let limits = input.anyProfile { profile in
            profile.unreadableSignal || profile.objections.contains { $0.scope == .sensitiveUse || $0.scope == .all }
        }
        if limits { return .sensitiveLimitUse }
        // No law known to be in scope is no licence: the stricter kind counts.
        let needsOptIn = laws.isEmpty || laws.contains { $0.asksOptInForSensitiveData }
        return needsOptIn && !context.consent(under: .us, input).permits ? .sensitiveOptInMissing : nil
    }

    private static func checkTerms(_ laws: [USLaw], _ agreement: AgreementID, _ input: DecisionInput, _ context: inout StepContext) {
        let parties = input.policy.agreements[agreement.position].parties
        guard let importer = parties.firstIndex(where: { $0.imports }) else { return }
        // Who is declared nothing is a third party (CCPA regulations, § 7053).
        let role = parties[importer].usRole ?? .thirdParty
        let lists = input.policy.checklists
        for i in lists.indices where lists[i].regime == .us && lists[i].usRoles.contains(role) {
            guard !lists[i].name.hasPrefix("ccpa") || laws.contains(.ccpa) else { continue }
            if !Terms.isConfirmed(i, agreement, input) { context.fail(.serviceProviderTermsMissing) }
        }
    }
}

extension USLaw {
    /// California lets people limit the use of sensitive data, Utah and Iowa let them opt out; every other state asks first.
    var asksOptInForSensitiveData: Bool {
        switch self {
        case .ccpa, .ucpa, .icdpa: false
        default: true
        }
    }
}
