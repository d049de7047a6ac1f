/// Step 1: may anyone send to this vendor, at this destination?
enum VendorStep {
    static func check(_ context: inout StepContext) {
        let input = context.input
        let vendor = context.vendor
        context.note("vendor") { vendor.id }
        context.note(at: vendor.position)
        let standing = input.standing
        if !standing.vendorsNotApproved.isEmpty, standing.vendorsNotApproved.contains(vendor.id) { context.fail(.vendorNotApproved) }
        if !standing.vendorsSuspended.isEmpty, standing.vendorsSuspended.contains(vendor.id) { context.fail(.vendorSuspended) }
        if !vendor.destinations.contains(input.destination) { context.fail(.destinationNotRegistered) }
        // A vendor under a breach hold or with a lapsed review must still learn that somebody said stop.
        guard context.traffic != .rights else { return }
        if !standing.vendorsOnBreachHold.isEmpty, standing.vendorsOnBreachHold.contains(vendor.id) { context.fail(.vendorBreachHold) }
        if let diligence = vendor.dueDiligence, diligence.next <= input.now {
            context.note("due diligence lapsed") { diligence.next.rfc3339 }
            if diligence.next.adding(seconds: diligence.suspendAfterSeconds ?? 0) <= input.now {
                context.fail(.dueDiligenceExpired)
            } else {
                context.warn(.reviewDue)
            }
        }
    }
}
