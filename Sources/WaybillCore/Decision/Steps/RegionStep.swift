/// Step 8: is the destination in a region the agreement names?
enum RegionStep {
    static func check(_ context: inout StepContext) {
        guard let agreement = context.agreement else { return }
        let region = context.input.destination.region
        context.note("region") { region.description }
        context.note(at: agreement.position)
        if !agreement.regions.contains(where: { $0.contains(region) }) { context.fail(.regionNotAgreed) }
    }
}
