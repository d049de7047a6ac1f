/// One entry of an agreement's `purposes`.
struct AgreedPurposeReader {
    static let evidenceKinds = ["assessment", "law", "art9", "compelling_grounds"]
    let compilation: Compilation
    /// Nil when the agreement names no known vendor; then endpoints stay unresolved.
    let vendor: VendorID?
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation, vendor: VendorID?) {
        self.compilation = compilation
        self.vendor = vendor
    }

    func read(_ value: PolicyValue) -> AgreedPurpose? {
        guard var section = Section(value, "the purpose", problems) else { return nil }
        let purpose = section.required("id").flatMap { compilation.resolve($0, in: compilation.purposes) }
        let endpointValues = section.required("endpoints").map { Section.items($0, "`endpoints`", problems) } ?? []
        let endpoints = vendor.map { compilation.resolveEndpoints(endpointValues, of: $0) } ?? []
        let basis = section.required("basis").map(basis) ?? [:]
        let evidence = evidence(&section)
        let usActivity = section.optional("us_activity", .oneOf(AgreedPurpose.USActivity.self))
        let fields = fields(section.required("fields"))
        let required = listed(section.list("required"), in: fields, key: "required")
        let necessary = listed(section.list("necessary"), in: fields, key: "necessary")
        let retain = section.optional("retain").flatMap(retention)
        section.finish()
        guard let purpose, !basis.isEmpty else { return nil }
        let agreed = AgreedPurpose(
            purpose: purpose, endpoints: endpoints, basis: basis, basisEvidence: evidence, usActivity: usActivity, fields: fields,
            required: required, necessary: necessary, retain: retain, position: value["id"]?.position ?? value.position)
        AgreedPurposeLint(compilation: compilation).check(agreed, written: value)
        return agreed
    }

    /// A scalar means every regime. In a map `gdpr` must stand; the UK's, the Swiss and the US basis are the same unless written.
    private func basis(_ value: PolicyValue) -> [Regime: Basis] {
        let type = ScalarType<Basis>.oneOf(Basis.self)
        if case .text = value.content {
            guard let basis = type.read(value, problems) else { return [:] }
            return Dictionary(uniqueKeysWithValues: Regime.allCases.map { ($0, basis) })
        }
        guard var section = Section(value, "`basis`", problems) else { return [:] }
        let written = Dictionary(uniqueKeysWithValues: Regime.allCases.map { ($0, section.optional($0.rawValue, type)) })
        section.finish()
        guard section.has("gdpr") else {
            problems.error(
                value.position, "basis_incomplete", "`basis` says nothing for gdpr",
                "add `gdpr: …`; regimes not written take its value")
            return [:]
        }
        guard let gdpr = written[.gdpr] ?? nil else { return [:] }
        return written.mapValues { $0 ?? gdpr }
    }

    private func evidence(_ section: inout Section) -> [String: String] {
        guard var map = section.section("basis_evidence") else { return [:] }
        var evidence: [String: String] = [:]
        for kind in Self.evidenceKinds { evidence[kind] = map.optional(kind, .text) }
        map.finish()
        return evidence
    }

    private func fields(_ value: PolicyValue?) -> [FieldID: AgreedField] {
        guard let value else { return [:] }
        var fields: [FieldID: AgreedField] = [:]
        for member in Section.members(value, "`fields`", problems) {
            guard let field = compilation.resolve(member.keyValue, in: compilation.fields), let agreed = agreedField(member) else {
                continue
            }
            fields[field] = agreed
        }
        return fields
    }

    /// `keep`, `{mask: {keep_last: 2}}`, `{generalize: year}`.
    private func agreedField(_ member: PolicyValue.Member) -> AgreedField? {
        var name: String?
        var arguments = OperatorArguments.none
        switch member.value.content {
        case .text(let text, _): name = text
        case .map(let members) where members.count == 1:
            name = members[0].key
            switch members[0].value.content {
            case .text(let text, _): arguments = .scalar(text)
            case .map(let options):
                var map: [String: String] = [:]
                for option in options { map[option.key] = ScalarType<String>.text.read(option.value, problems) }
                arguments = .map(map)
            case .list: name = nil
            }
        default: break
        }
        guard let name else {
            problems.error(
                member.value.position, "bad_operator", "this is no operator",
                "write `keep`, `{mask: {keep_last: 2}}` or `{generalize: year}`")
            return nil
        }
        do {
            let id = try compilation.operators.id(name: name, arguments: arguments)
            return AgreedField(operatorID: id, position: member.keyPosition)
        } catch {
            let notBuilt = RedactionOperators.notBuiltYet.contains(name)
            problems.error(member.value.position, notBuilt ? "not_built_yet" : "bad_operator", error.message, error.remedy)
            return nil
        }
    }

    private func listed(_ values: [PolicyValue], in fields: [FieldID: AgreedField], key: String) -> [FieldID] {
        values.compactMap { value in
            guard let field = compilation.resolve(value, in: compilation.fields) else { return nil }
            guard let agreed = fields[field], !compilation.operators.all[agreed.operatorID.position].dropsMember else {
                problems.error(
                    value.position, "\(key)_not_agreed",
                    "`\(key)` names `\(compilation.fields[field].name)`, which is not among the fields that go",
                    "add it to `fields`, or remove it from `\(key)`")
                return nil
            }
            return field
        }
    }

    private func retention(_ value: PolicyValue) -> AgreedPurpose.Retention? {
        guard var section = Section(value, "`retain`", problems) else { return nil }
        let period = section.required("for", .period)
        let after = section.required("after", .oneOf(AgreedPurpose.Retention.After.self))
        if var proof = section.section("proof") {
            _ = (proof.required("kind", .name), proof.optional("every", .period))
            proof.finish()
        }
        var overdue = section.section("overdue")
        let warn = overdue?.optional("warn", .period)
        let stop = overdue?.optional("stop_new_subjects", .period)
        let suspend = overdue?.optional("suspend", .period)
        overdue?.finish()
        section.finish()
        guard let period, let after else { return nil }
        return AgreedPurpose.Retention(
            forSeconds: period, after: after, warnSeconds: warn, stopNewSubjectsSeconds: stop, suspendSeconds: suspend)
    }
}
