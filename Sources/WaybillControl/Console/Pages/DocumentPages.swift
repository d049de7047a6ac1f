import WaybillCore
import WaybillLedger

/// Vendors, agreements and callers in the console: lists, one document with what may be done to it, drafts.
package struct DocumentPages: Sendable {
    package static func all(_ desk: AgreementDesk) -> [ConsolePage] {
        PolicyDocumentName.Kind.allCases.flatMap { DocumentPages(kind: $0, desk: desk).pages } + StopPages.all(desk)
    }

    static let documentsOnPage = 50
    let kind: PolicyDocumentName.Kind
    let desk: AgreementDesk

    var root: String { "/console/\(kind.folder)" }
    var one: String { "\(root)/{\(kind.rawValue)}" }
    private var heading: String { kind.folder.prefix(1).uppercased() + kind.folder.dropFirst() }

    private var pages: [ConsolePage] {
        [
            ConsolePage(.get, root, permission: .readPolicies) { [self] call in try await formed { try await list(call) } },
            ConsolePage(.get, one, permission: .readPolicies) { [self] call in try await formed { try await show(call) } },
            ConsolePage(.get, "\(one)/yaml", permission: .readPolicies) { [self] call in try await formed { try await yaml(call) } },
            ConsolePage(.get, "\(one)/diff", permission: .readPolicies) { [self] call in try await formed { try await difference(call) } },
            ConsolePage(.get, "\(one)/history", permission: .readPolicies) { [self] call in try await formed { try await history(call) } },
        ] + DraftPages(pages: self).all + ActPages(pages: self).all
    }

    // MARK: Pages

    private func list(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let wanted = call.field("q")?.lowercased()
        let isSeen = desk.isSeen(kind, by: call.principal)
        let page = try await desk.page(kind, from: call.field("cursor"), limit: Self.documentsOnPage) { id in
            isSeen(id) && wanted.map { id.contains($0) } ?? true
        }
        let state = call.field("state")
        let shown = page.versions.filter { sees(call, $0) && (state == nil || $0.state.rawValue == state) }
        var filter = ConsoleForm(call, action: root, method: .get)
        filter.add("q", "Id contains", .search, isOptional: true)
        filter.add(
            "state", "State", .select([.init("", "any")] + LifeState.allCases.map { .init($0.rawValue, $0.words) }), isOptional: true)
        filter.button("Filter")
        let drafts = call.principal?.may(.draftPolicies) ?? false
        return ConsolePart.page(
            heading, lead: Self.lead(kind),
            actions: (drafts ? [ConsolePart.action("New \(kind.rawValue)", "\(root)/new", isPrimary: true)] : [])
                + (kind == .agreement ? [ConsolePart.action("Callers", "/console/callers")] : []),
            [
                ConsolePart.part("form", filter.json),
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        heading, id: kind.folder,
                        ["Id", "Version", "State", kind == .agreement ? "Vendor" : "Name", "In force", "Next review", "Kept in"],
                        shown.map(row), empty: "There is none.")),
                ConsolePart.part("pager", ConsolePart.pager(root, call, next: page.next)),
            ])
    }

    private func row(_ report: VersionReport) -> [JSONValue] {
        let path = report.tag == nil ? path(report.id) : "\(path(report.id))/draft"
        return [
            ConsolePart.cell(report.id, path: path), ConsolePart.cell(report.version.map(String.init) ?? ""),
            ConsolePart.badgesCell(report.badges), ConsolePart.cell(report.title),
            ConsolePart.cell(report.from.map { "\($0.prefix(10)) – \(report.until.map { String($0.prefix(10)) } ?? "open")" } ?? ""),
            ConsolePart.cell(report.reviewNext.map { String($0.prefix(10)) } ?? ""),
            ConsolePart.cell(report.origin == .files ? "files, read-only" : "console"),
        ]
    }

    private func show(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let (name, versions) = try await seen(call)
        let draft = versions.first { $0.tag != nil }
        var parts = [tabs(name, "")]
        if let draft, !sees(call, vendorOnly: true) {
            parts.append(
                ConsolePart.part(
                    "notice",
                    ConsolePart.notice(
                        .info, heading: draft.state == .inReview ? "In review" : "There is a draft",
                        "Version \(draft.version ?? 0), by \(draft.authors.joined(separator: ", ")).", link: "Open the draft",
                        path: "\(path(name.id))/draft")))
        }
        guard let current = versions.first(where: { $0.tag == nil }) else {
            return ConsolePart.page(name.id, crumbs: [(heading, root)], parts)
        }
        for stop in [current.stop.map { ("Stopped", $0) }, current.terminated.map { ("Terminated", $0) }].compactMap({ $0 }) {
            let when = String(stop.1.at.prefix(19)).replacing("T", with: " ")
            parts.append(
                ConsolePart.part("notice", ConsolePart.notice(.bad, heading: stop.0, "By \(stop.1.by), \(when): \(stop.1.why)")))
        }
        parts += try await DocumentWords(desk: desk).parts(of: current)
        let older = versions.filter { $0.tag == nil }.dropFirst()
        if !older.isEmpty {
            parts.append(
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Earlier versions", id: "earlier", ["Version", "State", "In force", "Approved by"],
                        older.map { report in
                            [
                                ConsolePart.cell(report.version.map(String.init) ?? ""), ConsolePart.badgesCell(report.badges),
                                ConsolePart.cell(
                                    report.from.map { "\($0.prefix(10)) – \(report.until.map { String($0.prefix(10)) } ?? "open")" } ?? ""),
                                ConsolePart.cell(report.approvedBy ?? "files"),
                            ]
                        }, empty: "")))
        }
        return ConsolePart.page(
            current.version.map { "\(name.id), version \($0)" } ?? name.id, lead: current.title, badges: current.badges,
            actions: actions(call, current, hasDraft: draft != nil), crumbs: [(heading, root)], parts)
    }

    private func actions(_ call: ConsoleCall, _ current: VersionReport, hasDraft: Bool) -> [JSONValue] {
        guard let principal = call.principal else { return [] }
        var actions: [JSONValue] = []
        let path = path(current.id)
        if principal.may(.draftPolicies), !hasDraft, kind == .agreement || current.origin == .console {
            actions.append(ConsolePart.action("Draft the next version", "\(path)/draft", isPrimary: true))
        }
        if principal.may(.approveAgreements), kind == .agreement, current.origin == .files, current.state == .draft {
            actions.append(ConsolePart.action("Approve this file", "\(path)/approve", isPrimary: true))
        }
        if kind != .caller, current.terminated == nil {
            if current.stop == nil, principal.may(.stopTransfers) {
                actions.append(
                    ConsolePart.action("Suspend", "/console/stops/new?kind=\(kind.rawValue)&id=\(ConsoleAddress.part(current.id))"))
            }
            if current.stop != nil, principal.may(.approveAgreements) {
                actions.append(
                    ConsolePart.action("Resume", "/console/stops/lift?kind=\(kind.rawValue)&id=\(ConsoleAddress.part(current.id))"))
            }
        }
        if current.terminated == nil, principal.may(.approveAgreements) {
            actions.append(ConsolePart.action("Terminate", "\(path)/terminate"))
        }
        return actions
    }

    private func yaml(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let (name, versions) = try await seen(call)
        guard let current = versions.first(where: { $0.tag == nil }) ?? versions.first else { throw AgreementDesk.unknown(name) }
        let text = String(decoding: try await desk.text(of: current), as: UTF8.self)
        return ConsolePart.page(
            "\(name.id): YAML", badges: current.badges, crumbs: [(heading, root), (name.id, path(name.id))],
            [
                tabs(name, "/yaml"),
                ConsolePart.part(
                    "facts",
                    ConsolePart.facts([
                        ("SHA-256", current.digest.isEmpty ? ConsolePart.cell("of the file") : ConsolePart.codeCell(current.digest)),
                        ("Kept in", ConsolePart.cell(current.origin == .files ? "the policy files, read-only here" : "the console")),
                    ])),
                ConsolePart.part("code", ConsolePart.code("The document", text)),
            ])
    }

    private func difference(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let (name, _) = try await seen(call)
        guard call.principal?.vendor == nil else { throw AgreementDesk.unknown(name) }
        let changes = try await desk.difference(name)
        return ConsolePart.page(
            "\(name.id): difference", lead: "What the draft changes of what is in force; without a draft, what the newest version changed.",
            crumbs: [(heading, root), (name.id, path(name.id))],
            [tabs(name, "/diff")] + Self.differenceParts(changes))
    }

    static func differenceParts(_ changes: [PolicyDifference.Change]) -> [JSONValue] {
        let groups: [(PolicyDifference.Change.Weight, String)] = [
            (.wider, "More is sent, or to more"), (.narrower, "Less is sent, or to fewer"), (.other, "Other changes"),
        ]
        guard !changes.isEmpty else { return [ConsolePart.part("empty", ConsolePart.empty("Nothing differs."))] }
        return groups.flatMap { weight, title -> [JSONValue] in
            let some = changes.filter { $0.weight == weight }
            guard !some.isEmpty else { return [] }
            return [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        title, id: "diff-\(weight.rawValue)", ["What", "In", "At"],
                        some.map {
                            [
                                ConsolePart.cell($0.sentence), ConsolePart.cell($0.document),
                                ConsolePart.codeCell($0.path.isEmpty ? "–" : $0.path),
                            ]
                        },
                        empty: ""))
            ]
        }
    }

    private func history(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let (name, _) = try await seen(call)
        guard call.principal?.vendor == nil else { throw AgreementDesk.unknown(name) }
        let report = try await desk.lives()[name].events.reversed().map { HistoryLine($0) }
        let events = report.compactMap { line in
            Timestamp(rfc3339: line.at).map { ConsolePart.event($0, line.act, by: line.by, text: line.why ?? line.digest) }
        }
        return ConsolePart.page(
            "\(name.id): history", crumbs: [(heading, root), (name.id, path(name.id))],
            [
                tabs(name, "/history"),
                events.isEmpty
                    ? ConsolePart.part("empty", ConsolePart.empty("Nothing was done here; it stands in the policy files."))
                    : ConsolePart.part("timeline", ConsolePart.timeline(Array(events))),
            ])
    }

    // MARK: Parts

    func path(_ id: String) -> String { "\(root)/\(ConsoleAddress.part(id))" }
    func name(_ call: ConsoleCall) -> PolicyDocumentName { PolicyDocumentName(kind, call.values[kind.rawValue] ?? "") }
    func crumbs(_ name: PolicyDocumentName) -> [(label: String, path: String)] { [(heading, root), (name.id, path(name.id))] }

    private func tabs(_ name: PolicyDocumentName, _ current: String) -> JSONValue {
        let path = path(name.id)
        return ConsolePart.part(
            "tabs",
            ConsolePart.tabs(
                "Views", [("In words", path), ("YAML", "\(path)/yaml"), ("Difference", "\(path)/diff"), ("History", "\(path)/history")],
                current: path + current))
    }

    private func sees(_ call: ConsoleCall, vendorOnly: Bool) -> Bool { (call.principal?.vendor != nil) == vendorOnly }
    private func sees(_ call: ConsoleCall, _ report: VersionReport) -> Bool {
        guard let vendor = call.principal?.vendor else { return true }
        return report.tag == nil && (kind == .vendor ? report.id : report.vendor) == vendor
    }

    private func seen(_ call: ConsoleCall) async throws -> (PolicyDocumentName, [VersionReport]) {
        let name = name(call)
        let versions = try await desk.versions(of: name).filter { sees(call, $0) }
        guard !versions.isEmpty else { throw AgreementDesk.unknown(name) }
        return (name, versions)
    }

    private static func lead(_ kind: PolicyDocumentName.Kind) -> String {
        switch kind {
        case .vendor: "Who receives data, and how their API carries it."
        case .agreement: "What may go to whom, for what, and on what ground."
        case .caller: "Systems that may send, and under which agreements."
        }
    }
}

/// What a desk refuses is shown at the form, or as a page that is not there.
func formed<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
        return try await work()
    } catch let refusal as DeskRefusal {
        if refusal.code == "unknown" { throw APIProblem(.notFound, refusal.message) }
        let field: String? =
            switch refusal.code {
            case "text_unfit": "why"
            case "digest_other": "digest"
            default: refusal.problems.isEmpty ? nil : "text"
            }
        throw FormProblem(refusal.message, field: field, status: refusal.code == "four_eyes" ? 403 : 422)
    }
}

extension LifeState {
    /// For people.
    var words: String { rawValue.replacing("_", with: " ") }

    var tone: ConsolePart.Tone {
        switch self {
        case .active: .ok
        case .approved, .inReview: .info
        case .draft, .superseded: .plain
        case .expired: .warn
        case .suspended, .terminated: .bad
        }
    }
}

extension VersionReport {
    var badges: [JSONValue] { [ConsolePart.badge(state.words, state.tone)] }
}
