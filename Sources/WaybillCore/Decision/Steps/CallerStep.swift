/// Step 1: may this caller send to this endpoint of this vendor?
enum CallerStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        context.note("caller") { input.policy.callers[input.caller.position].id }
        context.note(at: input.policy.callers[input.caller.position].position)
        if !input.standing.callersEnded.isEmpty, input.standing.callersEnded.contains(input.policy.callers[input.caller.position].id) {
            return context.fail(.callerNotPermitted)
        }
        guard context.route?.candidates.isEmpty ?? true else { return }
        let isNamed = input.policy.callers[input.caller.position].mayUse.contains { permission in
            permission.vendor == input.vendor && (permission.endpoints?.contains(input.endpoint) ?? true)
        }
        if !isNamed { context.fail(.callerNotPermitted) }
    }
}
