import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("The console's machine")
struct ConsoleRoutesTests {
    typealias Ask = ConsoleTestServer.Ask
    static let evil = #""><script>alert(1)</script>'&"#

    /// Pages with one of everything.
    static let pages: [ConsolePage] = [
        ConsolePage(.get, "/console/overview", permission: .readTransfers) { _ in ConsolePart.page("Overview", []) },
        ConsolePage(.get, "/console/vendors/{vendor}", permission: .readPolicies) { call in
            var form = ConsoleForm(call, action: "/console/vendors/x")
            form.add("note", "Note", .area(rows: 3), hint: evil)
            form.add("day", "Day", .date, value: ["2026-01-01"])
            form.button("Save", tone: "primary")
            return ConsolePart.page(
                call.values["vendor"] ?? "", lead: evil, badges: [ConsolePart.badge(evil)],
                [
                    ConsolePart.part("form", form.json),
                    ConsolePart.part(
                        "table",
                        ConsolePart.table(evil, id: "t", ["A"], [[ConsolePart.cell(evil, path: "/x?a=\(evil)")]], empty: "")),
                    ConsolePart.part("facts", ConsolePart.facts([("Term", ConsolePart.codeCell(evil))])),
                    ConsolePart.part("code", ConsolePart.code(evil, evil)),
                ])
        },
        ConsolePage(.post, "/console/vendors/{vendor}", permission: .draftPolicies) { call in
            guard let note = call.field("note") else { throw FormProblem("Say something; the note was empty.", field: "note") }
            if note == "drafted" { throw FormProblem("Whoever drafted it does not approve it.", status: 403) }
            if note == "taken" { throw APIProblem(.changedMeanwhile, "Load it again.", pointer: "/note") }
            return .redirect("/console/overview", notice: "Saved \(note)")
        },
        ConsolePage(.post, "/console/out", permission: .useOwnAccount) { call in .redirect(call.field("to") ?? "/") },
        ConsolePage(.get, "/console/sign-in", permission: nil) { call in
            var form = ConsoleForm(call, action: "/console/sign-in")
            form.add("password", "Password", .password)
            return ConsolePart.page("Sign in", [ConsolePart.part("form", form.json)])
        },
        ConsolePage(.post, "/console/sign-in", permission: nil) { call in
            guard call.principal == nil, call.field("password") == "right" else { throw FormProblem("Wrong.", field: "password") }
            return .redirect("/console", cookies: [ConsoleCookie(name: ConsoleCookie.session, value: "abc", secondsMax: 60)])
        },
        ConsolePage(.get, "/console/broken", permission: .useOwnAccount) { _ in
            .page("not-there", title: "x", .null)
        },
        ConsolePage(.get, "/console/unfit", permission: .useOwnAccount) { _ in throw FormProblem("There is nothing to approve.") },
    ]

    @Test("Whoever is not signed in is led to the sign-in, and from there only to pages of the console")
    func signIn() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            for (path, location) in [
                ("/console/overview", "/console/sign-in?next=%2Fconsole%2Foverview"),
                ("/console/vendors/a?b=c%26d", "/console/sign-in?next=%2Fconsole%2Fvendors%2Fa%3Fb%3Dc%2526d"),
                ("/console", "/console/sign-in"), ("/console/none", "/console/sign-in?next=%2Fconsole%2Fnone"), ("/", "/console"),
            ] {
                let answer = try await ask(Ask(path))
                #expect(answer.status == 303 && answer.value("location") == location, "\(path)")
            }
        }
    }

    static let addresses: [(String, Bool)] = [
        ("/console", true), ("/console/transfers?vendor=a", true), ("//evil.example", false), ("https://evil.example", false),
        ("/\\evil.example", false), ("/console\r\nSet-Cookie: a=b", false), ("", false), ("console", false), ("/console/\u{202E}", false),
        ("/", false), ("/consolex", false), ("/console/sign-in", false), ("javascript:alert(1)", false),
    ]

    @Test("Where a sign-in leads on is a page of the console", arguments: addresses)
    func next(address: String, isTaken: Bool) { #expect((ConsoleAddress.next(address) != nil) == isTaken) }

    @Test("A page that leads to an address that is none is not answered with it", arguments: ["//evil.example/", "/a b", "/\\e"])
    func openRedirect(to: String) async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let body = "csrf=\(FakeConsoleAccess.formToken)&to=\(FormDecoding.escaped(to))"
            let answer = try await ask(.form("/console/out", as: .auditor, body))
            #expect(answer.status == 500 && answer.value("location") == nil)
        }
    }

    @Test("Values are escaped wherever they are shown")
    func escaping() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let path = "/console/vendors/" + FormDecoding.escaped(Self.evil)
            let answer = try await ask(Ask(path, as: .vendorManager))
            #expect(answer.status == 200)
            #expect(!answer.text.contains("<script>alert"))
            #expect(answer.text.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;"))
            #expect(!answer.text.contains("<i>Anna"))
            #expect(answer.text.components(of: "{{") == 0)
        }
    }

    @Test("Every answer tells the browser what to keep to, refusals too")
    func headers() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            for (path, role, status) in [
                ("/console/overview", Role.auditor, 200), ("/console/overview", .administrator, 403), ("/console/nowhere", .auditor, 404),
                ("/console/broken", .auditor, 500), ("/console/unfit", .auditor, 422), ("/console/vendors/%FF", .auditor, 404),
                ("/console/overview?a=%zz", .auditor, 400),
            ] {
                let answer = try await ask(Ask(path, as: role))
                #expect(answer.status == status, "\(path)")
                #expect(answer.value("content-security-policy") == ConsoleHeaders.policy)
                #expect(answer.value("x-content-type-options") == "nosniff" && answer.value("referrer-policy") == "no-referrer")
                #expect(answer.value("cache-control") == "no-store" && answer.value("cross-origin-opener-policy") == "same-origin")
                #expect(answer.value("cross-origin-resource-policy") == "same-origin" && answer.value("permissions-policy") != nil)
                #expect(answer.value("strict-transport-security") == nil)
                #expect(answer.text.contains("<main") && answer.value("content-type") == "text/html; charset=utf-8")
            }
        }
    }

    @Test("What a role does not permit is 403, and told to whoever keeps the log")
    func permissions() async throws {
        let access = FakeConsoleAccess()
        try await ConsoleTestServer.running(Self.pages, access: access) { ask in
            let page = try await ask(Ask("/console/overview", as: .administrator))
            #expect(page.status == 403)
            let form = Ask.form("/console/vendors/a", as: .auditor, "csrf=\(FakeConsoleAccess.formToken)&note=x")
            let answer = try await ask(form)
            #expect(answer.status == 403)
            #expect(access.refusals.withLock { $0 } == [.readTransfers, .draftPolicies])
            // What a form refuses for another's eyes too.
            let own = try await ask(.form("/console/vendors/a", as: .vendorManager, "csrf=\(FakeConsoleAccess.formToken)&note=drafted"))
            #expect(own.status == 403 && own.text.contains("Whoever drafted it"))
            #expect(access.refusals.withLock { $0.last } == .draftPolicies && access.refusals.withLock { $0.count } == 3)
        }
    }

    @Test("Navigation shows what the roles permit and what is served")
    func navigation() async throws {
        try await ConsoleTestServer.running(Self.pages, standing: FakeStanding()) { ask in
            let auditor = try await ask(Ask("/console/overview", as: .auditor)).text
            #expect(auditor.contains(#"<a href="/console/overview" aria-current="page">Overview</a>"#))
            #expect(!auditor.contains(">Sinks</a>") && auditor.contains("The vendor acme is stopped.") && auditor.contains("(Auditor)"))
            let administrator = try await ask(Ask("/console/nowhere", as: .administrator)).text
            #expect(!administrator.contains("Overview</a>") && !administrator.contains("acme"))
            #expect(try await ask(Ask("/console", as: .auditor)).value("location") == "/console/overview")
            #expect(try await ask(Ask("/console", as: .administrator)).status == 403)
        }
    }

    static let tokens = ["", "csrf=", "csrf=\(String(repeating: "ba", count: 32))", "csrf=x"]

    @Test("A form without its session's token does nothing", arguments: tokens)
    func forged(token: String) async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let answer = try await ask(.form("/console/vendors/a", as: .vendorManager, token + "&note=x"))
            #expect(answer.status == 403 && answer.value("set-cookie") == nil)
        }
    }

    @Test(
        "A form that another site sent does nothing",
        arguments: [("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)])
    func otherSite(site: String, status: Int) async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let form = Ask.form(
                "/console/vendors/a", as: .vendorManager, "csrf=\(FakeConsoleAccess.formToken)&note=x", fields: ["Sec-Fetch-Site: \(site)"])
            let answer = try await ask(form)
            #expect(answer.status == status)
        }
    }

    @Test("What was refused is shown at the top and beside its field, with what was typed")
    func problems() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            for (body, message) in [("note=+&day=2026-02-03", "Say something"), ("note=taken&day=2026-02-03", "Load it again.")] {
                let answer = try await ask(.form("/console/vendors/a", as: .vendorManager, "csrf=\(FakeConsoleAccess.formToken)&\(body)"))
                #expect(answer.status == 422 && answer.text.contains(#"role="alert""#) && answer.text.contains("<title>Error: "))
                #expect(answer.text.contains(##"<a href="#field-note">"##) && answer.text.contains(#"id="field-note-error">"#))
                #expect(answer.text.contains(message) && answer.text.contains(#"value="2026-02-03""#))
                #expect(answer.text.contains(#"aria-invalid="true" aria-describedby="field-note-hint field-note-error""#))
            }
        }
    }

    @Test("A notice is shown once on the page after, and stands in no address")
    func notices() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let saved = try await ask(.form("/console/vendors/a", as: .vendorManager, "csrf=\(FakeConsoleAccess.formToken)&note=%3Cb%3E"))
            #expect(saved.status == 303 && saved.value("location") == "/console/overview")
            let cookie = try #require(saved.values("set-cookie").first { $0.hasPrefix(ConsoleNotices.cookie) }?.split(separator: ";").first)
            #expect(!cookie.contains("Saved"))
            func see() async throws -> String {
                let cookies = "Cookie: \(ConsoleCookie.session)=vendor_manager; \(cookie)"
                return try await ask(Ask("/console/overview", fields: [cookies])).text
            }
            #expect(try await see().contains("Saved &lt;b&gt;"))
            #expect(!(try await see().contains("Saved")))
        }
    }

    @Test("Forms of people who are not signed in need the token that goes with their cookie, and never show a password again")
    func withoutSession() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let page = try await ask(Ask("/console/sign-in"))
            let cookie = try #require(page.value("set-cookie"))
            #expect(cookie.contains("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"))
            #expect(!page.text.contains("<nav"))
            let pair = String(cookie.prefix { $0 != ";" })
            let token = try #require(page.text.firstMatch(of: /name="csrf" value="([0-9a-f]{64})"/)?.output.1)
            func send(_ token: some StringProtocol, _ cookie: String, _ password: String) async throws -> RawClient.Answer {
                try await ask(.form("/console/sign-in", as: nil, "csrf=\(token)&password=\(password)", fields: ["Cookie: \(cookie)"]))
            }
            #expect(try await send(token, pair, "right").values("set-cookie").contains { $0.hasPrefix("waybill_session=abc; ") })
            let wrong = try await send(token, pair, "hunter2")
            #expect(wrong.status == 422 && !wrong.text.contains("hunter2"))
            let other = "\(ConsoleTokens.cookie)=\(String(repeating: "0", count: 64))"
            #expect(try await send(token, other, "right").status == 403)
            #expect(try await send("", pair, "right").status == 403)
        }
    }

    @Test("A stranger sends no files; whoever is signed in may")
    func files() async throws {
        let body =
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n\(FakeConsoleAccess.formToken)\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"note\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n"
        try await ConsoleTestServer.running(Self.pages) { ask in
            for (path, role, status) in [("/console/sign-in", nil, 400), ("/console/vendors/a", .vendorManager, 422)]
                as [(String, Role?, Int)]
            {
                let answer = try await ask(
                    Ask(path, as: role, method: "POST", fields: ["Content-Type: multipart/form-data; boundary=b"], body: body))
                #expect(answer.status == status)
            }
        }
    }

    @Test("Whoever sees one vendor only is not told what is stopped elsewhere")
    func boundBanners() async throws {
        try await ConsoleTestServer.running(Self.pages, standing: FakeStanding()) { ask in
            let text = try await ask(Ask("/console/overview", as: .vendorAuditor)).text
            #expect(text.contains("Overview") && !text.contains("acme"))
        }
    }

    @Test("Somebody who is locked out is told so")
    func lockedOut() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let answer = try await ask(Ask("/console/overview", fields: ["Cookie: \(ConsoleCookie.session)=locked"]))
            #expect(answer.status == 429 && answer.value("retry-after") == "60" && answer.text.contains("Wait a minute."))
        }
    }

    @Test("The style sheet and the script have names that change with them, and are kept")
    func assets() async throws {
        try await ConsoleTestServer.running(Self.pages) { ask in
            let page = try await ask(Ask("/console/overview", as: .auditor)).text
            for pattern in [#/href="(/console/assets/console\.[0-9a-f]{16}\.css)"/#, #/src="(/console/assets/console\.[0-9a-f]{16}\.js)"/#]
            {
                let path = try #require(page.firstMatch(of: pattern)?.output.1)
                let asset = try await ask(Ask(String(path)))
                #expect(asset.status == 200 && asset.value("cache-control") == "public, max-age=31536000, immutable")
                #expect(asset.value("content-security-policy") != nil && !asset.body.isEmpty)
            }
            #expect(!page.contains("style=") && !page.contains("onclick"))
        }
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
