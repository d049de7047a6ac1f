/// Step 3: is there a purpose, known, specific, and covered by what the caller may use?
enum PurposeStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        if input.unknownPurpose { context.fail(.purposeUnknown) }
        guard let purpose = context.purpose else {
            // Without a route no default is known either: that there is no agreement says it all.
            if !input.unknownPurpose, context.route != nil { context.fail(.purposeMissing) }
            return
        }
        context.note("purpose") { input.policy.purposes[purpose.position].name }
        context.note(at: input.policy.purposes[purpose.position].position)
        if input.policy.purposes[purpose.position].generic { context.fail(.purposeTooGeneric) }
        if context.candidate == nil { context.fail(.purposeNotCovered) }
    }
}
