import WaybillCore

/// Tokens and machines, for administrators.
enum TokenPages {
    private static let root = "/console/tokens"
    private static let crumbs = [(label: "Tokens", path: root)]
    private static let daysDefault = 90

    static func all(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, root, permission: .manageAccess) { call in list(call, await desk.tokens()) },
            ConsolePage(.get, "\(root)/new", permission: .manageAccess) { call in form(call) },
            ConsolePage(.post, "\(root)/new", permission: .manageAccess) { call in
                let new = try await desk.create(try request(call), by: try AccountPages.actor(call))
                guard let secret = new.secret else { return .redirect("\(root)/\(new.token.id)", notice: "The machine is known now.") }
                return AccessPages.once(
                    "Token", secret, "Put it where the machine keeps its secrets; here only its SHA-256 is kept.",
                    back: "\(root)/\(new.token.id)")
            },
            ConsolePage(.get, "\(root)/{token}", permission: .manageAccess) { call in
                show(call, try await desk.token(call.values["token"] ?? ""))
            },
            ConsolePage(.post, "\(root)/{token}/revoke", permission: .manageAccess, form: "\(root)/{token}") { call in
                let token = try await desk.revoke(token: call.values["token"] ?? "", by: try AccountPages.actor(call))
                return .redirect("\(root)/\(token.id)", notice: "The token is revoked, from the next request on.")
            },
        ]
    }

    private static func list(_ call: ConsoleCall, _ tokens: [AccessToken]) -> ConsoleAnswer {
        let (shown, next) = AccessPages.page(tokens, call, id: \.id)
        return ConsolePart.page(
            "Tokens", lead: "What machines show: a token, or a client certificate.",
            actions: [ConsolePart.action("New token", "\(root)/new", isPrimary: true)],
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Tokens", id: "tokens", ["Token", "Kind", "State", "Roles", "Narrowed to", "Ends", "Last used"],
                        shown.map { token in
                            let state = token.state(now: call.now)
                            return [
                                ConsolePart.codeCell(token.id, path: "\(root)/\(token.id)"), ConsolePart.cell(token.kind.label),
                                ConsolePart.badgeCell(state.rawValue, state.tone), AccessPages.roles(token.grant),
                                AccessPages.narrowing(token.grant), ConsolePart.time(token.expiresAt), ConsolePart.time(token.usedAt),
                            ]
                        }, empty: "There are no tokens yet.")),
                ConsolePart.part("pager", ConsolePart.pager(root, call, next: next)),
            ])
    }

    private static func show(_ call: ConsoleCall, _ token: AccessToken) -> ConsoleAnswer {
        let state = token.state(now: call.now)
        var parts = [
            ConsolePart.part(
                "facts",
                ConsolePart.facts([
                    ("Kind", ConsolePart.cell(token.kind.label)), ("Roles", AccessPages.roles(token.grant)),
                    ("Narrowed to", AccessPages.narrowing(token.grant)),
                    ("Scopes", ConsolePart.lines((token.scopes ?? []).map(\.rawValue).sorted(), none: "all that the roles permit")),
                    ("Created", ConsolePart.time(token.createdAt)), ("By", ConsolePart.cell(token.createdBy)),
                    ("Ends", ConsolePart.time(token.expiresAt)), ("Revoked", ConsolePart.time(token.revokedAt)),
                    ("Last used", ConsolePart.time(token.usedAt)),
                ]))
        ]
        if state != .revoked {
            var form = ConsoleForm(call, action: "\(root)/\(token.id)/revoke")
            form.button("Revoke", tone: "danger")
            form.cancel(root)
            parts.append(ConsolePart.part("form", form.json))
        }
        return ConsolePart.page(token.id, badges: [ConsolePart.badge(state.rawValue, state.tone)], crumbs: crumbs, parts)
    }

    private static func form(_ call: ConsoleCall) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(root)/new")
        form.add("id", "Id", hint: "For lists and the log; never used again. Of a machine with a client certificate: its DNS name.")
        form.add(
            "kind", "Kind", .radio([.init("token", AccessToken.Kind.token.label), .init("mtls", AccessToken.Kind.mtls.label)]),
            value: ["token"])
        form.add("days", "Days", .number, value: [String(daysDefault)], hint: "At most 365.")
        AccessPages.addGrant(to: &form, nil)
        form.add(
            "scopes", "Scopes", .checks(Permission.allCases.map { ConsoleForm.Option($0.rawValue) }),
            hint: "None: all that the roles permit.", isOptional: true)
        form.button("Create", tone: "primary")
        form.cancel(root)
        return ConsolePart.page("New token", crumbs: crumbs, [ConsolePart.part("form", form.json)])
    }

    private static func request(_ call: ConsoleCall) throws(FormProblem) -> AccessDesk.TokenRequest {
        guard let days = call.field("days").flatMap({ Int64($0) }), (1...3_650).contains(days) else {
            throw FormProblem("Give 1 to 365 days.", field: "days")
        }
        let scopes = Set((call.fields["scopes"] ?? []).compactMap(Permission.init))
        return AccessDesk.TokenRequest(
            id: call.field("id") ?? "", kind: call.field("kind").flatMap(AccessToken.Kind.init) ?? .token,
            grant: try AccessPages.grant(call), scopes: scopes.isEmpty ? nil : scopes,
            expiresAt: call.now.adding(seconds: days * 86_400))
    }
}

extension AccessToken.Kind {
    var label: String { self == .token ? "token" : "client certificate" }
}

extension AccessToken.State {
    var tone: ConsolePart.Tone {
        switch self {
        case .active: .ok
        case .expired: .warn
        case .revoked: .bad
        }
    }
}
