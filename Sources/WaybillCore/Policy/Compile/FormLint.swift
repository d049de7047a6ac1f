/// What an endpoint with a form cannot be.
struct FormLint {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    /// `written`: the endpoint's map, for positions.
    func check(_ endpoint: Endpoint, written: PolicyValue) {
        guard endpoint.body == .form else { return }
        if let nested = endpoint.nested { checkNested(nested, endpoint, written) }
        func position(_ key: String) -> SourcePosition { written[key]?.position ?? endpoint.position }
        var places: [(BodyPath, SourcePosition)] = endpoint.shared.map { ($0.path, $0.position) }
        places += endpoint.envelope.map { ($0.path, position("envelope")) }
        if case .path(let path)? = endpoint.records { places.append((path, position("records"))) }
        // Names inside a nested document are JSON's.
        if endpoint.nested == nil {
            places += endpoint.slots.map { ($0.path, $0.position) } + endpoint.structure.map { ($0.path, position("structure")) }
            places += endpoint.only.map { ($0.path, position("only")) }
        }
        for (path, position) in places {
            if let nested = endpoint.nested, path.steps.starts(with: nested.steps) { continue }
            checkNames(path, at: position)
        }
    }

    /// A form cannot carry such names: the gate refuses what stands outside of balanced brackets.
    private func checkNames(_ path: BodyPath, at position: SourcePosition) {
        for case .name(let name) in path.steps where name.contains("[") || name.contains("]") {
            problems.error(
                position, "bracket_in_form_name", "`\(name)` has a bracket, which no name of a form can have",
                "write `a[b]` of a form as `a.b`, and `a[]` as `a[*]`")
            return
        }
        if let first = path.steps.first, case .name = first { return }
        if !path.steps.isEmpty {
            problems.error(
                position, "form_without_name", "`\(path)` begins with an array, and every field of a form begins with a name",
                "begin with the field's name")
        }
    }

    private func checkNested(_ nested: BodyPath, _ endpoint: Endpoint, _ written: PolicyValue) {
        if nested.steps.contains(where: { if case .name = $0 { false } else { true } }) {
            problems.error(
                written["nested"]?.position ?? endpoint.position, "nested_in_array", "the nested document `\(nested)` is one of an array",
                "name one field, as in `nested: {data: json}`")
        }
        checkNames(nested, at: written["nested"]?.position ?? endpoint.position)
        guard case .path(let records)? = endpoint.records, records.steps.starts(with: nested.steps) else {
            problems.error(
                written["records"]?.position ?? endpoint.position, "records_outside_nested",
                "the records are not inside the nested document", "begin `records` with `$.\(nested)`")
            return
        }
    }
}
