import WaybillCore

/// Signing in, signing out, and setting up an account by its code.
package enum SignInPages {
    private static let codePath = "/console/sign-in/code"
    private static let providerPath = "/console/sign-in/oidc"
    private static let setUpPath = "/console/set-up"

    package static func all(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, ConsoleRoutes.signIn, permission: nil) { call in await entrance(call, desk) },
            ConsolePage(.post, ConsoleRoutes.signIn, permission: nil) { call in
                try await told {
                    let ticket = try await desk.signIn(
                        login: call.field("name") ?? "", password: call.fields["password"]?.first ?? "", address: call.address)
                    return codeForm(call, ticket: ticket)
                }
            },
            ConsolePage(.get, codePath, permission: nil) { call in
                guard call.problem != nil, let ticket = call.field("ticket") else { return .redirect(ConsoleRoutes.signIn) }
                return codeForm(call, ticket: ticket)
            },
            ConsolePage(.post, codePath, permission: nil) { call in
                try await told {
                    let grant = try await desk.confirm(
                        ticket: call.field("ticket") ?? "", code: call.field("code") ?? "", address: call.address)
                    return .redirect(ConsoleAddress.next(call.field("next")) ?? ConsoleRoutes.root, cookies: [grant.asCookie])
                }
            },
            ConsolePage(.post, "/console/sign-out", permission: .useOwnAccount) { call in
                if let principal = call.principal, let session = principal.session { try await desk.end(session: session, by: principal) }
                let gone = ConsoleCookie(name: ConsoleCookie.session, value: nil, secondsMax: 0)
                return .redirect(ConsoleRoutes.signIn, notice: "You are signed out.", cookies: [gone])
            },
        ] + setUp(desk) + (desk.hasProvider ? provider(desk) : [])
    }

    /// A link leads to the provider, not a form: the console's policy lets no form lead elsewhere.
    private static func provider(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, providerPath, permission: nil) { call in
                let departure = try await desk.depart(next: ConsoleAddress.next(call.field("next")))
                let cookie = ConsoleCookie(name: ConsoleCookie.provider, value: departure.cookie, secondsMax: 600)
                return .redirect(departure.url, cookies: [cookie])
            },
            ConsolePage(.get, "\(providerPath)/callback", permission: nil) { call in
                let arrival = try await desk.arrive(
                    state: call.field("state") ?? "", code: call.field("code") ?? "", issuer: call.field("iss"),
                    cookie: call.cookies[ConsoleCookie.provider] ?? "", address: call.address)
                let gone = ConsoleCookie(name: ConsoleCookie.provider, value: nil, secondsMax: 0)
                return .redirect(arrival.next ?? ConsoleRoutes.root, cookies: [gone, arrival.session.asCookie])
            },
        ]
    }

    private static func entrance(_ call: ConsoleCall, _ desk: AccessDesk) async -> ConsoleAnswer {
        var form = ConsoleForm(call, action: ConsoleRoutes.signIn)
        form.add("name", "Login name", autocomplete: "username")
        form.add("password", "Password", .password, autocomplete: "current-password")
        if let next = ConsoleAddress.next(call.field("next")) { form.hide("next", next) }
        form.button("Sign in", tone: "primary")
        var parts = [ConsolePart.part("form", form.json)]
        if desk.hasProvider {
            let path = ConsoleAddress.path(providerPath, call.fields.filter { $0.key == "next" })
            let notice = ConsolePart.notice(.info, "Your organisation signs people in itself.", link: "Sign in there", path: path)
            parts.insert(ConsolePart.part("notice", notice), at: 0)
        }
        if await desk.isEmpty {
            parts.insert(
                ConsolePart.part(
                    "notice",
                    ConsolePart.notice(
                        .info, heading: "Nobody can sign in yet",
                        "The first administrator sets up an account with the code that waybill init printed.", link: "Enter the code",
                        path: setUpPath)), at: 0)
        } else {
            parts.append(
                ConsolePart.part(
                    "notice", ConsolePart.notice(.info, "Have you got a set-up code?", link: "Set up your account", path: setUpPath)))
        }
        return ConsolePart.page("Sign in", parts)
    }

    private static func codeForm(_ call: ConsoleCall, ticket: String) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: codePath)
        form.add(
            "code", "Code", value: [], hint: "Six digits from your authenticator app, or a recovery code.", autocomplete: "one-time-code")
        form.hide("ticket", ticket)
        if let next = ConsoleAddress.next(call.field("next")) { form.hide("next", next) }
        form.button("Go on", tone: "primary")
        form.cancel(ConsoleRoutes.signIn)
        return ConsolePart.page("Second factor", [ConsolePart.part("form", form.json)])
    }

    private static func setUp(_ desk: AccessDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, setUpPath, permission: nil) { call in
                var form = ConsoleForm(call, action: setUpPath)
                form.add("set_up_code", "Set-up code", hint: "It begins with wbs_ and works once.", autocomplete: "off")
                form.button("Go on", tone: "primary")
                form.cancel(ConsoleRoutes.signIn)
                return ConsolePart.page("Set up your account", [ConsolePart.part("form", form.json)])
            },
            ConsolePage(.post, setUpPath, permission: nil) { call in
                try await told { setUpForm(call, try await desk.beginSetUp(code: call.field("set_up_code") ?? "", address: call.address)) }
            },
            ConsolePage(.get, "\(setUpPath)/finish", permission: nil) { call in
                guard call.problem != nil, let ticket = call.field("ticket") else { return .redirect(setUpPath) }
                do { return setUpForm(call, try await desk.setUp(ticket)) } catch is APIProblem { return .redirect(setUpPath) }
            },
            ConsolePage(.post, "\(setUpPath)/finish", permission: nil) { call in
                guard let password = call.fields["password"]?.first, password == call.fields["again"]?.first else {
                    throw FormProblem("The two passwords are not the same; type it twice again.", field: "again")
                }
                return try await told {
                    let done = try await desk.finishSetUp(
                        ticket: call.field("ticket") ?? "", login: call.field("id") ?? "", name: call.field("name") ?? "",
                        password: password, code: call.field("code") ?? "")
                    return recoveryCodes(done.recoveryCodes, cookies: [done.session.asCookie])
                }
            },
        ]
    }

    private static func setUpForm(_ call: ConsoleCall, _ setUp: AccessDesk.SetUp) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(setUpPath)/finish")
        if setUp.login == nil {
            form.add(
                "id", "Login name", hint: "Small letters and digits. The log keeps it, so no e-mail address.", autocomplete: "username")
            form.add("name", "Your name", hint: "As others read it in the console.", autocomplete: "name")
        }
        let rules = "At least \(PasswordRules.charactersMin) characters; a few words in a row are easy to remember."
        form.add("password", "Password", .password, hint: rules, autocomplete: "new-password")
        form.add("again", "The same password again", .password, autocomplete: "new-password")
        form.add("code", "Code that the app shows now", .number, autocomplete: "one-time-code")
        form.hide("ticket", setUp.ticket)
        form.button("Set up", tone: "primary")
        return secret(setUp, "Set up your account", form)
    }

    static func secret(_ setUp: AccessDesk.SetUp, _ heading: String, _ form: ConsoleForm) -> ConsoleAnswer {
        .page(
            "access-secret", title: heading,
            .object([
                "header": ConsolePart.header(heading, lead: setUp.login.map { "Account \($0)" }),
                "picture": .optional(QRPicture.dataURL(setUp.uri)), "secret": .string(setUp.secret), "form": form.json,
            ]))
    }

    static func recoveryCodes(_ codes: [String], cookies: [ConsoleCookie] = []) -> ConsoleAnswer {
        ConsolePart.page(
            "Recovery codes",
            [
                ConsolePart.part(
                    "notice",
                    ConsolePart.notice(
                        .warn, heading: "Shown only now",
                        "Each stands in once for the code of your app. Print them or keep them apart from the device with the app.",
                        link: "I have kept them", path: ConsoleRoutes.root)),
                ConsolePart.part("code", ConsolePart.code("Recovery codes", codes.joined(separator: "\n"))),
            ]
        ).with(cookies)
    }

    /// What was refused is shown at the form, with the status it has in the API.
    static func told(_ work: () async throws -> ConsoleAnswer) async throws -> ConsoleAnswer {
        do {
            return try await work()
        } catch let problem as APIProblem where [401, 429].contains(problem.code.status) {
            throw FormProblem(problem.detail, status: problem.code.status)
        }
    }
}

extension AccessDesk.SessionGrant {
    var asCookie: ConsoleCookie { ConsoleCookie(name: ConsoleCookie.session, value: cookie, secondsMax: secondsMax) }
}

extension ConsoleAnswer {
    func with(_ cookies: [ConsoleCookie]) -> ConsoleAnswer {
        guard case .page(let template, let title, let values, let status, let others) = self else { return self }
        return .page(template, title: title, values, status: status, cookies: others + cookies)
    }
}
