/// Step 0: can we decide at all? Whatever fails here refuses, and nothing else is looked at.
enum IntegrityStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        context.note("policy") { input.policy.digest }
        // An empty set has no rule that could permit anything.
        guard !input.policy.agreements.isEmpty, !input.policy.callers.isEmpty, !input.policy.vendors.isEmpty else {
            return context.fail(.policyUnavailable)
        }
        // Positions of another set's tables: the caller's mistake, and never a reason to guess.
        guard input.vendor.position < input.policy.vendors.count else { return context.fail(.vendorUnknown) }
        guard input.endpoint.position < input.policy.vendors[input.vendor.position].endpoints.count else {
            return context.fail(.endpointUnknown)
        }
        guard input.caller.position < input.policy.callers.count else { return context.fail(.callerUnauthenticated) }
        if input.subject.present.contains(where: { $0.position >= input.policy.fields.count }) { context.fail(.recordSchemaUnknown) }
        if input.purposes.contains(where: { $0.position >= input.policy.purposes.count }) { context.fail(.purposeUnknown) }
        if context.traffic == .person || context.traffic == .rights {
            if !input.subject.resolved { context.fail(.subjectUnresolved) }
            if !input.subject.storeAvailable { context.fail(.consentStoreUnavailable) }
        }
        if !input.standing.logAvailable { context.fail(.logUnavailable) }
        if !input.standing.clockTrusted { context.fail(.clockUntrusted) }
    }
}
