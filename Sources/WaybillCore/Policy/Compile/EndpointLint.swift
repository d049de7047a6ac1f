/// What one endpoint cannot be: rules that look at it alone.
struct EndpointLint {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    /// `written`: the endpoint's map, for positions.
    func check(_ endpoint: Endpoint, written: PolicyValue) {
        checkBody(endpoint, written)
        checkAbout(endpoint, written)
        checkPathFields(endpoint, written)
        checkPlaces(endpoint, written)
        switch endpoint.about {
        case .person: checkPeople(endpoint, written)
        case .organisation: checkOrganisation(endpoint)
        case .none: break
        }
    }

    private func checkBody(_ endpoint: Endpoint, _ written: PolicyValue) {
        func position(_ key: String) -> SourcePosition { written[key]?.position ?? endpoint.position }
        if endpoint.template.method == "GET", endpoint.body != .none {
            problems.error(position("body"), "body_on_get", "a GET request cannot have a body", "write `body: none`")
        }
        if endpoint.body == .none {
            for key in ["records", "fields", "people", "subject", "structure", "envelope", "shared", "only"] where written[key] != nil {
                problems.error(
                    position(key), "no_body", "`\(key)` has nothing to look at: the endpoint has no body",
                    "remove it, or write `body: json`")
            }
        } else if endpoint.records == nil, written["records"] == nil {
            problems.error(
                endpoint.position, "missing_key", "the endpoint lacks `records`", "add `records: $` if the whole body is one record")
        }
        if case .path(let path)? = endpoint.records {
            for (key, paths) in [("envelope", endpoint.envelope.map(\.path)), ("shared", endpoint.shared.map(\.path))]
            where paths.contains(where: { $0.steps.starts(with: path.steps) }) {
                problems.error(
                    position(key), "inside_records", "`\(key)` names a place inside the records",
                    "map it in `fields` or `structure` instead")
            }
        }
        if let rights = endpoint.rights, rights != .rectify, endpoint.body != .none, endpoint.only.isEmpty {
            problems.error(
                position("rights"), "rights_without_only", "a \(rights.rawValue) call must say exactly what it may carry", "add `only: {…}`"
            )
        }
    }

    private func checkAbout(_ endpoint: Endpoint, _ written: PolicyValue) {
        let unfit: [String] =
            switch endpoint.about {
            case .person: []
            case .organisation: ["subject", "people", "path_fields", "shared", "rights", "only"]
            case .none: ["subject", "people", "path_fields", "shared", "fields", "rights", "only"]
            }
        for key in unfit {
            guard let value = written[key] else { continue }
            problems.error(
                value.position, "about_nobody",
                "`\(key)` is for endpoints about persons, and this one is `about: \(endpoint.about.rawValue)`",
                "remove `\(key)`, or remove `about`")
        }
        if case .rest? = endpoint.template.segments.last, endpoint.about != .none || endpoint.template.method != "GET" {
            problems.error(
                written["request"]?.position ?? endpoint.position, "rest_not_control", "`{…*}` is allowed only for GET with `about: none`",
                "name the segments")
        }
    }

    private func checkPathFields(_ endpoint: Endpoint, _ written: PolicyValue) {
        let variables = endpoint.template.segments.compactMap { if case .variable(let name, _, _) = $0 { name } else { nil } }
        guard case .map(let members)? = written["path_fields"]?.content else { return }
        for member in members where !variables.contains(member.key) {
            problems.error(
                member.keyPosition, "unknown_variable", "the path has no variable `\(member.key)`",
                Suggestion.remedy(for: member.key, among: variables, else: "name a `{variable}` of `request`"))
        }
    }

    /// One place, one meaning.
    private func checkPlaces(_ endpoint: Endpoint, _ written: PolicyValue) {
        var seen: Set<BodyPath> = []
        for slot in endpoint.slots where !seen.insert(slot.path).inserted {
            problems.error(slot.position, "path_mapped_twice", "`\(slot.path)` is mapped twice", "keep one of the two")
        }
        let structureValue = written["structure"]?.position ?? endpoint.position
        for path in endpoint.structure {
            let clash = endpoint.slots.first { path.subtree ? $0.path.steps.starts(with: path.path.steps) : $0.path == path.path }
            guard let clash else { continue }
            problems.error(
                structureValue, "field_in_structure", "`\(clash.path)` is both a field and structure", "keep it in `fields` only")
        }
    }

    private func checkPeople(_ endpoint: Endpoint, _ written: PolicyValue) {
        for (index, person) in endpoint.people.enumerated() {
            let slots = endpoint.slots.filter { $0.person == index }
            checkIdentifiersOnce(slots, shared: index == 0 ? endpoint.shared : [])
            for (order, path) in person.subject.enumerated()
            where !slots.contains(where: { $0.path == path && compilation.fields[$0.field].identifierScheme != nil }) {
                problems.error(
                    subjectPosition(written, person: index, order: order) ?? endpoint.position, "subject_not_identifying",
                    "the subject path `\(path)` is not mapped to an identifying field",
                    "map it in `fields` to a field with `identifies: true`")
            }
            let identifiedByPath = endpoint.pathFields.contains { field in
                compilation.fields[field.field].identifierScheme != nil && [.plain, .base64].contains(field.encoding)
            }
            if person.subject.isEmpty, !identifiedByPath, written["subject"] == nil || endpoint.people.count > 1 {
                problems.error(
                    endpoint.position, "subject_missing", "nothing identifies the person the record is about",
                    "add `subject: [path]`, or an identifying plain path field; a control call is `about: none`")
            }
        }
    }

    private func checkIdentifiersOnce(_ slots: [Endpoint.Slot], shared: [Endpoint.Slot]) {
        var seen: Set<FieldID> = []
        for slot in slots + shared where compilation.fields[slot.field].identifierScheme != nil {
            guard !seen.insert(slot.field).inserted else { continue }
            problems.error(
                slot.position, "identifier_mapped_twice",
                "`\(compilation.fields[slot.field].name)` identifies a person and is mapped a second time",
                "list both persons in `people`, or leave the second place unmapped so that it is dropped")
        }
    }

    private func subjectPosition(_ written: PolicyValue, person: Int, order: Int) -> SourcePosition? {
        var holder: PolicyValue? = written
        if case .list(let entries)? = written["people"]?.content { holder = person < entries.count ? entries[person] : nil }
        guard case .list(let paths)? = holder?["subject"]?.content, order < paths.count else { return holder?["subject"]?.position }
        return paths[order].position
    }

    private func checkOrganisation(_ endpoint: Endpoint) {
        for slot in endpoint.slots where !compilation.fields[slot.field].entity {
            problems.error(
                slot.position, "field_of_person", "`\(compilation.fields[slot.field].name)` is about a person, and this endpoint is not",
                "leave it unmapped so that it is dropped, or remove `about`")
        }
    }
}
