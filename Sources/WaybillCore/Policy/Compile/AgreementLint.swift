/// What an agreement cannot be: parties, terms and mechanisms against one another.
struct AgreementLint {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    func check(_ agreement: Agreement, written: PolicyValue) {
        checkParties(agreement, written)
        checkTerms(agreement, written)
        checkActivity(agreement, written)
        for mechanism in agreement.transfer {
            checkModule(mechanism, agreement)
            checkAdequacy(mechanism, agreement)
        }
        var seen: Set<PurposeID> = []
        for term in agreement.purposes where !seen.insert(term.purpose).inserted {
            problems.error(
                term.position, "purpose_twice", "`\(compilation.purposes[term.purpose].name)` is agreed twice", "join the two entries")
        }
        if agreement.purposes.isEmpty, let value = written["purposes"], case .list(let items) = value.content, items.isEmpty {
            problems.error(value.position, "purposes_empty", "the agreement permits nothing", "add a purpose, or delete the file")
        }
    }

    private func checkParties(_ agreement: Agreement, _ written: PolicyValue) {
        let position = written["parties"]?.position ?? agreement.position
        let vendor = compilation.vendors[agreement.vendor].id
        guard let organisation = compilation.organisation else { return }
        let known = [organisation.id, vendor] + agreement.subprocessors.map(\.id)
        for party in agreement.parties where !known.contains(party.org) {
            problems.error(
                written.entry(of: "parties", with: "org", party.org)?["org"]?.position ?? position, "unknown_party",
                "the party `\(party.org)` is neither the organisation, the vendor nor a subprocessor",
                Suggestion.remedy(for: party.org, among: known, else: "use one of \(known.map { "`\($0)`" }.joined(separator: ", "))"))
        }
        if agreement.parties.filter(\.exports).map(\.org) != [organisation.id] {
            problems.error(
                position, "exporter_missing", "exactly one party exports, and it is `\(organisation.id)`",
                "write `{org: \(organisation.id), role: controller, exports: true}`")
        }
        if agreement.parties.filter(\.imports).map(\.org) != [vendor] {
            problems.error(
                position, "importer_missing", "exactly one party imports, and it is the vendor `\(vendor)`",
                "write `{org: \(vendor), role: processor, imports: true}`")
        }
        if let exporter = agreement.exporter, let importer = agreement.vendorParty,
            (exporter.role == .jointController) != (importer.role == .jointController)
        {
            problems.error(
                position, "joint_controller_alone", "nobody is a joint controller alone",
                "give both parties `role: joint_controller`, or none")
        }
    }

    /// GDPR and UK checklists bind by role where the regime binds the organisation; a US role binds by being declared.
    private func checkTerms(_ agreement: Agreement, _ written: PolicyValue) {
        guard let party = agreement.vendorParty else { return }
        let bound = compilation.boundRegimes
        var missing: [String: [String]] = [:]
        for checklist in compilation.checklists {
            let byRole = bound.contains(checklist.regime) && checklist.roles.contains(party.role)
            let byUSRole = party.usRole.map(checklist.usRoles.contains) ?? false
            guard byRole || byUSRole else { continue }
            let confirmed = agreement.terms[checklist.name] ?? [:]
            guard confirmed["all"] == nil else { continue }
            let open = checklist.items.filter { confirmed[$0] == nil }
            if !open.isEmpty { missing[checklist.name] = open }
        }
        for (name, items) in missing.sorted(by: { $0.key < $1.key }) {
            problems.error(
                written["terms"]?[name]?.position ?? written["terms"]?.position ?? agreement.position, "terms_missing",
                "the role asks for \(name), and \(items.joined(separator: ", ")) is not confirmed",
                "say where it stands in the paper, or correct the role")
        }
    }

    private func checkActivity(_ agreement: Agreement, _ written: PolicyValue) {
        guard let role = agreement.vendorParty?.usRole, [.serviceProvider, .contractor].contains(role) else { return }
        for term in agreement.purposes {
            guard let activity = term.usActivity, activity != .businessPurpose else { continue }
            let entry = written.entry(of: "purposes", with: "id", compilation.purposes[term.purpose].name)
            problems.error(
                entry?["us_activity"]?.position ?? term.position, "sale_to_service_provider",
                "what is a \(activity.rawValue) makes the vendor no \(role.rawValue)",
                "write `us_role: third_party`, or `us_activity: business_purpose`")
        }
    }

    private func checkModule(_ mechanism: Mechanism, _ agreement: Agreement) {
        guard let module = mechanism.module, let roles = compilation.facts.sccModules[module] else { return }
        guard let exporter = agreement.exporter, let importer = agreement.vendorParty else { return }
        guard (exporter.role.forModules, importer.role.forModules) != roles else { return }
        let fitting = compilation.facts.sccModules.filter { $0.value == (exporter.role.forModules, importer.role.forModules) }.map(\.key)
        problems.error(
            mechanism.position, "scc_module_mismatch",
            "module \(module) is for \(roles.0.rawValue) to \(roles.1.rawValue), and the parties are not that",
            fitting.isEmpty
                ? "correct the roles" : "use module \(fitting.sorted().map(String.init).joined(separator: " or ")), or correct the roles")
    }

    /// A decision must reach a region of the agreement; a framework must list the vendor.
    private func checkAdequacy(_ mechanism: Mechanism, _ agreement: Agreement) {
        guard mechanism.kind == .adequacy else { return }
        let facts = compilation.facts
        let decisions = facts.adequacy.filter { fact in
            mechanism.decision.map { fact.decision == $0 } ?? (fact.decision == nil && mechanism.regimes.contains(fact.regime))
        }
        guard !decisions.isEmpty || mechanism.decision == nil else { return }
        let covers = decisions.contains { fact in
            agreement.regions.contains { $0.country == fact.to || (fact.to == "EEA" && facts.eea.contains($0.country)) }
        }
        let name = mechanism.decision.map { "`\($0)`" } ?? "a country decision"
        if !covers {
            problems.error(
                mechanism.position, "adequacy_not_covering",
                "\(name) covers none of the regions \(agreement.regions.map(\.description).joined(separator: ", "))",
                "remove the mechanism, or name the decision that covers the region")
        } else if let decision = mechanism.decision, decisions.contains(where: { $0.scope.hasSuffix("participants") }),
            !compilation.vendors[agreement.vendor].certifications.contains(where: { $0.scheme == decision })
        {
            problems.error(
                mechanism.position, "adequacy_not_covering",
                "\(name) covers participants only, and the vendor's file shows no certification",
                "add it to `certifications` of the vendor, or use another mechanism")
        }
    }
}

extension Agreement.Role {
    /// The clauses know controllers and processors only.
    fileprivate var forModules: Agreement.Role {
        switch self {
        case .controller, .jointController, .thirdParty: .controller
        case .processor, .subprocessor: .processor
        }
    }
}

extension PolicyValue {
    /// The map in the list at `key` whose member `name` has this text.
    fileprivate func entry(of key: String, with name: String, _ text: String) -> PolicyValue? {
        guard case .list(let items)? = self[key]?.content else { return nil }
        return items.first { $0[name]?.text == text }
    }
}
