import WaybillCore
import WaybillLedger

/// The page on which a document begins: a form for people with what every document needs, or the whole of it as YAML.
struct NewDraftForm {
    let pages: DocumentPages
    private var kind: PolicyDocumentName.Kind { pages.kind }
    private var set: PolicySet { pages.desk.parts.set() }

    static func isYAML(_ call: ConsoleCall) -> Bool { call.field("as") == "yaml" || call.field("text") != nil }

    func page(_ call: ConsoleCall) -> ConsoleAnswer {
        let isYAML = Self.isYAML(call)
        var form = ConsoleForm(call, action: "\(pages.root)/new")
        form.hide("as", isYAML ? "yaml" : "form")
        form.add("id", "Id", hint: "Small letters, digits and dashes; it never changes.")
        switch kind {
        case _ where isYAML:
            form.add("text", "The document", .area(rows: 24, isCode: true), hint: "As in the policy files; its id is the one above.")
        case .agreement: addAgreement(&form, pages.desk.parts.clock())
        case .vendor: addVendor(&form)
        case .caller: addCaller(&form)
        }
        form.button("Make the draft", tone: "primary")
        form.cancel(pages.root)
        let other =
            isYAML
            ? ConsolePart.action("Use the form", "\(pages.root)/new") : ConsolePart.action("Write it as YAML", "\(pages.root)/new?as=yaml")
        return ConsolePart.page(
            "New \(kind.rawValue)", lead: "A draft sends nothing. It is in force when somebody else has approved it.", actions: [other],
            crumbs: [(kind.folder.prefix(1).uppercased() + kind.folder.dropFirst(), pages.root)], [ConsolePart.part("form", form.json)])
    }

    /// Throws at the field that is wrong.
    func document(_ call: ConsoleCall) throws(FormProblem) -> (id: String, text: String) {
        let id = call.field("id") ?? ""
        guard JSONShape.Pattern.id.matches(id) else {
            throw FormProblem("An id has 1 to 63 of a-z, 0-9, -, _ and ., beginning with a letter or digit.", field: "id")
        }
        guard Self.isYAML(call) else { return (id, try DraftText(call: call, set: set).text(kind, id)) }
        guard let text = call.field("text") else { throw FormProblem("Write the document.", field: "text") }
        return (id, text + "\n")
    }

    private func addAgreement(_ form: inout ConsoleForm, _ now: Timestamp) {
        form.add("vendor", "Vendor", .select(set.vendors.map { .init($0.id, $0.legalName) }))
        form.add(
            "role", "The vendor's role", .select(Agreement.Role.allCases.map { .init($0.rawValue, $0.rawValue.replacing("_", with: " ")) }),
            value: [Agreement.Role.processor.rawValue])
        form.add("owner", "Owner", .email, hint: "Who answers for it.")
        form.add("from", "In force from", .date, value: [now.day.iso8601])
        form.add("until", "Ends before", .date, hint: "Empty: open-ended.", isOptional: true)
        form.add("review", "Next review", .date, value: [Day(number: now.day.number + 365).iso8601], isOptional: true)
        form.add(
            "purpose", "Purpose", .select(set.purposes.filter { !$0.generic }.map { .init($0.name) }),
            hint: "More can be added in the YAML.")
        form.add(
            "basis", "Lawful basis", .select(Basis.allCases.map { .init($0.rawValue, $0.rawValue.replacing("_", with: " ")) }))
        form.add(
            "evidence", "What the basis rests on",
            hint: "Needed for legitimate interest and public task: the assessment's reference; for a legal obligation: the law.",
            isConditional: true)
        form.add("endpoints", "Calls", value: ["*"], hint: "Ids of the vendor's calls, separated by commas; * stands for all.")
        form.add(
            "fields", "Fields sent as they are", .checks(set.fields.map { .init($0.name, note: $0.category) }),
            hint: "Masking and the like is written in the YAML.")
        form.add("regions", "Countries it may go to", value: ["US"], hint: "ISO codes, separated by commas.")
        form.add(
            "mechanism", "Transfer rests on",
            .select([
                .init("none", "nothing: inside the area"), .init("adequacy", "an adequacy decision for the country"),
                .init("dpf", "EU-US Data Privacy Framework"), .init("scc1", "standard clauses, module 1"),
                .init("scc2", "standard clauses, module 2"),
            ]))
        form.add(
            "assessment", "Transfer assessment", hint: "Needed where standard clauses are used: the reference of its paper.",
            isConditional: true)
        form.add(
            "terms", "Where the required terms stand",
            hint: "Needed for \(Self.bound(set)): paper and section, like DPA, Annex 4. "
                + "It says that every item of the checklist stands there; item by item is written in the YAML.", isConditional: true)
    }

    /// Roles of vendors that a checklist binds, with its name.
    private static func bound(_ set: PolicySet) -> String {
        Agreement.Role.allCases.compactMap { role in
            let lists = DraftText.checklists(of: role, in: set)
            return lists.isEmpty ? nil : "a \(role.rawValue.replacing("_", with: " ")) (\(lists.map(\.name).joined(separator: ", ")))"
        }.joined(separator: ", ")
    }

    private func addVendor(_ form: inout ConsoleForm) {
        form.add("legal_name", "Legal name")
        form.add("established_in", "Established in", value: ["US"], hint: "ISO code, like IE or US-MA.")
        form.add("url", "Address of its API", hint: "https://api.example.com, nothing after it.")
        form.add("region", "Country of that address", value: ["US"], hint: "ISO code.")
        form.add("privacy", "Privacy contact", .email, isOptional: true)
        form.add("request", "A call", value: ["POST /contacts"], hint: "Method and path; more are written in the YAML.")
        form.add("subject", "Member that names the person", value: ["email"])
        form.add(
            "members", "Members and their fields", .area(rows: 4, isCode: true), value: ["email: email"],
            hint:
                "One a line: name in the body, colon, field of the catalogue. Fields: \(set.fields.map(\.name).joined(separator: ", "))")
    }

    private func addCaller(_ form: inout ConsoleForm) {
        form.add("owner", "Owner", .email)
        form.add("token_sha256", "SHA-256 of its token", hint: "printf %s TOKEN | sha256sum. The token itself never comes here.")
        form.add("agreement", "May use", .select(Array(Set(set.agreements.map(\.id))).sorted().map { .init($0) }))
        form.add("purpose", "For", .select(set.purposes.filter { !$0.generic }.map { .init($0.name) }))
    }
}
