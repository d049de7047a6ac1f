/// Makes one decision: the whole order of decisions.md.
package enum Decider {
    /// `trace`: pass an array to collect every check for an explanation; nil costs nothing.
    package static func decide(_ input: DecisionInput, trace: UnsafeMutablePointer<[CheckTrace]>? = nil) -> Decision {
        Decision(outcome: .deny, codes: [.policyUnavailable], plan: .dropAll(.fieldNotAgreed, fieldCount: input.policy.fields.count))
    }
}
