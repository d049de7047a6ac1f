import WaybillCore

/// One's own account: password, second factor, recovery codes, sessions.
package enum OwnAccountPages {
    private static let root = "/console/account"
    private static let crumbs = [(label: "Own account", path: root)]

    package static func all(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, root, permission: .useOwnAccount) { call in
                let principal = try known(call)
                return await overview(call, try await desk.own(principal), desk, session: principal.session)
            },
            ConsolePage(.get, "\(root)/password", permission: .useOwnAccount) { call in passwordForm(call) },
            ConsolePage(.post, "\(root)/password", permission: .useOwnAccount) { call in
                guard let password = call.fields["password"]?.first, password == call.fields["again"]?.first else {
                    throw FormProblem("The two passwords are not the same; type it twice again.", field: "again")
                }
                return try await SignInPages.told {
                    try await desk.changePassword(
                        of: try known(call), from: call.fields["old"]?.first ?? "", to: password, address: call.address)
                    return .redirect(root, notice: "The password is changed, and your other sessions are ended.")
                }
            },
        ] + factor(desk) + sessions(desk)
    }

    static func known(_ call: ConsoleCall) throws(APIProblem) -> Principal {
        guard let principal = call.principal else { throw APIProblem(.credentialMissing, "Sign in first.") }
        return principal
    }

    private static func overview(
        _ call: ConsoleCall, _ account: Account, _ desk: AccessDesk, session: String?
    ) async -> ConsoleAnswer {
        let own = await desk.sessions(account: account.id, now: call.now)
        let actions =
            account.link == nil
            ? [
                ConsolePart.action("Change the password", "\(root)/password"),
                ConsolePart.action("Another second factor", "\(root)/second-factor"),
                ConsolePart.action("New recovery codes", "\(root)/recovery-codes"),
            ] : []
        let factor = account.link == nil ? "authenticator app" : "at the identity provider"
        return ConsolePart.page(
            "Own account", actions: actions,
            [
                ConsolePart.part(
                    "facts",
                    ConsolePart.facts([
                        ("Login name", ConsolePart.codeCell(account.id)), ("Name", ConsolePart.cell(account.name)),
                        ("Roles", AccessPages.roles(account.grant)), ("Second factor", ConsolePart.cell(factor)),
                        ("Recovery codes left", ConsolePart.number(account.recoveryCodes.count)),
                        ("Signed in", ConsolePart.time(account.signedInAt)),
                    ])),
                ConsolePart.part(
                    "table",
                    AccessPages.table(sessions: own, current: session) { "\(root)/sessions/\($0)" }),
            ])
    }

    private static func passwordForm(_ call: ConsoleCall) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(root)/password", lead: "Your other sessions end.")
        form.add("old", "Password until now", .password, autocomplete: "current-password")
        let rules = "At least \(PasswordRules.charactersMin) characters; a few words in a row are easy to remember."
        form.add("password", "New password", .password, hint: rules, autocomplete: "new-password")
        form.add("again", "The same password again", .password, autocomplete: "new-password")
        form.button("Change", tone: "primary")
        form.cancel(root)
        return ConsolePart.page("Change the password", crumbs: crumbs, [ConsolePart.part("form", form.json)])
    }

    private static func factor(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, "\(root)/second-factor", permission: .useOwnAccount) { call in
                let principal = try known(call)
                guard let ticket = call.field("ticket"), call.problem != nil else {
                    return factorForm(call, try await desk.beginEnrolment(of: principal))
                }
                do {
                    return factorForm(call, try await desk.enrolment(ticket, of: principal))
                } catch is APIProblem {
                    return factorForm(call, try await desk.beginEnrolment(of: principal))
                }
            },
            ConsolePage(.post, "\(root)/second-factor", permission: .useOwnAccount) { call in
                try await SignInPages.told {
                    do {
                        let codes = try await desk.finishEnrolment(
                            of: try known(call), ticket: call.field("ticket") ?? "", password: call.fields["password"]?.first ?? "",
                            code: call.field("code") ?? "", address: call.address)
                        return SignInPages.recoveryCodes(codes)
                    } catch let problem as APIProblem where problem.code == .credentialMissing {
                        // Who asks is known; only the secret that was shown is not any more. The form comes with another.
                        throw FormProblem(problem.detail)
                    }
                }
            },
            ConsolePage(.get, "\(root)/recovery-codes", permission: .useOwnAccount) { call in
                var form = ConsoleForm(call, action: "\(root)/recovery-codes", lead: "Those you have are good for nothing afterwards.")
                form.add("password", "Password", .password, autocomplete: "current-password")
                form.button("Make ten new codes", tone: "primary")
                form.cancel(root)
                return ConsolePart.page("New recovery codes", crumbs: crumbs, [ConsolePart.part("form", form.json)])
            },
            ConsolePage(.post, "\(root)/recovery-codes", permission: .useOwnAccount) { call in
                try await SignInPages.told {
                    SignInPages.recoveryCodes(
                        try await desk.newRecoveryCodes(
                            of: try known(call), password: call.fields["password"]?.first ?? "", address: call.address))
                }
            },
        ]
    }

    private static func factorForm(_ call: ConsoleCall, _ setUp: AccessDesk.SetUp) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(root)/second-factor", lead: "The app and the recovery codes until now no longer work then.")
        form.add("password", "Password", .password, autocomplete: "current-password")
        form.add("code", "Code that the app shows now", .number, autocomplete: "one-time-code")
        form.hide("ticket", setUp.ticket)
        form.button("Use this app", tone: "primary")
        form.cancel(root)
        return SignInPages.secret(setUp, "Another second factor", form)
    }

    private static func sessions(_ desk: AccessDesk) -> [ConsolePage] {
        let path = "\(root)/sessions/{session}"
        return [
            ConsolePage(.get, path, permission: .useOwnAccount) { call in
                let principal = try known(call)
                let account = try await desk.own(principal)
                let own = await desk.sessions(account: account.id, now: call.now)
                guard let session = own.first(where: { $0.id == call.values["session"] }) else {
                    throw APIProblem(.notFound, "The session is over.")
                }
                return AccessPages.page(of: session, call, crumbs: crumbs, action: "\(root)/sessions/\(session.id)")
            },
            ConsolePage(.post, path, permission: .useOwnAccount) { call in
                try await desk.end(session: call.values["session"] ?? "", by: try known(call))
                return .redirect(root, notice: "The session is ended.")
            },
        ]
    }
}
