extension Compilation {
    /// The finished set. Call only when nothing was wrong.
    func set(organisation: Organisation, routes: [RouteKey: Route], digest: String, basis: PolicyReuse.Basis) -> PolicySet {
        var tokens: [[UInt8]: CallerID] = [:]
        var names: [String: CallerID] = [:]
        for (index, caller) in callers.all.enumerated() {
            for credential in caller.credentials {
                switch credential {
                case .tokenSHA256(let hash): tokens[hash] = CallerID(index)
                case .mtlsSAN(let san): names[Caller.Credential.sanKey(san)] = CallerID(index)
                }
            }
        }
        return PolicySet(
            digest: digest, organisation: organisation, fields: fields.all, purposes: purposes.all, notices: notices, facts: facts,
            checklists: checklists, vendors: vendors.all, agreements: agreements, callers: callers.all, operators: operators.all,
            vendorsByName: vendors.ids, purposesByName: purposes.ids, callersByToken: tokens, callersByName: callers.ids,
            callersBySAN: names,
            routes: routes, basis: basis)
    }
}
