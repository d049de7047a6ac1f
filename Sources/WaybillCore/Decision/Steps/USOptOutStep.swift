/// Step 7: what the subject opted out of. Under US law nothing needs a ground, and an opt-out stops it.
enum USOptOutStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        checkSignalElsewhere(candidate, input, &context)
        guard context.regimes.contains(.us) else { return }
        let activities = USActivities(candidate, input)
        guard activities.any else { return }
        context.note("activity") { activities.summary }
        context.note(at: input.policy.agreements[candidate.agreement.position].purposes[candidate.term].position)
        // A privacy string nobody can read is never "no opt-out".
        func isOut(_ scope: SubjectProfile.ObjectionScope) -> Bool {
            input.anyProfile { $0.unreadableSignal || $0.objections.contains { $0.scope == scope } }
        }
        if activities.sale, isOut(.sale) { context.fail(.usSaleOptOut) }
        if activities.share, isOut(.share) { context.fail(.usShareOptOut) }
        if activities.targeted, isOut(.targetedAdvertising) { context.fail(.usTargetedAdsOptOut) }
        if input.anyProfile({ $0.gpc }), isSignalHeeded(input) { context.fail(.gpcOptOut) }
        checkMinor(input, &context)
    }

    /// Below 13 a parent opts in, from 13 to 15 the child itself.
    private static func checkMinor(_ input: DecisionInput, _ context: inout StepContext) {
        guard let age = input.age, age < 16 else { return }
        let consent = context.consent(under: .us, input)
        if !consent.permits || (age < 13 && !consent.isByParent) { context.fail(.minorOptInMissing) }
    }

    private static func isSignalHeeded(_ input: DecisionInput) -> Bool {
        let states = input.countries.filter { $0.country == "US" }
        return states.isEmpty || states.contains { $0.subdivision.map { input.policy.facts.gpcStates.contains($0) } ?? true }
    }

    /// Outside the US a GPC signal is read as an objection to marketing that rests on legitimate interest.
    private static func checkSignalElsewhere(_ candidate: Route.Candidate, _ input: DecisionInput, _ context: inout StepContext) {
        guard input.policy.purposes[candidate.purpose.position].marketing, input.anyProfile({ $0.gpc }) else { return }
        for regime in Regime.allCases where regime != .us && context.regimes.contains(regime) {
            if context.basis(regime) == .legitimateInterest { context.fail(.gpcOptOut) }
        }
    }
}

/// Of the activities US law lets people opt out of, those a purpose of an agreement is.
struct USActivities {
    var sale = false
    var share = false
    var targeted = false
    var any: Bool { sale || share || targeted }
    var summary: String {
        [sale ? "sale" : nil, share ? "share" : nil, targeted ? "targeted advertising" : nil].compactMap { $0 }.joined(separator: ", ")
    }

    init(_ candidate: Route.Candidate, _ input: DecisionInput) {
        let i = candidate.agreement.position
        switch input.policy.agreements[i].purposes[candidate.term].usActivity {
        case .sale: sale = true
        case .share: share = true
        case .businessPurpose: break
        case nil:
            // Whoever is not bound as a service provider is a third party, and what a third party gets is sold or shared unless declared.
            let serves = input.policy.agreements[i].parties.contains { party in
                party.imports && (party.usRole == .serviceProvider || party.usRole == .contractor)
            }
            (sale, share) = (!serves, !serves)
        }
        targeted = share || USActivities.isTargetedAdvertising(candidate.purpose.position, input)
    }

    /// By the purpose's own declarations: TCF purposes 3 and 4, DPV, Fides.
    private static func isTargetedAdvertising(_ i: Int, _ input: DecisionInput) -> Bool {
        if input.policy.purposes[i].tcf.contains(3) || input.policy.purposes[i].tcf.contains(4) { return true }
        if let dpv = input.policy.purposes[i].dpv, dpv == "PersonalisedAdvertising" || dpv == "TargetedAdvertising" { return true }
        return input.policy.purposes[i].dataUse?.hasPrefix("marketing.advertising") ?? false
    }
}
