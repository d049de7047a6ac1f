/// What the steps of one purpose find out. Filled from left to right: a step reads only what earlier ones wrote.
///
/// Kept small, and apart from the `DecisionInput` that every step gets beside it: neither is copied on the way through the steps.
struct StepContext {
    let traffic: Traffic
    private let trace: UnsafeMutablePointer<[CheckTrace]>?
    var moment: Moment

    /// Set by the jurisdiction.
    var regimes = RegimeSet()
    /// What the caller may do at this endpoint; nil: nothing.
    var route: Route?
    /// The purpose decided here; nil: none is named.
    var purpose: PurposeID?
    /// The agreement version that governs, in force or not; nil: none covers the purpose.
    private(set) var candidate: Route.Candidate?
    /// Why no version is in force, from the choice of the candidate.
    private(set) var agreementFailures: [ReasonCode] = []
    private var bases = InlineArray<4, Basis?>(repeating: nil)
    private var consents: (eu: ConsentFinding?, us: ConsentFinding?) = (nil, nil)
    /// Report mode is on: unlisted fields and volume are watched, not enforced.
    private(set) var reports = false
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
    /// Agreements whose limits were asked, and let it pass.
    private(set) var volumesAsked: [AgreementID] = []
    /// Inputs and place of the step being asked, for explanations.
    private var notes: [String: String] = [:]
    private var place: SourcePosition?

    init(_ input: DecisionInput, trace: UnsafeMutablePointer<[CheckTrace]>?) {
        self.trace = trace
        moment = Moment(input.now)
        traffic = Traffic(of: input)
    }

    mutating func fail(_ code: ReasonCode) {
        if !failures.contains(code) { failures.append(code) }
    }

    mutating func warn(_ warning: Warning) {
        if !warnings.contains(warning) { warnings.append(warning) }
    }

    /// What was sent today changes with every transfer: it has to be asked again each time, and a refusal for it to be made anew.
    mutating func ask(volumeOf agreement: AgreementID, isExceeded: Bool) {
        volumesAsked.append(agreement)
        guard isExceeded else { return }
        moment.passes()
        fail(.volumeExceeded)
    }

    var isTraced: Bool { trace != nil }

    /// Nothing is built unless an explanation was asked for.
    mutating func note(_ name: StaticString, _ value: () -> String) {
        if trace != nil { notes["\(name)"] = value() }
    }

    mutating func note(at position: @autoclosure () -> SourcePosition?) {
        if trace != nil { place = position() }
    }

    mutating func run(_ scope: DecisionStep.Scope, _ input: DecisionInput) {
        for step in DecisionStep.order where step.scope == scope && step.traffic.contains(traffic) {
            let before = failures.count
            step.check(input, &self)
            if trace != nil { record(step, since: before) }
            // Later steps look things up in the very tables step 0 found wanting.
            if scope == .integrity, !failures.isEmpty { return }
        }
    }

    private mutating func record(_ step: DecisionStep, since before: Int) {
        let found = failures[before...].map { Optional($0) }
        for code in found.isEmpty ? [nil] : found {
            trace?.pointee.append(CheckTrace(step: step.number, question: step.question, code: code, inputs: notes, position: place))
        }
        notes = [:]
        place = nil
    }
}

extension StepContext {
    /// Of the governing agreement, under one applicable regime; nil: none is written, which no basis check lets pass.
    func basis(_ regime: Regime) -> Basis? { bases[regime.ordinal] }

    /// True if it holds for the basis under each applicable regime. A regime without one does not hold.
    func everyBasis(_ holds: (Basis) -> Bool) -> Bool {
        for regime in Regime.allCases where regimes.contains(regime) {
            guard let basis = basis(regime), holds(basis) else { return false }
        }
        return true
    }

    mutating func choose(_ purpose: PurposeID?, _ input: DecisionInput) {
        self.purpose = purpose
        guard traffic != .rights, let purpose, let route else { return }
        (candidate, agreementFailures) = AgreementChoice.choose(purpose, among: route.candidates, input: input, &moment)
        guard let candidate else { return }
        for regime in Regime.allCases where regimes.contains(regime) {
            bases[regime.ordinal] = input.policy.agreements[candidate.agreement.position].purposes[candidate.term].basis[regime]
        }
        if case .report(let until) = input.policy.agreements[candidate.agreement.position].mode { reports = !moment.hasReached(until) }
    }

    /// What the subject's consents say about this purpose. Under US law it is the US role that spares a vendor from being named.
    mutating func consent(under regime: Regime, _ input: DecisionInput) -> ConsentFinding {
        if regime == .us, let known = consents.us { return known }
        if regime != .us, let known = consents.eu { return known }
        guard let candidate, let purpose else { return .none }
        let found = ConsentJudge(input, purpose: purpose, agreement: candidate.agreement, regime: regime).judge(input)
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
        guard input.policy.vendors[input.vendor.position].endpoints[input.endpoint.position].rights == nil else {
            self = .rights
            return
        }
        switch input.policy.vendors[input.vendor.position].endpoints[input.endpoint.position].about {
        case .person: self = .person
        case .organisation: self = .organisation
        case .none: self = .control
        }
    }
}
