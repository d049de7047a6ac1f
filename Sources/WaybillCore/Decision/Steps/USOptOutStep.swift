/// Step 7: what the subject opted out of. Under US law nothing needs a ground, and an opt-out stops it.
enum USOptOutStep {
    static func check(_ context: inout StepContext) {
        guard let term = context.term else { return }
        checkSignalElsewhere(&context)
        guard context.regimes.contains(.us) else { return }
        let activities = USActivities(of: term, context)
        guard activities.any else { return }
        context.note("activity") { activities.summary }
        context.note(at: term.position)
        for profile in context.profiles {
            // A privacy string nobody can read is never "no opt-out".
            let outOfAll = profile.unreadableSignal
            func isOut(_ scope: SubjectProfile.ObjectionScope) -> Bool { outOfAll || profile.objections.contains { $0.scope == scope } }
            if activities.sale, isOut(.sale) { context.fail(.usSaleOptOut) }
            if activities.share, isOut(.share) { context.fail(.usShareOptOut) }
            if activities.targeted, isOut(.targetedAdvertising) { context.fail(.usTargetedAdsOptOut) }
            if profile.gpc, isSignalHeeded(context) { context.fail(.gpcOptOut) }
        }
        checkMinor(&context)
    }

    /// Below 13 a parent opts in, from 13 to 15 the child itself.
    private static func checkMinor(_ context: inout StepContext) {
        guard let age = context.age, age < 16 else { return }
        let consent = context.consent(under: .us)
        if !consent.permits || (age < 13 && !consent.isByParent) { context.fail(.minorOptInMissing) }
    }

    private static func isSignalHeeded(_ context: StepContext) -> Bool {
        let states = context.countries.filter { $0.country == "US" }
        return states.isEmpty || states.contains { $0.subdivision.map { context.input.policy.facts.gpcStates.contains($0) } ?? true }
    }

    /// Outside the US a GPC signal is read as an objection to marketing that rests on legitimate interest.
    private static func checkSignalElsewhere(_ context: inout StepContext) {
        guard let purpose = context.purpose, context.input.policy.purposes[purpose.position].marketing,
            context.profiles.contains(where: { $0.gpc })
        else { return }
        for regime in context.regimes.list where regime != .us && context.basis(regime) == .legitimateInterest { context.fail(.gpcOptOut) }
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

    init(of term: AgreedPurpose, _ context: StepContext) {
        switch term.usActivity {
        case .sale: sale = true
        case .share: share = true
        case .businessPurpose: break
        case nil:
            // Whoever is not bound as a service provider is a third party, and what a third party gets is sold or shared unless declared.
            let isThirdParty = context.agreement?.vendorParty?.servesUnderUSLaw != true
            sale = isThirdParty
            share = isThirdParty
        }
        targeted = share || USActivities.isTargetedAdvertising(context.input.policy.purposes[term.purpose.position])
    }

    /// By the purpose's own declarations: TCF purposes 3 and 4, DPV, Fides.
    private static func isTargetedAdvertising(_ purpose: Purpose) -> Bool {
        purpose.tcf.contains(3) || purpose.tcf.contains(4)
            || purpose.dpv.map { ["PersonalisedAdvertising", "TargetedAdvertising"].contains($0) } ?? false
            || purpose.dataUse.map { $0.hasPrefix("marketing.advertising") } ?? false
    }
}

extension Agreement.Party {
    var servesUnderUSLaw: Bool { usRole == .serviceProvider || usRole == .contractor }
}

extension StepContext {
    /// Everybody whose identifiers stand in the record: stops of each count.
    var profiles: [SubjectProfile] {
        var all = input.subject.others.map { $0.profile }
        if let profile { all.insert(profile, at: 0) }
        return all
    }
}
