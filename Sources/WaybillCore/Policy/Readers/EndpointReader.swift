/// One entry of a vendor's `endpoints`.
struct EndpointReader {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    /// Nil when what makes an endpoint at all is missing; problems are reported either way.
    func read(_ value: PolicyValue) -> Endpoint? {
        guard var section = Section(value, "the endpoint", problems) else { return nil }
        let id = section.required("id", .name)
        let idPosition = value["id"]?.position ?? value.position
        let template = section.required("request").flatMap(requestTemplate)
        let body = section.required("body").flatMap(bodyFormat)
        let about = section.optional("about", aboutType) ?? .person
        let selector = section.optional("records").flatMap(recordSelector)
        let paths = PathReader(compilation: compilation)
        let structure = paths.structure(section.list("structure"), rooted: false)
        let envelope = paths.structure(section.list("envelope"), rooted: true)
        let shared = paths.slots(section.map("shared"), rooted: true, person: 0)
        var people = PeopleReader(compilation: compilation).read(&section)
        let only = section.map("only").compactMap(paths.only)
        let pathFields = section.map("path_fields").compactMap(pathField)
        var queryAllow: [String] = []
        if var query = section.section("query") {
            queryAllow = query.list("allow", .text)
            query.finish()
        }
        let rights = section.optional("rights", .oneOf(Endpoint.Rights.self))
        let nested = NestedReader(compilation: compilation).read(section.optional("nested"), in: body)
        for key in ["csv", "purpose_from"] { section.notBuiltYet(key) }
        section.finish()
        guard let id, let template, let body else { return nil }
        people.add(only: only)
        if people.people.isEmpty, about == .person { people.addImplicitPerson() }
        let records = body == .none ? nil : selector ?? (about == .none ? .path(BodyPath(steps: [])) : nil)
        let structureOfOnly = only.compactMap { member in
            if case .constant = member.rule { StructurePath(path: member.path, subtree: false) } else { nil }
        }
        let allStructure = structure + structureOfOnly.filter { !structure.contains($0) }
        let endpoint = Endpoint(
            id: id, template: template, body: body, records: records, about: about, envelope: envelope, shared: shared,
            people: people.people, slots: people.slots, structure: allStructure, pathFields: pathFields, queryAllow: queryAllow,
            rights: rights, only: only, nested: nested, purposeFrom: nil,
            shape: BodyShape(
                BodyShape.Source(
                    format: body, records: records, slots: people.slots, shared: shared, structure: allStructure, envelope: envelope,
                    only: only, nested: nested,
                    identifying: Set((people.slots + shared).map(\.field).filter { compilation.fields[$0].identifierScheme != nil }))),
            position: idPosition)
        EndpointLint(compilation: compilation).check(endpoint, written: value)
        FormLint(compilation: compilation).check(endpoint, written: value)
        return endpoint
    }

    private var aboutType: ScalarType<Endpoint.Subject> {
        ScalarType(
            code: "unknown_value", expected: "`organisation` or `none`; without `about` it is about persons",
            choices: ["organisation", "none"]
        ) { ["organisation": .organisation, "none": Endpoint.Subject.none][$0] }
    }

    private func requestTemplate(_ value: PolicyValue) -> RequestTemplate? {
        guard let text = ScalarType<String>.text.read(value, problems) else { return nil }
        do {
            return try RequestTemplateParser.parse(text)
        } catch {
            compilation.report(error, in: value.content, at: value.position, code: "bad_request_template")
            return nil
        }
    }

    private func bodyFormat(_ value: PolicyValue) -> BodyFormat? {
        guard let format = ScalarType<BodyFormat>.oneOf(BodyFormat.self).read(value, problems) else { return nil }
        guard BodyFormat.built.contains(format) else {
            problems.error(
                value.position, "not_built_yet", "the body format `\(format.rawValue)` is not built yet in this version",
                "keep this endpoint out of the set; built are \(BodyFormat.built.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return format
    }

    private func recordSelector(_ value: PolicyValue) -> RecordSelector? {
        if value.text == "rows" {
            problems.error(
                value.position, "not_built_yet", "`rows` belongs to CSV and NDJSON, which are not built yet in this version",
                "select the records of a JSON body, as in `$.inputs[*]`")
            return nil
        }
        guard let path = PathReader(compilation: compilation).path(value, rooted: true, mayEndInSubtree: false) else { return nil }
        return .path(path.path)
    }

    private func pathField(_ member: PolicyValue.Member) -> Endpoint.PathField? {
        guard var section = Section(member.value, "the path field", problems) else { return nil }
        let field = section.required("field").flatMap { compilation.resolve($0, in: compilation.fields) }
        let encoding = section.optional("encoding", .oneOf(Endpoint.PathField.Encoding.self)) ?? .plain
        section.finish()
        guard let field else { return nil }
        return Endpoint.PathField(variable: member.key, field: field, encoding: encoding)
    }
}

/// Reads paths and what they are mapped to.
struct PathReader {
    let compilation: Compilation

    func path(_ value: PolicyValue, rooted: Bool, mayEndInSubtree: Bool) -> StructurePath? {
        guard let text = ScalarType<String>.text.read(value, compilation.problems) else { return nil }
        do throws(SyntaxError) {
            let path = rooted ? try BodyPathParser.rooted(text) : try BodyPathParser.relative(text)
            guard mayEndInSubtree || !path.subtree else {
                throw SyntaxError(
                    offset: text.unicodeScalars.count - 2, message: "`**` is allowed only in `structure` and `envelope`",
                    remedy: "name each member")
            }
            return path
        } catch {
            compilation.report(error, in: value.content, at: value.position, code: "bad_path")
            return nil
        }
    }

    func structure(_ values: [PolicyValue], rooted: Bool) -> [StructurePath] {
        values.compactMap { value in
            guard let path = path(value, rooted: rooted, mayEndInSubtree: true) else { return nil }
            if path.subtree {
                compilation.problems.warning(
                    value.position, "subtree_passes_unseen", "everything below `\(path.path)` passes unread, whatever a sender puts there",
                    "list the members instead")
            }
            return path
        }
    }

    /// A map of paths to fields.
    func slots(_ members: [PolicyValue.Member], rooted: Bool, person: Int) -> [Endpoint.Slot] {
        var slots: [Endpoint.Slot] = []
        for member in members {
            let path = path(member.keyValue, rooted: rooted, mayEndInSubtree: false)?.path
            guard let path, let field = compilation.resolve(member.value, in: compilation.fields) else { continue }
            slots.append(Endpoint.Slot(path: path, field: field, person: person, position: member.keyPosition))
        }
        return slots
    }

    func only(_ member: PolicyValue.Member) -> Endpoint.OnlyMember? {
        guard let path = path(member.keyValue, rooted: false, mayEndInSubtree: false)?.path else { return nil }
        if case .text = member.value.content {
            guard let field = compilation.resolve(member.value, in: compilation.fields) else { return nil }
            return Endpoint.OnlyMember(path: path, rule: .field(field))
        }
        guard var section = Section(member.value, "the condition", compilation.problems) else { return nil }
        let constant = section.required("const", .text)
        section.finish()
        return constant.map { Endpoint.OnlyMember(path: path, rule: .constant($0)) }
    }
}

/// `subject` and `fields`, or `people`.
struct PeopleReader {
    let compilation: Compilation
    private(set) var people: [Endpoint.Person] = []
    private(set) var slots: [Endpoint.Slot] = []

    init(compilation: Compilation) { self.compilation = compilation }

    /// The reader with what the endpoint's section says.
    func read(_ section: inout Section) -> PeopleReader {
        var reader = self
        guard let list = section.optional("people") else {
            let isAboutPerson = section.has("subject")
            reader.readPerson(&section, name: "subject", ifDenied: .reject, isPerson: isAboutPerson)
            return reader
        }
        for key in ["subject", "fields"] {
            guard let value = section.optional(key) else { continue }
            compilation.problems.error(
                value.position, "people_and_subject", "`\(key)` cannot stand beside `people`", "move it into an entry of `people`")
        }
        for value in Section.items(list, "`people`", compilation.problems) {
            guard var entry = Section(value, "the person", compilation.problems) else { continue }
            let name = entry.required("as", .name)
            let ifDenied = entry.optional("if_denied", .oneOf(Endpoint.Person.IfDenied.self)) ?? .reject
            if !entry.has("subject") { _ = entry.required("subject") }
            reader.readPerson(&entry, name: name ?? "", ifDenied: ifDenied, isPerson: true)
            entry.finish()
        }
        return reader
    }

    private mutating func readPerson(_ section: inout Section, name: String, ifDenied: Endpoint.Person.IfDenied, isPerson: Bool) {
        let reader = PathReader(compilation: compilation)
        let subjectValues = section.list("subject")
        slots += reader.slots(section.map("fields"), rooted: false, person: people.count)
        guard isPerson else { return }
        let subject = subjectValues.compactMap { reader.path($0, rooted: false, mayEndInSubtree: false)?.path }
        people.append(Endpoint.Person(name: name, subject: subject, ifDenied: ifDenied))
    }

    /// A field named in `only` is a slot of the first person as well.
    mutating func add(only: [Endpoint.OnlyMember]) {
        for member in only {
            guard case .field(let field) = member.rule, !slots.contains(where: { $0.path == member.path }) else { continue }
            slots.append(
                Endpoint.Slot(path: member.path, field: field, person: 0, position: compilation.fields[field].position))
        }
    }

    /// The person whom only a path field identifies.
    mutating func addImplicitPerson() { people.append(Endpoint.Person(name: "subject", subject: [], ifDenied: .reject)) }
}
