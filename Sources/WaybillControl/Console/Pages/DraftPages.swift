import WaybillCore
import WaybillLedger

/// Making a draft by a form or as YAML, changing it, and what approvers look at before they approve.
struct DraftPages {
    let pages: DocumentPages
    private var kind: PolicyDocumentName.Kind { pages.kind }
    private var desk: AgreementDesk { pages.desk }
    private var draftPath: String { "\(pages.one)/draft" }

    var all: [ConsolePage] {
        [
            ConsolePage(.get, "\(pages.root)/new", permission: .draftPolicies) { [self] call in try await formed { start(call) } },
            ConsolePage(.post, "\(pages.root)/new", permission: .draftPolicies) { [self] call in
                try await formed { try await create(call) }
            },
            ConsolePage(.get, draftPath, permission: .readPolicies) { [self] call in try await formed { try await edit(call) } },
            ConsolePage(.post, draftPath, permission: .draftPolicies) { [self] call in try await formed { try await keep(call) } },
            ConsolePage(.post, "\(pages.one)/submit", permission: .draftPolicies, form: draftPath) { [self] call in
                try await formed {
                    _ = try await desk.submit(pages.name(call), by: try who(call))
                    return .redirect("\(pages.path(pages.name(call).id))/draft", notice: "Submitted. Somebody else approves it now.")
                }
            },
            ConsolePage(.post, "\(pages.one)/impact", permission: .readPolicies, form: draftPath) { [self] call in
                try await formed {
                    // A vendor's auditor sees versions, not drafts.
                    guard call.principal?.vendor == nil else { throw AgreementDesk.unknown(pages.name(call)) }
                    let standing = try await desk.impactStanding(of: pages.name(call), by: try who(call), anew: true)
                    return .redirect(
                        "\(pages.path(pages.name(call).id))/draft",
                        notice: standing.isKnown ? "The impact is worked out; see below." : "The impact is being worked out; see below.")
                }
            },
            ConsolePage(.post, "\(pages.one)/discard", permission: .draftPolicies, form: draftPath) { [self] call in
                try await formed {
                    try await desk.discard(pages.name(call), by: try who(call))
                    return .redirect(pages.root, notice: "The draft is discarded.")
                }
            },
        ]
    }

    func who(_ call: ConsoleCall) throws(APIProblem) -> String {
        guard let principal = call.principal else { throw APIProblem(.credentialMissing, "Sign in first.") }
        return principal.id
    }

    /// For people: the few things every document needs. What the form makes is YAML, and goes on as that.
    private func start(_ call: ConsoleCall) -> ConsoleAnswer {
        let set = desk.parts.set()
        var form = ConsoleForm(call, action: "\(pages.root)/new")
        form.add("id", "Id", hint: "Small letters, digits and dashes; it never changes.")
        switch kind {
        case .agreement: addAgreement(&form, set)
        case .vendor: addVendor(&form, set)
        case .caller: addCaller(&form, set)
        }
        form.add(
            "text", "Or the whole document as YAML", .area(rows: 12, isCode: true),
            hint: "As in the policy files. If something stands here, the fields above are not used.", isOptional: true)
        form.button("Make the draft", tone: "primary")
        form.cancel(pages.root)
        return ConsolePart.page(
            "New \(kind.rawValue)", lead: "A draft sends nothing. It is in force when somebody else has approved it.",
            crumbs: [(kind.folder.prefix(1).uppercased() + kind.folder.dropFirst(), pages.root)], [ConsolePart.part("form", form.json)])
    }

    private func addAgreement(_ form: inout ConsoleForm, _ set: PolicySet) {
        let now = desk.parts.clock()
        form.add("vendor", "Vendor", .select(set.vendors.map { .init($0.id, $0.legalName) }), isOptional: true)
        form.add(
            "role", "The vendor's role", .select(Agreement.Role.allCases.map { .init($0.rawValue, $0.rawValue.replacing("_", with: " ")) }),
            value: [Agreement.Role.processor.rawValue], isOptional: true)
        form.add("owner", "Owner", .email, hint: "Who answers for it.", isOptional: true)
        form.add("from", "In force from", .date, value: [now.day.iso8601], isOptional: true)
        form.add("until", "Ends before", .date, hint: "Empty: open-ended.", isOptional: true)
        form.add("review", "Next review", .date, value: [Day(number: now.day.number + 365).iso8601], isOptional: true)
        form.add(
            "purpose", "Purpose", .select(set.purposes.filter { !$0.generic }.map { .init($0.name) }),
            hint: "More can be added in the YAML.",
            isOptional: true)
        form.add(
            "basis", "Lawful basis", .select(Basis.allCases.map { .init($0.rawValue, $0.rawValue.replacing("_", with: " ")) }),
            isOptional: true)
        form.add(
            "endpoints", "Calls", value: ["*"], hint: "Ids of the vendor's calls, separated by commas; * stands for all.", isOptional: true)
        form.add(
            "fields", "Fields sent as they are", .checks(set.fields.map { .init($0.name, note: $0.category) }),
            hint: "Masking and the like is written in the YAML.", isOptional: true)
        form.add("regions", "Countries it may go to", value: ["US"], hint: "ISO codes, separated by commas.", isOptional: true)
        form.add(
            "mechanism", "Transfer rests on",
            .select([
                .init("none", "nothing: inside the area"), .init("adequacy", "an adequacy decision for the country"),
                .init("dpf", "EU-US Data Privacy Framework"), .init("scc1", "standard clauses, module 1"),
                .init("scc2", "standard clauses, module 2"),
            ]), isOptional: true)
        form.add("assessment", "Transfer assessment", hint: "The reference of its paper, where clauses are used.", isOptional: true)
    }

    private func addVendor(_ form: inout ConsoleForm, _ set: PolicySet) {
        form.add("legal_name", "Legal name", isOptional: true)
        form.add("established_in", "Established in", value: ["US"], hint: "ISO code, like IE or US-MA.", isOptional: true)
        form.add("url", "Address of its API", hint: "https://api.example.com, nothing after it.", isOptional: true)
        form.add("region", "Country of that address", value: ["US"], isOptional: true)
        form.add("privacy", "Privacy contact", .email, isOptional: true)
        form.add("request", "A call", value: ["POST /contacts"], hint: "Method and path; more are written in the YAML.", isOptional: true)
        form.add("subject", "Member that names the person", value: ["email"], isOptional: true)
        form.add(
            "members", "Members and their fields", .area(rows: 4, isCode: true), value: ["email: email"],
            hint:
                "One a line: name in the body, colon, field of the catalogue. Fields: \(set.fields.map(\.name).joined(separator: ", "))",
            isOptional: true)
    }

    private func addCaller(_ form: inout ConsoleForm, _ set: PolicySet) {
        form.add("owner", "Owner", .email, isOptional: true)
        form.add(
            "token_sha256", "SHA-256 of its token", hint: "printf %s TOKEN | sha256sum. The token itself never comes here.",
            isOptional: true)
        form.add("agreement", "May use", .select(Array(Set(set.agreements.map(\.id))).sorted().map { .init($0) }), isOptional: true)
        form.add("purpose", "For", .select(set.purposes.filter { !$0.generic }.map { .init($0.name) }), isOptional: true)
    }

    private func create(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let id = call.field("id") ?? ""
        guard JSONShape.Pattern.id.matches(id) else {
            throw FormProblem("An id has 1 to 63 of a-z, 0-9, -, _ and ., beginning with a letter or digit.", field: "id")
        }
        let text = try call.field("text").map { $0 + "\n" } ?? DraftText(call: call, set: desk.parts.set()).text(kind, id)
        _ = try await desk.draft(PolicyDocumentName(kind, id), text: Array(normal(text).utf8), tag: nil, by: try who(call))
        return .redirect("\(pages.path(id))/draft", notice: "The draft is made.")
    }

    private func edit(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        guard call.principal?.vendor == nil else { throw AgreementDesk.unknown(name) }
        let versions = try await desk.versions(of: name)
        guard let first = versions.first else { throw AgreementDesk.unknown(name) }
        var text = String(decoding: try await desk.text(of: first), as: UTF8.self)
        guard let tag = first.tag else {
            // The next version begins as the present one.
            if kind == .agreement, let version = first.version {
                text = text.replacing("version: \(version)", with: "version: \(version + 1)", maxReplacements: 1)
            }
            return ConsolePart.page(
                "\(name.id): next version", crumbs: pages.crumbs(name),
                [ConsolePart.part("form", editor(call, name, text, tag: "").json)])
        }
        let draft = try await desk.opened(name)
        let (set, problems) = try await desk.lint(draft, of: name)
        let changes = try await desk.difference(name)
        var parts = [
            ConsolePart.part(
                "facts",
                ConsolePart.facts([
                    ("Version", ConsolePart.cell(first.version.map(String.init) ?? "")), ("Drafted by", ConsolePart.lines(first.authors)),
                    ("SHA-256", ConsolePart.codeCell(first.digest)),
                    ("Supersedes", ConsolePart.cell(first.supersedes.map { "version \($0)" } ?? "nothing")),
                ]))
        ]
        if let rejection = first.rejection {
            parts.append(ConsolePart.part("notice", ConsolePart.notice(.warn, heading: "Rejected", "By \(rejection.by): \(rejection.why)")))
        }
        parts += problemParts(problems)
        parts += [ConsolePart.section("Difference")] + DocumentPages.differenceParts(changes)
        if let set {
            parts += try await testParts(name, draft)
            parts += try await ImpactParts(desk: desk, call: call, path: pages.path(name.id)).parts(of: name)
            parts += [ConsolePart.section("In words")] + DocumentWords.parts(of: first, in: set)
        }
        parts += forms(call, name, first, text, tag)
        return ConsolePart.page("\(name.id): draft", badges: first.badges, crumbs: pages.crumbs(name), parts)
    }

    private func problemParts(_ problems: [DeskProblem]) -> [JSONValue] {
        guard !problems.isEmpty else {
            return [
                ConsolePart.part("notice", ConsolePart.notice(.ok, "Lint finds nothing wrong with the policies and this draft in them."))
            ]
        }
        return [
            ConsolePart.part(
                "table",
                ConsolePart.table(
                    "What lint says", id: "problems", ["Line", "Severity", "Problem", "Remedy"],
                    problems.map {
                        [
                            ConsolePart.cell(
                                "\($0.line):\($0.column)", note: $0.file.hasPrefix(PolicyDocumentName.storeFolder) ? nil : $0.file),
                            ConsolePart.badgeCell($0.severity, $0.isError ? .bad : .warn), ConsolePart.cell($0.message),
                            ConsolePart.cell($0.remedy),
                        ]
                    }, empty: ""))
        ]
    }

    private func testParts(_ name: PolicyDocumentName, _ draft: PolicyLife.Draft) async throws -> [JSONValue] {
        let results = try await desk.tests(draft, of: name)
        let failed = results.filter { !$0.passed }
        return [
            ConsolePart.section("Policy tests"),
            ConsolePart.part(
                "notice",
                ConsolePart.notice(
                    failed.isEmpty ? .ok : .bad,
                    "\(results.count - failed.count) passed, \(failed.count) failed, with this draft in the policies.")),
        ]
            + (failed.isEmpty
                ? []
                : [
                    ConsolePart.part(
                        "table",
                        ConsolePart.table(
                            "Tests that fail", id: "tests", ["Case", "At", "Why"],
                            failed.map { [ConsolePart.cell($0.name), ConsolePart.codeCell($0.at), ConsolePart.lines($0.failures)] },
                            empty: ""))
                ])
    }

    private func forms(_ call: ConsoleCall, _ name: PolicyDocumentName, _ report: VersionReport, _ text: String, _ tag: String)
        -> [JSONValue]
    {
        guard let principal = call.principal else { return [] }
        var parts: [JSONValue] = []
        let path = pages.path(name.id)
        if principal.may(.approveAgreements), report.state == .inReview {
            if report.authors.contains(principal.id) {
                parts.append(
                    ConsolePart.part(
                        "notice", ConsolePart.notice(.info, "You drafted or changed this version, so somebody else approves it.")))
            } else {
                parts += [ConsolePart.section("Decide")] + ActPages(pages: pages).decision(call, name, digest: report.digest)
            }
        }
        if principal.may(.draftPolicies) {
            if report.state == .draft {
                var submit = ConsoleForm(call, action: "\(path)/submit", heading: "Submit", prefix: "submit", isSent: false)
                submit.button("Submit for approval", tone: "primary")
                parts.append(ConsolePart.part("form", submit.json))
            }
            parts.append(ConsolePart.part("form", editor(call, name, text, tag: tag).json))
            var discard = ConsoleForm(call, action: "\(path)/discard", heading: "Discard", prefix: "discard", isSent: false)
            discard.button("Discard the draft", tone: "danger")
            parts.append(ConsolePart.part("form", discard.json))
        } else {
            parts.append(ConsolePart.part("code", ConsolePart.code("The document", text)))
        }
        return parts
    }

    private func editor(_ call: ConsoleCall, _ name: PolicyDocumentName, _ text: String, tag: String) -> ConsoleForm {
        var form = ConsoleForm(call, action: "\(pages.path(name.id))/draft", heading: "The document as YAML")
        form.hide("tag", call.problem == nil ? tag : call.field("tag") ?? tag)
        form.add("text", "Document", .area(rows: 30, isCode: true), value: [text], hint: "A change takes the draft out of review.")
        form.button("Keep the draft", tone: "primary")
        form.cancel(pages.path(name.id))
        return form
    }

    private func keep(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        let text = normal((call.fields["text"]?.first ?? ""))
        _ = try await desk.draft(name, text: Array(text.utf8), tag: call.field("tag"), by: try who(call))
        return .redirect("\(pages.path(name.id))/draft", notice: "The draft is kept.")
    }

    /// Browsers send CR LF.
    private func normal(_ text: String) -> String { text.replacing("\r\n", with: "\n") }
}
