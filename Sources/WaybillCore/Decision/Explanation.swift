/// One decision told in full: every check in order with its inputs, and per field what was done and which line said so.
///
/// Holds ids, versions, states and dates of policies, and no personal data. For dry runs and look-ups, never for the hot path.
package struct Explanation: Codable, Sendable, Hashable {
    package struct Check: Codable, Sendable, Hashable {
        package var step: Int
        package var question: String
        /// `passed`, or the reason code.
        package var result: String
        package var inputs: [String: String]
        /// `agreements/hubspot-newsletter.yaml:12:5`.
        package var at: String?
    }
    package struct FieldLine: Codable, Sendable, Hashable {
        package var field: String
        /// `sent`, `changed` or `dropped`.
        package var action: String
        /// `keep`, `mask {keep_last: 2}`.
        package var operation: String?
        package var code: String?
        package var at: String?
    }
    package var decision: String
    package var primary: String?
    package var codes: [String]
    package var warnings: [String]
    /// SHA-256 of the policy set.
    package var policy: String
    /// `hubspot-newsletter@3: newsletter`, those that permit.
    package var applied: [String]
    package var regimes: [String]
    package var bases: [String]
    package var mechanisms: [String]
    package var checks: [Check]
    package var fields: [FieldLine]

    /// Decides again and keeps the reasons.
    package init(of input: DecisionInput) {
        var trace: [CheckTrace] = []
        let decision = withUnsafeMutablePointer(to: &trace) { Decider.decide(input, trace: $0) }
        self.init(decision, trace: trace, input: input)
    }

    package init(_ decision: Decision, trace: [CheckTrace], input: DecisionInput) {
        let policy = input.policy
        self.decision = decision.outcome.rawValue
        primary = decision.primary?.rawValue
        codes = decision.codes.map { $0.rawValue }
        warnings = decision.warnings.map { $0.rawValue }
        self.policy = policy.digest
        applied = decision.applied.map { candidate in
            let agreement = policy[candidate.agreement]
            return "\(agreement.id)@\(agreement.version): \(policy[candidate.purpose].name)"
        }
        regimes = decision.regimes.map { $0.rawValue }
        bases = decision.bases.map { $0.rawValue }
        mechanisms = decision.mechanisms
        checks = trace.map { check in
            Check(
                step: check.step, question: check.question, result: check.code?.rawValue ?? "passed", inputs: check.inputs,
                at: check.position?.description)
        }
        fields = input.subject.present.filter { $0.position < policy.fields.count }.map { id in
            Explanation.line(for: id, decision.plan[id], decision.applied, policy)
        }
    }

    private static func line(for id: FieldID, _ action: FieldPlan.Action, _ applied: [Route.Candidate], _ policy: PolicySet) -> FieldLine {
        let terms = applied.map { policy[$0.agreement].purposes[$0.term] }
        switch action {
        case .drop(let code):
            // An unlisted field: the purpose that would have to list it.
            let place = terms.compactMap { $0.fields[id]?.position }.first ?? terms.first?.position ?? policy[id].position
            return FieldLine(field: policy[id].name, action: "dropped", operation: nil, code: code.rawValue, at: place.description)
        case .apply(let operatorID):
            let place = terms.compactMap { $0.fields[id] }.first { $0.operatorID == operatorID }?.position
            let operation = policy[operatorID]
            return FieldLine(
                field: policy[id].name, action: operation.keepsValue ? "sent" : operation.dropsMember ? "dropped" : "changed",
                operation: operation.summary, code: nil, at: place?.description)
        }
    }
}

extension Explanation {
    /// What is asked of every record, in order.
    package static var questions: [(step: Int, question: String)] { DecisionStep.order.map { ($0.number, $0.question) } }
}
