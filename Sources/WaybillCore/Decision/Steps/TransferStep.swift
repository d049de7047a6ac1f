/// Step 8: what lets the data leave its area? Every European regime that applies needs a mechanism for the destination's country and
/// for the vendor's own; mechanisms are tried in the agreement's order.
enum TransferStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        // A person who said stop is better served by a notice without a mechanism than by none: it warns.
        guard context.traffic != .rights else { return checkRights(input, &context) }
        guard let i = context.candidate?.agreement.position else { return }
        for regime in Regime.allCases where regime != .us && context.regimes.contains(regime) {
            var adequate: [String] = []
            let countries = countries(outside: regime, input)
            for country in countries {
                switch find(regime, country, i, input, &context.moment) {
                case .found(let m, let isAtRisk):
                    let transfer = input.policy.agreements[i].transfer
                    if isAtRisk { context.warn(.mechanismAtRisk) }
                    if transfer[m].kind == .adequacy { adequate.append(country) }
                    context.add(mechanism: transfer[m].label)
                    context.note("mechanism") { "\(regime.rawValue) to \(country): \(transfer[m].label)" }
                    context.note(at: transfer[m].position)
                case .none(let codes):
                    for code in codes { context.fail(code) }
                    context.note("mechanism") { "\(regime.rawValue) to \(country): none of \(input.policy.agreements[i].transfer.count)" }
                    context.note(at: input.policy.agreements[i].position)
                }
            }
            if countries.isEmpty { context.add(mechanism: "none_needed") }
            checkOnward(regime, adequate: adequate, i, input, &context)
        }
    }

    private enum Search {
        /// The position among the agreement's mechanisms.
        case found(Int, isAtRisk: Bool)
        /// Why not, one code for each mechanism tried, in order.
        case none([ReasonCode])
    }

    private static func find(
        _ regime: Regime, _ country: String, _ agreement: Int, _ input: DecisionInput, _ moment: inout Moment
    ) -> Search {
        var codes: [ReasonCode] = []
        let transfer = input.policy.agreements[agreement].transfer
        for m in transfer.indices where transfer[m].regimes.contains(regime) {
            let check = MechanismCheck(
                mechanism: m, agreement: agreement, vendor: input.vendor.position, regime: regime, country: country,
                isEmployee: input.subject.entry?.profile.kind == .employee)
            switch check.verdict(input.policy, &moment) {
            case .works(let isAtRisk): return .found(m, isAtRisk: isAtRisk)
            case .fails(let code): codes.append(code)
            }
        }
        return .none(codes.isEmpty ? [.transferMechanismMissing] : codes)
    }

    /// Where data would go, and whose law would reach it, beyond the regime's own area.
    private static func countries(outside regime: Regime, _ input: DecisionInput) -> [String] {
        let destination = input.destination.region.country
        let establishment = input.policy.vendors[input.vendor.position].establishedIn.country
        let leaves = !JurisdictionStep.area(of: destination, input).contains(regime)
        if destination == establishment { return leaves ? [destination] : [] }
        let reaches = !JurisdictionStep.area(of: establishment, input).contains(regime)
        return (leaves ? [destination] : []) + (reaches ? [establishment] : [])
    }

    /// An accepted subprocessor outside the area must be named in a mechanism's `onward`, or sit where an adequacy decision reaches anyway.
    private static func checkOnward(
        _ regime: Regime, adequate: [String], _ agreement: Int, _ input: DecisionInput, _ context: inout StepContext
    ) {
        for subprocessor in input.policy.agreements[agreement].subprocessors where subprocessor.status == .accepted {
            let country = subprocessor.region.country
            if adequate.contains(country) || JurisdictionStep.area(of: country, input).contains(regime) { continue }
            if input.policy.agreements[agreement].transfer.contains(where: { $0.onward.contains(subprocessor.id) }) { continue }
            context.note("onward") { "\(subprocessor.id) in \(subprocessor.region)" }
            context.fail(.onwardTransferNotAgreed)
        }
    }

    private static func checkRights(_ input: DecisionInput, _ context: inout StepContext) {
        guard let i = context.route?.candidates.first?.agreement.position else { return }
        for regime in JurisdictionStep.area(of: input.policy.organisation.establishedIn.country, input).list {
            for country in countries(outside: regime, input) {
                if case .none = find(regime, country, i, input, &context.moment) { context.warn(.mechanismAtRisk) }
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
