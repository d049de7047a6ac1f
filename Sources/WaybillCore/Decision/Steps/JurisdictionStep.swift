/// Step 0: which regimes apply? By the controller's establishment or where the subject lives; every one must permit.
enum JurisdictionStep {
    static func check(_ context: inout StepContext) {
        let organisation = context.input.policy.organisation
        let countries = context.countries
        context.regimes = area(of: organisation.establishedIn.country, context)
        for country in countries {
            context.regimes.formUnion(area(of: country.country, context))
            if country.country == "US", isUSLawInScope(organisation.inScope, for: country) { context.regimes.insert(.us) }
        }
        // An unknown country, and a known one whose law we have no rules for, count as what the organisation chose to assume.
        if countries.isEmpty || context.regimes.isEmpty {
            if organisation.assumedRegimes.isEmpty { context.fail(.jurisdictionUnknown) }
            for regime in organisation.assumedRegimes { context.regimes.insert(regime) }
        }
        let found = context.regimes
        context.note("regimes") { found.list.map { $0.rawValue }.joined(separator: ", ") }
        context.note("countries") { countries.isEmpty ? "unknown" : "known" }
    }

    /// The regime whose area a country is in.
    static func area(of country: String, _ context: StepContext) -> RegimeSet {
        switch country {
        case "GB": RegimeSet(.ukGDPR)
        case "CH": RegimeSet(.fadp)
        default: context.input.policy.facts.eea.contains(country) ? RegimeSet(.gdpr) : []
        }
    }

    private static func isUSLawInScope(_ laws: [USLaw], for region: Region) -> Bool {
        laws.contains { region.subdivision == nil || region.subdivision == $0.state }
    }
}

extension StepContext {
    /// Where the subject lives: imported facts first, else what the record says; empty: unknown.
    var countries: [Region] {
        if let known = input.subject.entry?.profile.countries, !known.isEmpty { return known }
        return input.subject.countryInRecord.map { [$0] } ?? []
    }

    /// US laws in scope that protect this subject; all of them where the state is not known.
    var usLaws: [USLaw] {
        let states = countries.filter { $0.country == "US" }
        return input.policy.organisation.inScope.filter { law in
            states.isEmpty || states.contains { $0.subdivision == nil || $0.subdivision == law.state }
        }
    }
}
