/// Step 7: sensitive data under US law, by the limits and opt-ins of the subject's state, and the contract terms it asks for.
enum USSensitiveStep {
    static func check(_ context: inout StepContext) {
        guard let term = context.term, context.regimes.contains(.us) else { return }
        let laws = context.usLaws
        context.note("laws") { laws.map { $0.rawValue }.joined(separator: ", ") }
        context.note(at: term.position)
        checkTerms(laws, &context)
        // Fields that are not in the record are not judged; should one turn up after all, it stays behind.
        context.usSensitiveRefusal = .sensitiveOptInMissing
        guard context.hasAgreed(sensitivity: .us, term) else { return }
        let refusal = refusal(laws, &context)
        context.usSensitiveRefusal = refusal
        if let refusal, context.requires(sensitivity: .us, term) { context.fail(refusal) }
    }

    private static func refusal(_ laws: [USLaw], _ context: inout StepContext) -> ReasonCode? {
        let limits = context.profiles.contains { profile in
            profile.unreadableSignal || profile.objections.contains { $0.scope == .sensitiveUse || $0.scope == .all }
        }
        if limits { return .sensitiveLimitUse }
        // No law known to be in scope is no licence: the stricter kind counts.
        let needsOptIn = laws.isEmpty || laws.contains { $0.asksOptInForSensitiveData }
        return needsOptIn && !context.consent(under: .us).permits ? .sensitiveOptInMissing : nil
    }

    private static func checkTerms(_ laws: [USLaw], _ context: inout StepContext) {
        guard let agreement = context.agreement, let importer = agreement.vendorParty else { return }
        // Who is declared nothing is a third party (CCPA regulations, § 7053).
        let role = importer.usRole ?? .thirdParty
        for list in context.input.policy.checklists where list.regime == .us && list.usRoles.contains(role) {
            guard !list.name.hasPrefix("ccpa") || laws.contains(.ccpa) else { continue }
            if !Terms.isConfirmed(list, in: agreement) { context.fail(.serviceProviderTermsMissing) }
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
