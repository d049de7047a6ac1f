/// Works out, for every caller and endpoint, which agreement terms may carry a request.
struct RouteCompiler {
    let compilation: Compilation

    func routes() -> [RouteKey: Route] {
        let versions = Dictionary(grouping: compilation.agreements.indices) { compilation.agreements[$0].id }
            .mapValues { $0.sorted { compilation.agreements[$0].version > compilation.agreements[$1].version } }
        var routes: [RouteKey: Route] = [:]
        for (index, caller) in compilation.callers.all.enumerated() {
            for permission in caller.mayUse {
                for agreement in versions[permission.agreement] ?? [] {
                    add(permission, AgreementID(agreement), caller: CallerID(index), to: &routes)
                }
            }
        }
        for key in routes.keys { routes[key]?.defaultPurposes = defaultPurposes(key) }
        checkOverlaps(routes)
        return routes
    }

    private func add(_ permission: Caller.Permission, _ id: AgreementID, caller: CallerID, to routes: inout [RouteKey: Route]) {
        let agreement = compilation.agreements[id.position]
        for (index, term) in agreement.purposes.enumerated() where permission.purposes.contains(term.purpose) {
            let candidate = Route.Candidate(agreement: id, term: index, purpose: term.purpose)
            for endpoint in term.endpoints where permission.endpoints?.contains(endpoint) ?? true {
                let key = RouteKey(caller: caller, vendor: agreement.vendor, endpoint: endpoint)
                // Two entries of `may_use` may name the same agreement.
                if routes[key]?.candidates.contains(candidate) == true { continue }
                routes[key, default: Route(candidates: [], defaultPurposes: [])].candidates.append(candidate)
            }
        }
    }

    /// The purposes of the one entry whose written `endpoints` match, else the caller's default.
    private func defaultPurposes(_ key: RouteKey) -> [PurposeID] {
        let caller = compilation.callers[key.caller]
        let matching = caller.mayUse.filter { $0.vendor == key.vendor && $0.endpoints?.contains(key.endpoint) == true }
        if matching.count == 1 { return matching[0].purposes }
        return caller.defaultPurpose.map { [$0] } ?? []
    }

    /// Two agreements in force at once for one caller, endpoint and purpose: which of them counts would be chance.
    private func checkOverlaps(_ routes: [RouteKey: Route]) {
        struct Clash: Hashable {
            var agreements: Set<AgreementID>
            var purpose: PurposeID
        }
        var reported: Set<Clash> = []
        for route in routes.values {
            for (purpose, candidates) in Dictionary(grouping: route.candidates, by: \.purpose) where candidates.count > 1 {
                let byStart = candidates.map(\.agreement).sorted {
                    compilation.agreements[$0.position].from < compilation.agreements[$1.position].from
                }
                var running: [AgreementID] = []
                for id in byStart {
                    let agreement = compilation.agreements[id.position]
                    running.removeAll { (compilation.agreements[$0.position].until).map { $0 <= agreement.from } ?? false }
                    let twin = running.first { compilation.agreements[$0.position].id != agreement.id }
                    running.append(id)
                    guard let twin, reported.insert(Clash(agreements: [twin, id], purpose: purpose)).inserted else { continue }
                    report(id, twin, purpose)
                }
            }
        }
    }

    private func report(_ id: AgreementID, _ twin: AgreementID, _ purpose: PurposeID) {
        let pair = [compilation.agreements[id.position], compilation.agreements[twin.position]].sorted { $0.id < $1.id }
        let term = pair[1].purposes.first { $0.purpose == purpose }
        compilation.problems.error(
            term?.position ?? pair[1].position, "agreements_overlap",
            "`\(pair[0].id)` and `\(pair[1].id)` are in force together for `\(compilation.purposes[purpose].name)` and the same caller and endpoint",
            "end one before the other begins, or let the caller use only one")
    }
}
