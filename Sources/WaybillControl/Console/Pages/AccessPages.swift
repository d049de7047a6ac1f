import WaybillCore

/// What administrators see of accounts, tokens and sessions.
package enum AccessPages {
    static let linesMax = 100

    package static func all(_ desk: AccessDesk) -> [ConsolePage] { AccountPages.all(desk) + TokenPages.all(desk) + sessions(desk) }

    private static func sessions(_ desk: AccessDesk) -> [ConsolePage] {
        let root = "/console/sessions"
        return [
            ConsolePage(.get, root, permission: .manageAccess) { call in
                let (shown, next) = page(await desk.sessions(now: call.now), call, id: \.id)
                return ConsolePart.page(
                    "Sessions", lead: "Of everybody who is signed in to the console now.",
                    [
                        ConsolePart.part("table", table(sessions: shown, current: call.principal?.session) { "\(root)/\($0)" }),
                        ConsolePart.part("pager", ConsolePart.pager(root, call, next: next)),
                    ])
            },
            ConsolePage(.get, "\(root)/{session}", permission: .manageAccess) { call in
                guard let session = await desk.sessions(now: call.now).first(where: { $0.id == call.values["session"] }) else {
                    throw APIProblem(.notFound, "The session is over.")
                }
                return self.page(of: session, call, crumbs: [("Sessions", root)], action: "\(root)/\(session.id)")
            },
            ConsolePage(.post, "\(root)/{session}", permission: .manageAccess) { call in
                try await desk.end(session: call.values["session"] ?? "", by: try OwnAccountPages.known(call))
                return .redirect(root, notice: "The session is ended.")
            },
        ]
    }

    static func table(sessions: [SessionRecord], current: String?, path: (String) -> String) -> JSONValue {
        ConsolePart.table(
            "Sessions", id: "sessions", ["Session", "Account", "Begun", "Last seen"],
            sessions.map { session in
                [
                    session.id == current
                        ? ConsolePart.cell(session.id, path: path(session.id), note: "this one")
                        : ConsolePart.codeCell(session.id, path: path(session.id)),
                    ConsolePart.cell(session.account), ConsolePart.time(session.createdAt), ConsolePart.time(session.seenAt),
                ]
            }, empty: "Nobody is signed in.")
    }

    static func page(
        of session: SessionRecord, _ call: ConsoleCall, crumbs: [(label: String, path: String)], action: String
    ) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: action)
        form.button("End this session", tone: "danger")
        form.cancel(crumbs.last?.path ?? ConsoleRoutes.root)
        return ConsolePart.page(
            "Session", crumbs: crumbs,
            [
                ConsolePart.part(
                    "facts",
                    ConsolePart.facts([
                        ("Session", ConsolePart.codeCell(session.id)), ("Account", ConsolePart.cell(session.account)),
                        ("Begun", ConsolePart.time(session.createdAt)), ("Last seen", ConsolePart.time(session.seenAt)),
                    ])),
                ConsolePart.part("form", form.json),
            ])
    }

    static func roles(_ grant: AccessGrant) -> JSONValue {
        ConsolePart.lines(grant.roles.sorted { $0.rawValue < $1.rawValue }.map(\.label))
    }

    /// What narrows the roles, in words.
    static func narrowing(_ grant: AccessGrant) -> JSONValue {
        ConsolePart.lines(
            [
                grant.vendor.map { "vendor \($0)" }, grant.engagement.map { "engagement \($0)" }, grant.caller.map { "caller \($0)" },
                grant.until.map { "until \(ConsolePart.shown($0))" },
            ].compactMap(\.self))
    }

    static func addGrant(to form: inout ConsoleForm, _ grant: AccessGrant?) {
        form.add(
            "roles", "Roles", .checks(Role.allCases.map { ConsoleForm.Option($0.rawValue, $0.label, note: $0.summary) }),
            value: grant?.roles.map(\.rawValue) ?? [])
        form.add("vendor", "Sees this vendor only", value: [grant?.vendor].compactMap(\.self), isOptional: true)
        form.add("engagement", "Sees this engagement only", value: [grant?.engagement].compactMap(\.self), isOptional: true)
        form.add("caller", "Caller whose transfers it sees", value: [grant?.caller].compactMap(\.self), isOptional: true)
        form.add(
            "until", "Last day", .date, value: [grant?.until.map { Day(number: $0.day.number - 1).iso8601 }].compactMap(\.self),
            hint: "From the day after it grants nothing.", isOptional: true)
    }

    static func grant(_ call: ConsoleCall) throws(FormProblem) -> AccessGrant {
        let roles = Set((call.fields["roles"] ?? []).compactMap(Role.init))
        var grant = AccessGrant(
            roles: roles, vendor: call.field("vendor"), engagement: call.field("engagement"), caller: call.field("caller"))
        if let text = call.field("until") {
            guard let day = Day(iso8601: text) else { throw FormProblem("A day is written like 2026-05-01; correct it.", field: "until") }
            grant.until = Day(number: day.number + 1).start
        }
        return grant
    }

    static func page<Item>(_ items: [Item], _ call: ConsoleCall, id: (Item) -> String) -> (shown: [Item], next: String?) {
        let rest = call.field("cursor").map { cursor in items.drop { id($0) <= cursor } } ?? items[...]
        let shown = Array(rest.prefix(linesMax))
        return (shown, shown.count < rest.count ? shown.last.map(id) : nil)
    }

    /// A secret, on a page of its own.
    static func once(_ heading: String, _ secret: String, _ what: String, back: String) -> ConsoleAnswer {
        ConsolePart.page(
            heading,
            [
                ConsolePart.part("notice", ConsolePart.notice(.warn, heading: "Shown only now", what, link: "Go back", path: back)),
                ConsolePart.part("code", ConsolePart.code(heading, secret)),
            ])
    }
}

extension Role {
    /// For people.
    package var label: String {
        let words = rawValue.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    package var summary: String {
        switch self {
        case .caller: "sees its own transfers; stands alone"
        case .vendorManager: "drafts vendors and agreements, and submits them"
        case .approver: "approves and resumes what others drafted; suspends and terminates anything"
        case .privacyOfficer: "consents, subjects, erasure, stops"
        case .auditor: "reads everything but payloads and identifiers; exports and verifies; conducts audits"
        case .vendorAuditor: "as an auditor, for one vendor and one engagement, with an end; stands alone"
        case .administrator: "accounts, tokens, sessions, operations; no part in agreements"
        }
    }
}
