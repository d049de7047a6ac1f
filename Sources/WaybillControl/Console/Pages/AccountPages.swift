import WaybillCore

/// Accounts, for administrators.
enum AccountPages {
    private static let root = "/console/accounts"
    private static let crumbs = [(label: "Accounts", path: root)]

    static func all(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, root, permission: .manageAccess) { call in list(call, await desk.accounts()) },
            ConsolePage(.get, "\(root)/new", permission: .manageAccess) { call in
                var form = ConsoleForm(call, action: "\(root)/new")
                form.add("id", "Login name", hint: "Small letters and digits. The log keeps it, so no e-mail address.")
                form.add("name", "Name")
                AccessPages.addGrant(to: &form, nil)
                form.button("Create", tone: "primary")
                form.cancel(root)
                return ConsolePart.page("New account", crumbs: crumbs, [ConsolePart.part("form", form.json)])
            },
            ConsolePage(.post, "\(root)/new", permission: .manageAccess) { call in
                let new = try await desk.create(
                    account: call.field("id") ?? "", name: call.field("name") ?? "", grant: try AccessPages.grant(call), by: try actor(call)
                )
                return told(new)
            },
            ConsolePage(.get, "\(root)/{account}", permission: .manageAccess) { call in
                show(call, try await desk.account(call.values["account"] ?? ""))
            },
            ConsolePage(.post, "\(root)/{account}", permission: .manageAccess) { call in
                let id = call.values["account"] ?? ""
                _ = try await desk.change(
                    account: id, name: call.field("name") ?? "", grant: try AccessPages.grant(call),
                    match: call.field("version").flatMap { Int($0) } ?? 0, by: try actor(call))
                return .redirect("\(root)/\(id)", notice: "The account is changed, and its sessions are ended.")
            },
        ] + acts(desk)
    }

    private static func acts(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.post, "\(root)/{account}/disable", permission: .manageAccess, form: "\(root)/{account}") { call in
                let account = try await desk.set(account: call.values["account"] ?? "", isDisabled: true, by: try actor(call))
                return .redirect("\(root)/\(account.id)", notice: "The account is disabled, and its sessions are ended.")
            },
            ConsolePage(.post, "\(root)/{account}/enable", permission: .manageAccess, form: "\(root)/{account}") { call in
                let account = try await desk.set(account: call.values["account"] ?? "", isDisabled: false, by: try actor(call))
                return .redirect("\(root)/\(account.id)", notice: "The account is let in again.")
            },
            ConsolePage(.post, "\(root)/{account}/reset", permission: .manageAccess, form: "\(root)/{account}") { call in
                told(try await desk.reset(account: call.values["account"] ?? "", by: try actor(call)))
            },
        ]
    }

    static func actor(_ call: ConsoleCall) throws(APIProblem) -> AccessActor { .principal(try OwnAccountPages.known(call)) }

    private static func told(_ new: AccessDesk.NewAccount) -> ConsoleAnswer {
        AccessPages.once(
            "Set-up code", new.setUpCode,
            "Give it to \(new.id) by a way that only they read. They enter it at /console/set-up until "
                + "\(ConsolePart.shown(new.expiresAt)), and choose password and second factor themselves.",
            back: "\(root)/\(new.id)")
    }

    private static func list(_ call: ConsoleCall, _ accounts: [Account]) -> ConsoleAnswer {
        let (shown, next) = AccessPages.page(accounts, call, id: \.id)
        return ConsolePart.page(
            "Accounts", actions: [ConsolePart.action("New account", "\(root)/new", isPrimary: true)],
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Accounts", id: "accounts", ["Login name", "Name", "State", "Roles", "Narrowed to", "Signed in"],
                        shown.map { account in
                            [
                                ConsolePart.codeCell(account.id, path: "\(root)/\(account.id)"), ConsolePart.cell(account.name),
                                ConsolePart.badgeCell(account.state.rawValue, account.state.tone), AccessPages.roles(account.grant),
                                AccessPages.narrowing(account.grant), ConsolePart.time(account.signedInAt),
                            ]
                        }, empty: "There are no accounts yet.")),
                ConsolePart.part("pager", ConsolePart.pager(root, call, next: next)),
            ])
    }

    private static func show(_ call: ConsoleCall, _ account: Account) -> ConsoleAnswer {
        let path = "\(root)/\(account.id)"
        let facts = ConsolePart.facts([
            ("Login name", ConsolePart.codeCell(account.id)),
            ("Signs in", ConsolePart.cell(account.link == nil ? "here" : "at the identity provider")),
            ("Created", ConsolePart.time(account.createdAt)), ("By", ConsolePart.cell(account.createdBy)),
            ("Signed in", ConsolePart.time(account.signedInAt)),
        ])
        guard account.principalID != call.principal?.id else {
            return ConsolePart.page(
                account.name, badges: [ConsolePart.badge(account.state.rawValue, account.state.tone)], crumbs: crumbs,
                [
                    ConsolePart.part("facts", facts),
                    ConsolePart.part(
                        "notice",
                        ConsolePart.notice(
                            .info, "Nobody changes their own roles or state; another administrator has to.", link: "Own account",
                            path: "/console/account")),
                ])
        }
        var change = ConsoleForm(call, action: path, heading: "Roles", lead: "A change ends the account's sessions.")
        change.add("name", "Name", value: [account.name])
        AccessPages.addGrant(to: &change, account.grant)
        change.hide("version", String(account.version))
        change.button("Save", tone: "primary")
        var forms = [change.json]
        if account.isDisabled {
            var enable = ConsoleForm(call, action: "\(path)/enable", heading: "Let it in again", isSent: false)
            enable.button("Enable")
            forms.append(enable.json)
        } else {
            var disable = ConsoleForm(
                call, action: "\(path)/disable", heading: "Keep it out", lead: "From the next request on; its sessions end.", isSent: false)
            disable.button("Disable", tone: "danger")
            forms.append(disable.json)
        }
        if account.link == nil {
            let lead = "Password, second factor and recovery codes are good for nothing then; a new set-up code is shown."
            var reset = ConsoleForm(call, action: "\(path)/reset", heading: "Reset", lead: lead, isSent: false)
            reset.button("Reset", tone: "danger")
            forms.append(reset.json)
        }
        return ConsolePart.page(
            account.name, badges: [ConsolePart.badge(account.state.rawValue, account.state.tone)], crumbs: crumbs,
            [ConsolePart.part("facts", facts)] + forms.map { ConsolePart.part("form", $0) })
    }
}

extension Account.State {
    var tone: ConsolePart.Tone {
        switch self {
        case .invited: .info
        case .active: .ok
        case .disabled: .bad
        }
    }
}
