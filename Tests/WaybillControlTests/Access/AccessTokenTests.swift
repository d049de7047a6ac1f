import Synchronization
import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Tokens")
struct AccessTokenTests {
    private let fixture = AccessFixture()

    private func request(
        _ id: String = "nightly", _ kind: AccessToken.Kind = .token, roles: Set<Role> = [.auditor], scopes: Set<Permission>? = nil,
        days: Int64 = 30, edit: (inout AccessGrant) -> Void = { _ in }
    ) -> AccessDesk.TokenRequest {
        var grant = AccessGrant(roles: roles)
        edit(&grant)
        return .init(id: id, kind: kind, grant: grant, scopes: scopes, expiresAt: fixture.time.adding(seconds: days * 86_400))
    }

    @Test("A token is entered before it is kept, is kept hashed, and says who asks and what narrows them")
    func shown() async throws {
        let desk = try fixture.desk()
        let new = try await desk.create(request(scopes: [.readLog]) { $0.vendor = "hubspot" }, by: .local)
        #expect(fixture.take() == ["token.create", "kept"])
        let secret = try #require(new.secret)
        #expect(secret.hasPrefix("wbt_") && secret.utf8.count == 47)
        #expect(fixture.book.withLock { "\($0)" }.contains(secret) == false)
        let principal = try await desk.principal(token: secret, address: "10.0.0.1", now: fixture.time)
        #expect(principal.id == "token:nightly" && principal.kind == .token && principal.vendor == "hubspot")
        #expect(principal.may(.readLog) && !principal.may(.readTransfers) && !principal.may(.manageAccess))
        // Another process reads the same.
        #expect(try await fixture.desk().principal(token: secret, address: "10.0.0.1", now: fixture.time) == principal)
    }

    @Test("A full disk lets no token come to be, and lets none stay that is revoked")
    func fullDisk() async throws {
        let desk = try fixture.desk()
        let secret = try #require(try await desk.create(request(), by: .local).secret)
        fixture.logIsFull.withLock { $0 = true }
        #expect(await problem { try await desk.create(request("other"), by: .local) }?.code == .unavailable)
        #expect(await desk.tokens().map(\.id) == ["nightly"])
        #expect(await problem { try await desk.revoke(token: "nightly", by: .local) }?.code == .unavailable)
        #expect(await problem { try await desk.principal(token: secret, address: "", now: fixture.time) }?.code == .credentialMissing)
    }

    @Test(
        "What is expired, revoked, forged or unknown is refused with 401 and an entry that says why, without what was shown",
        arguments: ["expired", "revoked", "forged", "empty", "ended"])
    func refused(how: String) async throws {
        let desk = try fixture.desk()
        let end = fixture.time.adding(seconds: 60)
        let new = try await desk.create(request { if how == "ended" { $0.until = end } }, by: .local)
        var shown = try #require(new.secret)
        switch how {
        case "expired": fixture.pass(30 * 86_400)
        case "ended": fixture.pass(60)
        case "revoked": _ = try await desk.revoke(token: "nightly", by: .local)
        case "forged": shown = String(shown.dropLast()) + (shown.hasSuffix("A") ? "B" : "A")
        default: shown = ""
        }
        let found = await problem { try await desk.principal(token: shown, address: "10.0.0.1", now: fixture.time) }
        #expect(found?.code == .credentialMissing)
        let entry = try #require(fixture.refusals().first)
        let reasons = ["expired": "token_expired", "ended": "token_expired", "revoked": "token_revoked"]
        #expect(entry["reason"] == reasons[how] ?? "token_unknown")
        #expect(entry["who"] == (reasons[how] == nil ? nil : "token:nightly"))
    }

    @Test("What is over its scope is an entry with the permission; a flood of it is counted")
    func flood() async throws {
        let desk = try fixture.desk()
        let secret = try #require(try await desk.create(request(), by: .local).secret)
        let principal = try await desk.principal(token: secret, address: "", now: fixture.time)
        for _ in 0..<500 { await desk.refused(principal, .manageAccess, now: fixture.time) }
        let entries = fixture.refusals()
        #expect(entries.count == RefusalBook.singlesMax)
        #expect(entries.allSatisfy { $0 == ["reason": "not_permitted", "who": "token:nightly", "permission": "access.manage"] })
        fixture.pass(60)
        await desk.tellRefusals()
        #expect(fixture.refusals() == [["reason": "not_permitted", "who": "token:nightly", "count": "490"]])
    }

    @Test("Who shows unknown tokens again and again gets 429, and a good token from the same address still works")
    func address() async throws {
        let desk = try fixture.desk()
        let secret = try #require(try await desk.create(request(), by: .local).secret)
        var codes: [APIProblem.Code?] = []
        for _ in 0..<40 {
            codes.append(await problem { try await desk.principal(token: "wbt_x", address: "10.0.0.1", now: fixture.time) }?.code)
        }
        #expect(codes.first == .credentialMissing && codes.last == .tooMany)
        let waiting = await problem { try await desk.principal(token: "wbt_x", address: "10.0.0.1", now: fixture.time) }
        #expect(waiting?.retryAfterSeconds == 10)
        #expect(try await desk.principal(token: secret, address: "10.0.0.1", now: fixture.time).id == "token:nightly")
        #expect(
            await problem { try await desk.principal(token: "wbt_x", address: "10.0.0.2", now: fixture.time) }?.code == .credentialMissing)
    }

    @Test("A machine is who its certificate names, and nobody else")
    func machine() async throws {
        let desk = try fixture.desk()
        #expect(try await desk.create(request("crm.acme.internal", .mtls), by: .local).secret == nil)
        let found = try await desk.principal(certificateNames: ["other.example", "CRM.acme.internal"], address: "", now: fixture.time)
        #expect(found?.id == "mtls:crm.acme.internal" && found?.kind == .machine)
        #expect(try await desk.principal(certificateNames: ["acme.internal"], address: "", now: fixture.time) == nil)
        // A token's id is no machine's name.
        _ = try await desk.create(request("a.token"), by: .local)
        #expect(try await desk.principal(certificateNames: ["a.token"], address: "", now: fixture.time) == nil)
        #expect(fixture.refusals().map { $0["reason"] } == ["certificate_unknown", "certificate_unknown"])
    }

    @Test("What does not fit is refused, and says which member is at fault")
    func unfit() async throws {
        let desk = try fixture.desk()
        _ = try await desk.create(request("taken"), by: .local)
        let cases: [(AccessDesk.TokenRequest, APIProblem.Code, String?)] = [
            (request("taken"), .conflict, "/id"), (request("A"), .unprocessable, "/id"), (request("a@b.example"), .unprocessable, "/id"),
            (request("nodots", .mtls), .unprocessable, "/id"), (request("t1", days: 366), .unprocessable, "/expires_at"),
            (request("t1", days: -1), .unprocessable, "/expires_at"), (request("t1", roles: []), .unprocessable, "/roles"),
            (request("t1", scopes: []), .unprocessable, "/scopes"), (request("t1", scopes: [.manageAccess]), .unprocessable, "/scopes"),
            (request("t1", roles: [.caller]), .unprocessable, "/caller"),
            (request("t1", roles: [.vendorAuditor]), .unprocessable, "/roles"),
            (request("t1", roles: [.administrator, .approver]), .unprocessable, "/roles"),
            (request("t1", roles: [.auditor, .vendorAuditor]), .unprocessable, "/roles"),
            (request("t1") { $0.vendor = "no such/id" }, .unprocessable, "/vendor"),
            (request("t1", roles: [.approver]) { $0.vendor = "mailer" }, .unprocessable, "/vendor"),
            (request("t1", roles: [.auditor, .privacyOfficer]) { $0.vendor = "mailer" }, .unprocessable, "/vendor"),
            (request("t1") { $0.engagement = "2026-1" }, .unprocessable, "/vendor"),
            (request("t1") { $0.caller = "crm" }, .unprocessable, "/caller"),
        ]
        for (wanted, code, pointer) in cases {
            let found = await problem { try await desk.create(wanted, by: .local) }
            #expect(found?.code == code && found?.pointer == pointer, "\(wanted)")
        }
        #expect(await desk.tokens().map(\.id) == ["taken"])
    }
}
