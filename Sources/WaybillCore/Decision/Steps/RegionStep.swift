/// Step 8: is the destination in a region the agreement names?
enum RegionStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let i = context.candidate?.agreement.position else { return }
        context.note("region") { input.destination.region.description }
        context.note(at: input.policy.agreements[i].position)
        if !input.policy.agreements[i].regions.contains(where: { $0.contains(input.destination.region) }) { context.fail(.regionNotAgreed) }
    }
}
