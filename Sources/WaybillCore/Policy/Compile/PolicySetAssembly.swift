extension Compilation {
    /// The finished set. Call only when nothing was wrong.
    func set(organisation: Organisation, routes: [RouteKey: Route], digest: String, basis: PolicyReuse.Basis) -> PolicySet {
        var tokens: [[UInt8]: CallerID] = [:]
        for (index, caller) in callers.all.enumerated() {
            for case .tokenSHA256(let hash) in caller.credentials { tokens[hash] = CallerID(index) }
        }
        return PolicySet(
            digest: digest, organisation: organisation, fields: fields.all, purposes: purposes.all, notices: notices, facts: facts,
            checklists: checklists, vendors: vendors.all, agreements: agreements, callers: callers.all, operators: operators.all,
            vendorsByName: vendors.ids, purposesByName: purposes.ids, callersByToken: tokens, callersByName: callers.ids, routes: routes,
            basis: basis)
    }
}
