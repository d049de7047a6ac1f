import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Signing in")
struct SignInTests {
    private let fixture = AccessFixture()

    @Test("The first administrator chooses a name, a password and a second factor, by a code that works once and for an hour")
    func firstAdministrator() async throws {
        let desk = try fixture.desk()
        #expect(await desk.isEmpty)
        let code = try await desk.inviteAdministrator()
        let setUp = try await desk.beginSetUp(code: code, address: "10.0.0.1")
        #expect(setUp.login == nil)
        let secret = try await fixture.secret(of: setUp.ticket, desk)
        let answer = TOTP.code(secret, step: TOTP.step(at: fixture.time))
        let weak = await problem {
            try await desk.finishSetUp(ticket: setUp.ticket, login: "root", name: "Root", password: "password1234", code: answer)
        }
        #expect(weak?.pointer == "/password")
        let wrong = await problem {
            try await desk.finishSetUp(ticket: setUp.ticket, login: "root", name: "Root", password: AccessFixture.password, code: "000000")
        }
        #expect(wrong?.pointer == "/code")
        let done = try await desk.finishSetUp(
            ticket: setUp.ticket, login: "Root", name: "Root", password: AccessFixture.password, code: answer)
        #expect(done.recoveryCodes.count == 10)
        let session = try #require(try await desk.session(cookie: done.session.cookie, now: fixture.time))
        #expect(session.principal.id == "account:root" && session.principal.may(.manageAccess) && session.formToken.utf8.count == 64)
        #expect(await problem { try await desk.beginSetUp(code: code, address: "") }?.code == .credentialMissing)
        let late = try await desk.inviteAdministrator()
        fixture.pass(3_600)
        #expect(await problem { try await desk.beginSetUp(code: late, address: "") }?.code == .credentialMissing)
    }

    @Test("Password and code begin a session of its own id; each is an entry, and a code is taken once")
    func signsIn() async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        _ = fixture.take()
        let cookie = try await fixture.signIn(desk, anna)
        #expect(cookie != anna.cookie)
        #expect(fixture.take() == ["kept", "session.begin", "kept"])
        let ticket = try await desk.signIn(login: "anna", password: AccessFixture.password, address: "10.0.0.1")
        #expect(
            await problem { try await desk.confirm(ticket: ticket, code: fixture.code(of: anna), address: "10.0.0.1") }?.code
                == .credentialMissing)
        fixture.pass(30)
        _ = try await desk.confirm(ticket: ticket, code: fixture.code(of: anna), address: "10.0.0.1")
        #expect(await problem { try await desk.confirm(ticket: ticket, code: "1", address: "") } == AccessDesk.late)
        #expect(await desk.sessions(account: "anna", now: fixture.time).count == 3)
    }

    @Test("A recovery code stands in for the app, once")
    func recovery() async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        for isGood in [true, false] {
            let ticket = try await desk.signIn(login: "anna", password: AccessFixture.password, address: "10.0.0.1")
            let found = await problem {
                try await desk.confirm(ticket: ticket, code: anna.recoveryCodes[3].lowercased(), address: "10.0.0.1")
            }
            #expect((found == nil) == isGood)
        }
        #expect(try await desk.account("anna").recoveryCodes.count == 9)
    }

    @Test(
        "Whether the account is unknown, disabled, over, or the password wrong, the answer is the same",
        arguments: ["unknown", "disabled", "over", "wrong", "invited"])
    func same(how: String) async throws {
        let desk = try fixture.desk()
        _ = try await fixture.person(desk, "anna")
        var (login, password) = ("anna", AccessFixture.password)
        switch how {
        case "unknown": login = "nobody"
        case "wrong": password += "x"
        case "disabled": _ = try await desk.set(account: "anna", isDisabled: true, by: .local)
        case "invited": _ = try await desk.reset(account: "anna", by: .local)
        default:
            let grant = AccessGrant(roles: [.auditor], until: fixture.time)
            _ = try await desk.change(account: "anna", name: "Anna", grant: grant, match: nil, by: .local)
        }
        let found = await problem { try await desk.signIn(login: login, password: password, address: "10.0.0.1") }
        #expect(found == AccessDesk.wrong)
        #expect(fixture.refusals().last == (how == "unknown" ? ["reason": "password"] : ["reason": "password", "who": "account:anna"]))
    }

    @Test(
        "Who guesses waits, twice as long each time and a quarter of an hour at most; known and unknown names alike",
        arguments: ["anna", "nobody"])
    func lockout(login: String) async throws {
        let desk = try fixture.desk()
        _ = try await fixture.person(desk, "anna")
        func attempt(_ number: Int) async -> APIProblem.Code? {
            await problem { try await desk.signIn(login: login, password: "guess \(number)", address: "10.1.0.\(number)") }?.code
        }
        for number in 0..<5 { #expect(await attempt(number) == .credentialMissing) }
        #expect(await attempt(5) == .tooMany)
        var waits: [Int64] = []
        for number in 6..<20 {
            var waited: Int64 = 0
            while await attempt(number) == .tooMany, waited < 2_000 {
                fixture.pass(1)
                waited += 1
            }
            waits.append(waited)
        }
        #expect(waits.prefix(4) == [1, 2, 4, 8] && waits.max() == 900, "\(waits)")
    }

    @Test("Where somebody signed in before they still can, whatever others try elsewhere")
    func notShutOut() async throws {
        let desk = try fixture.desk()
        let anna = try await fixture.person(desk, "anna")
        _ = try await fixture.signIn(desk, anna, address: "10.0.0.7")
        fixture.pass(60)
        for number in 0..<8 {
            _ = await problem { try await desk.signIn(login: "anna", password: "guess", address: "10.1.0.\(number)") }
        }
        #expect(
            await problem { try await desk.signIn(login: "anna", password: AccessFixture.password, address: "10.2.0.1") }?.code == .tooMany)
        _ = try await fixture.signIn(desk, anna, address: "10.0.0.7")
    }

    @Test("The right password does not lift the limit on codes")
    func codes() async throws {
        let desk = try fixture.desk()
        _ = try await fixture.person(desk, "anna")
        var last: APIProblem.Code?
        for _ in 0..<6 where last != .tooMany {
            last = await problem {
                let ticket = try await desk.signIn(login: "anna", password: AccessFixture.password, address: "10.0.0.9")
                return try await desk.confirm(ticket: ticket, code: "000000", address: "10.0.0.9")
            }?.code
        }
        #expect(last == .tooMany)
    }
}
