/// What the steps of one purpose know and find out. Filled from left to right: a step reads only what earlier ones wrote.
struct StepContext {
    let input: DecisionInput
    let traffic: Traffic
    private let trace: UnsafeMutablePointer<[CheckTrace]>?

    /// Set by the jurisdiction.
    var regimes = RegimeSet()
    /// What the caller may do at this endpoint; nil: nothing.
    var route: Route?
    /// The purpose decided here; nil: none is named.
    var purpose: PurposeID?
    /// The agreement version that governs, in force or not; nil: none covers the purpose.
    var candidate: Route.Candidate?
    /// Why no version is in force, from the choice of the candidate.
    var agreementFailures: [ReasonCode] = []
    private var bases = InlineArray<4, Basis?>(repeating: nil)
    private var consents: (eu: ConsentFinding?, us: ConsentFinding?) = (nil, nil)
    /// Why fields of the special categories, or sensitive under US law, stay behind; nil: they may go.
    var specialCategoryRefusal: ReasonCode? = .specialCategoryConditionMissing
    var usSensitiveRefusal: ReasonCode?
    /// A basis that only ever lets necessary fields go.
    var onlyNecessary = false
    /// A person must decide (vital interest).
    var isHeld = false
    var mechanisms: [String] = []
    var plan = FieldPlan(actions: [])
    private(set) var failures: [ReasonCode] = []
    private(set) var warnings: [Warning] = []
    /// Inputs and place of the step being asked, for explanations.
    private var notes: [String: String] = [:]
    private var place: SourcePosition?

    init(input: DecisionInput, trace: UnsafeMutablePointer<[CheckTrace]>?) {
        self.input = input
        self.trace = trace
        traffic = Traffic(of: input)
    }

    mutating func fail(_ code: ReasonCode) {
        if !failures.contains(code) { failures.append(code) }
    }

    mutating func warn(_ warning: Warning) {
        if !warnings.contains(warning) { warnings.append(warning) }
    }

    /// Nothing is built unless an explanation was asked for.
    mutating func note(_ name: StaticString, _ value: () -> String) {
        if trace != nil { notes["\(name)"] = value() }
    }

    mutating func note(at position: @autoclosure () -> SourcePosition?) {
        if trace != nil { place = position() }
    }

    mutating func run(_ steps: [DecisionStep], scope: DecisionStep.Scope) {
        for step in steps where step.scope == scope && step.traffic.contains(traffic) {
            let before = failures.count
            step.check(&self)
            if let trace {
                let found = failures[before...].map { Optional($0) }
                for code in found.isEmpty ? [nil] : found {
                    trace.pointee.append(
                        CheckTrace(step: step.number, question: step.question, code: code, inputs: notes, position: place))
                }
                notes = [:]
                place = nil
            }
            // Later steps look things up in the very tables step 0 found wanting.
            if scope == .integrity, !failures.isEmpty { return }
        }
    }
}

// What steps look up. Each is a view, so that nothing is copied that is not asked for.
extension StepContext {
    var now: Timestamp { input.now }
    var vendor: Vendor { input.policy.vendors[input.vendor.position] }
    var endpoint: Endpoint { input.policy.vendors[input.vendor.position].endpoints[input.endpoint.position] }
    var agreement: Agreement? { candidate.map { input.policy.agreements[$0.agreement.position] } }
    var term: AgreedPurpose? { candidate.map { input.policy.agreements[$0.agreement.position].purposes[$0.term] } }
    var profile: SubjectProfile? { input.subject.entry?.profile }

    /// Of the governing agreement, under one applicable regime; nil: none is written, which no basis check lets pass.
    func basis(_ regime: Regime) -> Basis? { bases[regime.ordinal] }

    /// True while report mode is on: unlisted fields and volume are watched, not enforced.
    var reports: Bool {
        guard let agreement, case .report(let until) = agreement.mode else { return false }
        return now < until
    }

    mutating func findRoute() {
        route = input.policy.route(caller: input.caller, vendor: input.vendor, endpoint: input.endpoint)
    }

    mutating func choose(_ purpose: PurposeID?) {
        self.purpose = purpose
        guard traffic != .rights, let purpose, let route else { return }
        (candidate, agreementFailures) = AgreementChoice.choose(purpose, among: route.candidates, input: input)
        guard let candidate else { return }
        for regime in Regime.allCases where regimes.contains(regime) {
            bases[regime.ordinal] = input.policy.agreements[candidate.agreement.position].purposes[candidate.term].basis[regime]
        }
    }

    /// What the subject's consents say about this purpose. Under US law it is the US role that spares a vendor from being named.
    mutating func consent(under regime: Regime) -> ConsentFinding {
        if regime == .us, let known = consents.us { return known }
        if regime != .us, let known = consents.eu { return known }
        guard let candidate, let purpose else { return .none }
        let found = ConsentJudge(
            policy: input.policy, purpose: purpose, agreement: candidate.agreement, vendor: input.vendor, regime: regime
        ).judge(input.subject)
        if regime == .us { consents.us = found } else { consents.eu = found }
        return found
    }
}

extension Traffic {
    fileprivate init(of input: DecisionInput) {
        // Out of range only if the input was made for another policy set: step 0 refuses that.
        guard input.vendor.position < input.policy.vendors.count,
            input.endpoint.position < input.policy.vendors[input.vendor.position].endpoints.count
        else {
            self = .person
            return
        }
        let endpoint = input.policy.vendors[input.vendor.position].endpoints[input.endpoint.position]
        if endpoint.rights != nil {
            self = .rights
        } else {
            self =
                switch endpoint.about {
                case .person: .person
                case .organisation: .organisation
                case .none: .control
                }
        }
    }
}
