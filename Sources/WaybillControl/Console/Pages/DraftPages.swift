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
            ConsolePage(.get, "\(pages.root)/new", permission: .draftPolicies) { [self] call in
                try await formed { NewDraftForm(pages: pages).page(call) }
            },
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
                    try await desk.discard(pages.name(call), tag: call.field("tag"), by: try who(call))
                    return .redirect(pages.root, notice: "The draft is discarded.")
                }
            },
        ]
    }

    func who(_ call: ConsoleCall) throws(APIProblem) -> String {
        guard let principal = call.principal else { throw APIProblem(.credentialMissing, "Sign in first.") }
        return principal.id
    }

    private func create(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let form = NewDraftForm(pages: pages)
        let (id, text) = try form.document(call)
        let name = PolicyDocumentName(kind, id)
        let who = try who(call)
        if !NewDraftForm.isYAML(call), try await !desk.versions(of: name).isEmpty {
            throw FormProblem("There is a \(kind.rawValue) of this id; draft its next version on its own page.", field: "id")
        }
        do {
            _ = try await desk.draft(name, text: Array(normal(text).utf8), tag: nil, by: who)
        } catch {
            guard ["draft_exists", "version_taken"].contains(error.code) else { throw error }
            throw FormProblem(error.message, field: "id")
        }
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
        let found = try await desk.findings(name)
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
        parts += problemParts(found.problems)
        parts += [ConsolePart.section("Difference")] + DocumentPages.differenceParts(changes)
        if found.isAdmissible {
            parts += testParts(found.tests)
            parts += try await ImpactParts(desk: desk, call: call, path: pages.path(name.id)).parts(of: name)
            parts += [ConsolePart.section("In words")] + found.words
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

    private func testParts(_ results: [DraftTestResult]) -> [JSONValue] {
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
            discard.hide("tag", tag)
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
