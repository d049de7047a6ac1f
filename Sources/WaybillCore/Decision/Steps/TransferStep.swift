/// Step 8: what lets the data leave its area? Every European regime that applies needs a mechanism for the destination's country and
/// for the vendor's own; mechanisms are tried in the agreement's order.
enum TransferStep {
    static func check(_ context: inout StepContext) {
        // A person who said stop is better served by a notice without a mechanism than by none: it warns.
        guard context.traffic != .rights else { return checkRights(&context) }
        guard let agreement = context.agreement else { return }
        for regime in context.regimes.list where regime != .us {
            var adequate: [String] = []
            var isNeeded = false
            for country in countries(outside: regime, context) {
                isNeeded = true
                switch find(regime, country, agreement, context) {
                case .success(let found):
                    if found.isAtRisk { context.warn(.mechanismAtRisk) }
                    if found.mechanism.kind == .adequacy { adequate.append(country) }
                    context.add(mechanism: found.mechanism.label)
                    context.note("mechanism") { "\(regime.rawValue) to \(country): \(found.mechanism.label)" }
                    context.note(at: found.mechanism.position)
                case .failure(let failure):
                    for code in failure.codes { context.fail(code) }
                    context.note("mechanism") { "\(regime.rawValue) to \(country): none of \(agreement.transfer.count)" }
                    context.note(at: agreement.position)
                }
            }
            if !isNeeded { context.add(mechanism: "none_needed") }
            checkOnward(regime, adequate: adequate, agreement, &context)
        }
    }

    struct Found {
        var mechanism: Mechanism
        var isAtRisk: Bool
    }
    struct NoMechanism: Error {
        /// One for each mechanism tried, in order.
        var codes: [ReasonCode]
    }

    private static func find(
        _ regime: Regime, _ country: String, _ agreement: Agreement, _ context: StepContext
    ) -> Result<Found, NoMechanism> {
        var codes: [ReasonCode] = []
        for mechanism in agreement.transfer where mechanism.regimes.contains(regime) {
            let check = MechanismCheck(
                mechanism: mechanism, regime: regime, country: country, agreement: agreement, vendor: context.vendor,
                facts: context.input.policy.facts, subjectKind: context.profile?.kind, now: context.now)
            switch check.verdict() {
            case .works(let isAtRisk): return .success(Found(mechanism: mechanism, isAtRisk: isAtRisk))
            case .fails(let code): codes.append(code)
            }
        }
        return .failure(NoMechanism(codes: codes.isEmpty ? [.transferMechanismMissing] : codes))
    }

    /// Where data would go, and whose law would reach it, beyond the regime's own area.
    private static func countries(outside regime: Regime, _ context: StepContext) -> [String] {
        let destination = context.input.destination.region.country
        let establishment = context.input.policy.vendors[context.input.vendor.position].establishedIn.country
        var all: [String] = []
        if !JurisdictionStep.area(of: destination, context).contains(regime) { all.append(destination) }
        if establishment != destination, !JurisdictionStep.area(of: establishment, context).contains(regime) { all.append(establishment) }
        return all
    }

    /// An accepted subprocessor outside the area must be named in a mechanism's `onward`, or sit where an adequacy decision reaches anyway.
    private static func checkOnward(_ regime: Regime, adequate: [String], _ agreement: Agreement, _ context: inout StepContext) {
        for subprocessor in agreement.subprocessors where subprocessor.status == .accepted {
            let country = subprocessor.region.country
            if JurisdictionStep.area(of: country, context).contains(regime) || adequate.contains(country) { continue }
            if agreement.transfer.contains(where: { $0.onward.contains(subprocessor.id) }) { continue }
            context.note("onward") { "\(subprocessor.id) in \(subprocessor.region)" }
            context.fail(.onwardTransferNotAgreed)
        }
    }

    private static func checkRights(_ context: inout StepContext) {
        guard let candidate = context.route?.candidates.first else { return }
        let agreement = context.input.policy.agreements[candidate.agreement.position]
        let own = JurisdictionStep.area(of: context.input.policy.organisation.establishedIn.country, context)
        for regime in own.list {
            for country in countries(outside: regime, context) {
                if case .failure = find(regime, country, agreement, context) { context.warn(.mechanismAtRisk) }
            }
        }
    }
}

extension StepContext {
    fileprivate mutating func add(mechanism label: String) {
        if !mechanisms.contains(label) { mechanisms.append(label) }
    }
}

extension Mechanism {
    /// As entered in the log. Common ones are constants: no string is built for each record.
    var label: String {
        switch (kind, decision, module) {
        case (.adequacy, nil, _): "adequacy"
        case (.adequacy, "EU-US-DPF", _): "adequacy:EU-US-DPF"
        case (.adequacy, "UK-US-BRIDGE", _): "adequacy:UK-US-BRIDGE"
        case (.adequacy, "CH-US-DPF", _): "adequacy:CH-US-DPF"
        case (.adequacy, let decision?, _): "adequacy:\(decision)"
        case (.scc, _, 1): "scc:1"
        case (.scc, _, 2): "scc:2"
        case (.scc, _, 3): "scc:3"
        case (.scc, _, 4): "scc:4"
        default: kind.rawValue
        }
    }
}
