/// One entry of an agreement's `transfer`.
struct MechanismReader {
    let compilation: Compilation
    let subprocessors: [Agreement.Subprocessor]
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation, subprocessors: [Agreement.Subprocessor]) {
        self.compilation = compilation
        self.subprocessors = subprocessors
    }

    func read(_ value: PolicyValue) -> Mechanism? {
        guard var section = Section(value, "the mechanism", problems) else { return nil }
        let kind = section.required("mechanism", .oneOf(Mechanism.Kind.self))
        let decision = section.optional("decision", .text)
        let module = section.optional("module", .integer(1...4))
        let (signed, until) = (section.optional("signed", .timestamp), section.optional("until", .timestamp))
        let assessment = section.optional("assessment", .text)
        let onward = section.list("onward").compactMap(onward)
        let regimes = section.list("for", .oneOf(Regime.self))
        let ground = section.optional("ground", .text)
        let occasional = section.optional("occasional", .bool) ?? false
        section.finish()
        guard let kind else { return nil }
        checkKeys(kind, value)
        checkDecision(decision, value)
        if regimes.contains(.us) {
            problems.error(
                value["for"]?.position ?? value.position, "no_us_mechanism", "US law asks for no transfer mechanism",
                "remove `us` from `for`")
        }
        return Mechanism(
            kind: kind, regimes: regimes.isEmpty ? defaultRegimes(kind, decision: decision) : regimes, decision: decision, module: module,
            signed: signed, until: until, assessment: assessment, onward: onward, ground: ground, occasional: occasional,
            position: value.position)
    }

    private func onward(_ value: PolicyValue) -> String? {
        guard let name = ScalarType<String>.name.read(value, problems) else { return nil }
        guard subprocessors.contains(where: { $0.id == name }) else {
            problems.error(
                value.position, "unknown_subprocessor", "`\(name)` is not among the subprocessors",
                Suggestion.remedy(for: name, among: subprocessors.map(\.id), else: "add it to `subprocessors`"))
            return nil
        }
        return name
    }

    /// Each kind needs some keys, and others mean nothing to it.
    private func checkKeys(_ kind: Mechanism.Kind, _ value: PolicyValue) {
        let (needed, meaningless): ([String], [String]) =
            switch kind {
            case .adequacy: ([], ["module", "signed", "ground", "occasional"])
            case .scc, .sccSwiss: (["module", "signed"], ["decision", "ground", "occasional"])
            case .idta, .ukAddendum: (["signed"], ["decision", "module", "ground", "occasional"])
            case .bcr: (["signed"], ["decision", "module", "ground", "occasional"])
            case .derogation: (["ground"], ["decision", "module", "signed"])
            }
        for key in needed where value[key] == nil && !(kind == .sccSwiss && key == "module") {
            problems.error(value.position, "missing_key", "`\(kind.rawValue)` lacks `\(key)`", "add `\(key): …`")
        }
        for key in meaningless {
            guard let written = value[key] else { continue }
            problems.error(
                written.position, "key_without_effect", "`\(key)` means nothing for `\(kind.rawValue)`", "remove it")
        }
    }

    private func checkDecision(_ decision: String?, _ value: PolicyValue) {
        guard let decision, let written = value["decision"] else { return }
        let known = Set(compilation.facts.adequacy.compactMap(\.decision)).union(compilation.facts.invalidated.map(\.mechanism))
        guard !known.contains(decision) else { return }
        problems.error(
            written.position, "unknown_decision", "there is no adequacy decision `\(decision)`",
            Suggestion.remedy(for: decision, among: known.sorted(), else: "use \(known.sorted().map { "`\($0)`" }.joined(separator: ", "))")
        )
    }

    private func defaultRegimes(_ kind: Mechanism.Kind, decision: String?) -> [Regime] {
        switch kind {
        case .adequacy:
            let regimes = compilation.facts.adequacy.filter { decision != nil && $0.decision == decision }.map(\.regime)
            return regimes.isEmpty ? [.gdpr] : Regime.allCases.filter(regimes.contains)
        case .scc, .bcr, .derogation: return [.gdpr]
        case .idta, .ukAddendum: return [.ukGDPR]
        case .sccSwiss: return [.fadp]
        }
    }
}
