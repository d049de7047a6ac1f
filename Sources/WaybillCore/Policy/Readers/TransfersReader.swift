/// `catalog/transfers.yaml`: dated legal facts.
struct TransfersReader {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    func read(_ document: PolicyValue) {
        guard var file = Section(document, "transfers.yaml", problems) else { return }
        var facts = LegalFacts.none
        facts.adequacy = file.list("adequacy").compactMap(adequacy)
        facts.invalidated = file.list("invalidated").compactMap(invalidated)
        facts.eea = Set(file.list("eea", .region).map(\.country))
        facts.sccModules = modules(file.map("scc_modules"))
        (facts.childrenAge, facts.childrenAgeDefault) = childrenAge(file.map("children_age"))
        if var states = file.section("gpc_states") {
            facts.gpcStates = Set(states.list("list", usState))
            _ = states.optional("note", .text)
            _ = states.optional("source", .text)
            states.finish()
        }
        file.finish()
        compilation.facts = facts
    }

    private func adequacy(_ value: PolicyValue) -> LegalFacts.Adequacy? {
        guard var section = Section(value, "the adequacy decision", problems) else { return nil }
        let regime = section.required("regime", .oneOf(Regime.self))
        let to = section.required("to", territory)
        let scope = section.required("scope", .name)
        let decision = section.optional("decision", .text)
        let (from, until) = DateRange.read(&section, problems)
        let confirmed = section.optional("confirmed", .bool) ?? false
        _ = section.optional("source", .text)
        section.finish()
        guard let regime, let to, let scope, let from else { return nil }
        return LegalFacts.Adequacy(
            regime: regime, to: to, scope: scope, decision: decision, from: from, until: until, confirmed: confirmed)
    }

    private func invalidated(_ value: PolicyValue) -> LegalFacts.Invalidated? {
        guard var section = Section(value, "the invalidated mechanism", problems) else { return nil }
        let mechanism = section.required("mechanism", .text)
        if !section.has("until") { _ = section.required("until") }
        let (from, until) = DateRange.read(&section, problems)
        _ = section.optional("source", .text)
        section.finish()
        guard let mechanism, let from, let until else { return nil }
        return LegalFacts.Invalidated(mechanism: mechanism, from: from, until: until)
    }

    private func modules(_ members: [PolicyValue.Member]) -> [Int: (Agreement.Role, Agreement.Role)] {
        var modules: [Int: (Agreement.Role, Agreement.Role)] = [:]
        for member in members {
            guard let number = ScalarType<Int>.integer(1...4).read(member.keyValue, problems) else { continue }
            let type = ScalarType<Agreement.Role>.oneOf(Agreement.Role.self)
            let roles = Section.items(member.value, "the module", problems).compactMap { type.read($0, problems) }
            guard roles.count == 2 else {
                problems.error(member.value.position, "bad_module", "a module is a pair of roles", "write `[exporter, importer]`")
                continue
            }
            modules[number] = (roles[0], roles[1])
        }
        return modules
    }

    private func childrenAge(_ members: [PolicyValue.Member]) -> ([String: Int], Int) {
        var ages: [String: Int] = [:]
        var fallback: Int?
        for member in members where member.key != "source" {
            guard let age = ScalarType<Int>.integer(13...18).read(member.value, problems) else { continue }
            if member.key == "default" {
                fallback = age
            } else if let region = ScalarType<Region>.region.read(member.keyValue, problems) {
                ages[region.country] = age
            }
        }
        // Article 8 GDPR's own age where a table gives none: the highest, so the strictest.
        return (ages, fallback ?? 16)
    }

    private var territory: ScalarType<String> {
        ScalarType(code: "unknown_region", expected: "a country's ISO 3166-1 code, `EEA` or `EPO`") { text in
            text == "EEA" ? text : Region(text).flatMap { $0.subdivision == nil ? $0.country : nil }
        }
    }

    private var usState: ScalarType<String> {
        ScalarType(code: "unknown_region", expected: "a state's two letters, like `CA`") { text in
            text.utf8.count == 2 && text.utf8.allSatisfy { (65...90).contains($0) } ? text : nil
        }
    }
}

extension LegalFacts {
    static let none = LegalFacts(
        adequacy: [], invalidated: [], eea: [], sccModules: [:], childrenAge: [:], childrenAgeDefault: 16, gpcStates: [])
}
