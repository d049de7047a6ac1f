import Synchronization
import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Accounts and sessions")
struct AccountTests {
    private let fixture = AccessFixture()

    private func administrator(_ desk: AccessDesk) async throws -> Principal {
        let root = try await fixture.person(desk, "root", [.administrator])
        return try #require(try await desk.session(cookie: root.cookie, now: fixture.time)).principal
    }

    @Test(
        "A session ends when nobody used it for half an hour, after twelve hours, and with its account",
        arguments: ["idle", "old", "disabled", "roles", "reset"])
    func ends(how: String) async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        #expect(try await desk.session(cookie: anna.cookie, now: fixture.time) != nil)
        switch how {
        case "idle": fixture.pass(31 * 60)
        case "old":
            for _ in 0..<36 {
                fixture.pass(1_195)
                _ = try await desk.session(cookie: anna.cookie, now: fixture.time)
            }
            #expect(try await desk.session(cookie: anna.cookie, now: fixture.time) != nil)
            fixture.pass(180)
        case "disabled": _ = try await desk.set(account: "anna", isDisabled: true, by: .local)
        case "reset": _ = try await desk.reset(account: "anna", by: .local)
        default: _ = try await desk.change(account: "anna", name: "Anna", grant: AccessGrant(roles: [.approver]), match: nil, by: .local)
        }
        #expect(try await desk.session(cookie: anna.cookie, now: fixture.time) == nil)
        #expect(try await fixture.desk().session(cookie: anna.cookie, now: fixture.time) == nil)
    }

    @Test("Another password needs the old one, and ends the other sessions")
    func password() async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        let other = try await fixture.signIn(desk, anna)
        let principal = try #require(try await desk.session(cookie: anna.cookie, now: fixture.time)).principal
        let wrong = await problem { try await desk.changePassword(of: principal, from: "x", to: "other words by the river", address: "") }
        #expect(wrong?.pointer == "/old")
        try await desk.changePassword(of: principal, from: AccessFixture.password, to: "other words by the river", address: "")
        #expect(try await desk.session(cookie: other, now: fixture.time) == nil)
        #expect(try await desk.session(cookie: anna.cookie, now: fixture.time) != nil)
        #expect(await problem { try await desk.signIn(login: "anna", password: AccessFixture.password, address: "") } == AccessDesk.wrong)
        _ = try await desk.signIn(login: "anna", password: "other words by the river", address: "")
    }

    @Test("Another second factor makes the old one and its recovery codes good for nothing")
    func secondFactor() async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        let principal = try #require(try await desk.session(cookie: anna.cookie, now: fixture.time)).principal
        let enrolment = try await desk.beginEnrolment(of: principal)
        let secret = try await fixture.secret(of: enrolment.ticket, desk)
        let other = try await fixture.signIn(desk, anna)
        let codes = try await desk.finishEnrolment(
            of: principal, ticket: enrolment.ticket, password: AccessFixture.password,
            code: TOTP.code(secret, step: TOTP.step(at: fixture.time)), address: "")
        #expect(try await desk.session(cookie: other, now: fixture.time) == nil)
        #expect(try await desk.session(cookie: anna.cookie, now: fixture.time) != nil)
        fixture.pass(60)
        for (code, isGood) in [(fixture.code(of: anna), false), (anna.recoveryCodes[0], false), (codes[0], true)] {
            let ticket = try await desk.signIn(login: "anna", password: AccessFixture.password, address: "10.0.0.1")
            #expect((await problem { try await desk.confirm(ticket: ticket, code: code, address: "10.0.0.1") } == nil) == isGood)
        }
    }

    @Test("Nobody changes their own roles or state, nor by a token they made")
    func ownRoles() async throws {
        let desk = try fixture.desk()
        let root = try await administrator(desk)
        let secret = try #require(
            try await desk.create(
                .init(
                    id: "deploy", grant: AccessGrant(roles: [.administrator]), scopes: nil, expiresAt: fixture.time.adding(seconds: 86_400)),
                by: .principal(root)
            ).secret)
        let token = try await desk.principal(token: secret, address: "", now: fixture.time)
        for who in [root, token] {
            let grant = AccessGrant(roles: [.auditor])
            let changed = await problem { try await desk.change(account: "root", name: "R", grant: grant, match: nil, by: .principal(who)) }
            #expect(changed?.code == .notPermitted)
            #expect(await problem { try await desk.set(account: "root", isDisabled: true, by: .principal(who)) }?.code == .notPermitted)
            #expect(await problem { try await desk.reset(account: "root", by: .principal(who)) }?.code == .notPermitted)
        }
        _ = try await fixture.person(desk, "second", [.administrator])
        let second = Principal(id: "account:second", name: "S", kind: .person, roles: [.administrator])
        _ = try await desk.set(account: "root", isDisabled: true, by: .principal(second))
    }

    @Test(
        "What an administrator does to an account while its owner changes something stays done",
        arguments: ["password", "codes", "disable"])
    func meanwhile(what: String) async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        let principal = try #require(try await desk.session(cookie: anna.cookie, now: fixture.time)).principal
        let act = ["password": "account.password", "codes": "account.recovery_codes", "disable": "account.change"][what] ?? ""
        let (fixture, spent) = (fixture, try await desk.account("anna").totpStep)
        fixture.meanwhile.withLock { $0 = (act, { _ = await problem { try await fixture.signIn(desk, anna) } }) }
        switch what {
        case "password":
            let stop = Mutex<Task<Account, any Error>?>(nil)
            let happening: @Sendable () async -> Void = {
                stop.withLock { $0 = Task { try await desk.set(account: "anna", isDisabled: true, by: .local) } }
                // Time enough for an administrator who does not have to wait.
                do { try await Task.sleep(for: .milliseconds(200)) } catch {}
            }
            fixture.meanwhile.withLock { $0 = (act, happening) }
            try await desk.changePassword(of: principal, from: AccessFixture.password, to: "other words by the river", address: "")
            _ = try await stop.withLock { $0 }?.value
            #expect(try await desk.account("anna").isDisabled)
            return
        case "codes": _ = try await desk.newRecoveryCodes(of: principal, password: AccessFixture.password, address: "10.0.0.1")
        default:
            let grant = AccessGrant(roles: [.approver])
            _ = try await desk.change(account: "anna", name: "Anna", grant: grant, match: nil, by: .local)
        }
        // The code that was taken meanwhile is not good again.
        #expect(try await desk.account("anna").totpStep > spent)
        #expect(fixture.meanwhile.withLock { $0 } == nil)
    }

    @Test("A change needs the version that was looked at; two acts at once do not both win")
    func versions() async throws {
        let desk = try fixture.desk()
        _ = try await fixture.person(desk, "anna")
        let version = try await desk.account("anna").version
        let grant = AccessGrant(roles: [.approver])
        _ = try await desk.change(account: "anna", name: "Anna", grant: grant, match: version, by: .local)
        let found = await problem { try await desk.change(account: "anna", name: "B", grant: grant, match: version, by: .local) }
        #expect(found?.code == .changedMeanwhile)
        async let first = problem { try await desk.create(account: "ben", name: "Ben", grant: grant, by: .local) }
        async let second = problem { try await desk.create(account: "ben", name: "Ben", grant: grant, by: .local) }
        #expect(await [first?.code, second?.code].count { $0 == .conflict } == 1)
    }

    @Test("People see and end their own sessions, administrators everybody's")
    func sessions() async throws {
        let desk = try fixture.desk()
        let root = try await administrator(desk)
        let anna = try await fixture.person(desk, "anna")
        let principal = try #require(try await desk.session(cookie: anna.cookie, now: fixture.time)).principal
        let list = try #require(SessionOperations.all(desk).first { $0.id == "listSessions" })
        for (who, count) in [(root, 2), (principal, 1)] {
            guard case .page(let items, _) = try await list.run(APICall(principal: who, now: fixture.time)) else { return }
            #expect(items.count == count)
        }
        let roots = try #require(root.session)
        #expect(await problem { try await desk.end(session: roots, by: principal) }?.code == .notFound)
        try await desk.end(session: try #require(principal.session), by: root)
        #expect(try await desk.session(cookie: anna.cookie, now: fixture.time) == nil)
    }
}
