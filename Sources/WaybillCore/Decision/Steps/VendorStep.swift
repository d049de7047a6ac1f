/// Step 1: may anyone send to this vendor, at this destination?
enum VendorStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        let i = input.vendor.position
        context.note("vendor") { input.policy.vendors[i].id }
        context.note(at: input.policy.vendors[i].position)
        if has(input.standing.vendorsNotApproved, input) { context.fail(.vendorNotApproved) }
        if has(input.standing.vendorsSuspended, input) { context.fail(.vendorSuspended) }
        if !input.policy.vendors[i].destinations.contains(input.destination) { context.fail(.destinationNotRegistered) }
        // A vendor under a breach hold or with a lapsed review must still learn that somebody said stop.
        guard context.traffic != .rights else { return }
        if has(input.standing.vendorsOnBreachHold, input) { context.fail(.vendorBreachHold) }
        guard let next = input.policy.vendors[i].dueDiligence?.next, context.moment.hasReached(next) else { return }
        context.note("due diligence lapsed") { next.rfc3339 }
        if context.moment.hasReached(next.adding(seconds: input.policy.vendors[i].dueDiligence?.suspendAfterSeconds ?? 0)) {
            context.fail(.dueDiligenceExpired)
        } else {
            context.warn(.reviewDue)
        }
    }

    /// Nearly always empty: nothing is hashed then.
    private static func has(_ vendors: Set<String>, _ input: DecisionInput) -> Bool {
        !vendors.isEmpty && vendors.contains(input.policy.vendors[input.vendor.position].id)
    }
}
