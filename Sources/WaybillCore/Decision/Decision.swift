/// The verdict on one record (or one person in it), with what may be sent of it.
package struct Decision: Sendable {
    package var outcome: Outcome
    /// All failed checks in order, record-level first occurrence only; the first is `primary`.
    package var codes: [ReasonCode]
    package var warnings: [Warning]
    package var plan: FieldPlan
    /// The agreement versions and purposes that permit; empty if none does.
    package var applied: [Route.Candidate]
    package var regimes: [Regime]
    /// By regime, in `regimes`' order, of the first applied candidate.
    package var bases: [Basis]
    /// Mechanism per regime that needed one: `adequacy:EU-US-DPF`, `scc:2`, `none_needed`.
    package var mechanisms: [String]
    /// Half-open: within, it is the same for the same input. Empty: it has to be made again each time.
    package var standsSince = Timestamp(nanoseconds: .max)
    package var standsUntil = Timestamp(nanoseconds: .min)
    /// And only while the limits of these are not reached.
    var volumesAsked: [AgreementID] = []
    package var primary: ReasonCode? { codes.first { !$0.isFieldLevel } ?? codes.first }
    package var permits: Bool { outcome == .allow || outcome == .allowRedacted }

    package init(
        outcome: Outcome, codes: [ReasonCode], warnings: [Warning] = [], plan: FieldPlan, applied: [Route.Candidate] = [],
        regimes: [Regime] = [], bases: [Basis] = [], mechanisms: [String] = []
    ) {
        self.outcome = outcome
        self.codes = codes
        self.warnings = warnings
        self.plan = plan
        self.applied = applied
        self.regimes = regimes
        self.bases = bases
        self.mechanisms = mechanisms
    }
}

/// What happens to each field of the catalogue, by `FieldID`.
package struct FieldPlan: Sendable {
    package enum Action: Sendable, Hashable {
        case drop(ReasonCode)
        /// `keep` is an operator too.
        case apply(OperatorID)
    }
    package var actions: [Action]
    package init(actions: [Action]) { self.actions = actions }
    package static func dropAll(_ code: ReasonCode, fieldCount: Int) -> FieldPlan {
        FieldPlan(actions: Array(repeating: .drop(code), count: fieldCount))
    }
    package subscript(id: FieldID) -> Action { actions[id.position] }
}

/// One check as it was made, for explanations. Holds no personal data: ids, versions, states, dates of policies.
package struct CheckTrace: Sendable, Hashable {
    package var step: Int
    package var question: String
    /// Nil: passed.
    package var code: ReasonCode?
    /// What it looked at, in order: `agreement` → `hubspot-newsletter@3`.
    package var inputs: [String: String]
    package var position: SourcePosition?
    package init(step: Int, question: String, code: ReasonCode?, inputs: [String: String] = [:], position: SourcePosition? = nil) {
        self.step = step
        self.question = question
        self.code = code
        self.inputs = inputs
        self.position = position
    }
}
