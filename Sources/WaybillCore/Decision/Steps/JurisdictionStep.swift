/// Step 0: which regimes apply? By the controller's establishment or where the subject lives; every one must permit.
enum JurisdictionStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        let countries = input.countries
        var regimes = area(of: input.policy.organisation.establishedIn.country, input)
        for region in countries {
            regimes.formUnion(area(of: region.country, input))
            if region.country == "US", isUSLawInScope(for: region, input) { regimes.insert(.us) }
        }
        // An unknown country, and a known one whose law we have no rules for, count as what the organisation chose to assume.
        if countries.isEmpty || regimes.isEmpty {
            if input.policy.organisation.assumedRegimes.isEmpty { context.fail(.jurisdictionUnknown) }
            for regime in input.policy.organisation.assumedRegimes { regimes.insert(regime) }
        }
        context.regimes = regimes
        context.note("regimes") { regimes.list.map { $0.rawValue }.joined(separator: ", ") }
        context.note("countries") { countries.isEmpty ? "unknown" : "known" }
    }

    /// The regime whose area a country is in.
    static func area(of country: String, _ input: DecisionInput) -> RegimeSet {
        switch country {
        case "GB": RegimeSet(.ukGDPR)
        case "CH": RegimeSet(.fadp)
        case "US": []
        default: input.policy.facts.eea.contains(country) ? RegimeSet(.gdpr) : []
        }
    }

    private static func isUSLawInScope(for region: Region, _ input: DecisionInput) -> Bool {
        input.policy.organisation.inScope.contains { region.subdivision == nil || region.subdivision == $0.state }
    }
}

extension SubjectInput {
    /// Whole years; nil: unknown. Imported facts first, else what the record says.
    func age(at now: Timestamp) -> Int? { (entry?.born ?? bornInRecord).map { $0.years(until: now.day) } }
}

extension DecisionInput {
    /// Where the subject lives: imported facts first, else what the record says; empty: unknown.
    var countries: [Region] {
        if let known = subject.entry?.profile.countries, !known.isEmpty { return known }
        return subject.countryInRecord.map { [$0] } ?? []
    }

    /// US laws in scope that protect this subject; all of them where the state is not known.
    var usLaws: [USLaw] {
        let states = countries.filter { $0.country == "US" }
        return policy.organisation.inScope.filter { law in
            states.isEmpty || states.contains { $0.subdivision == nil || $0.subdivision == law.state }
        }
    }

    var age: Int? { subject.age(at: now) }

    /// Stops of everybody whose identifiers stand in the record count.
    func anyProfile(_ holds: (SubjectProfile) -> Bool) -> Bool {
        if let entry = subject.entry, holds(entry.profile) { return true }
        return subject.others.contains { holds($0.profile) }
    }
}
