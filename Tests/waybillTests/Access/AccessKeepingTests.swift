import Foundation
import Testing
import WaybillControl
import WaybillCore
import WaybillStorage
import WaybillTesting

@testable import waybill

@Suite("Access in the control store")
struct AccessKeepingTests {
    @Test("Accounts, tokens, sessions and set-up codes are there again after a restart, and gone when they are taken away")
    func kept() throws {
        let scratch = try Scratch()
        let path = scratch.file("control.db")
        let now = Timestamp(seconds: 1_790_000_000)
        var account = Account(
            id: "anna", name: "Anna", grant: AccessGrant(roles: [.vendorAuditor], vendor: "mailer", engagement: "2026-1", until: now),
            createdAt: now, createdBy: "local")
        account.totpSecret = [1, 2, 3]
        account.link = Account.Link(issuer: "https://login.example", subject: "17")
        let (_, code) = AccessDesk.firstSetUp(now: now)
        try AccessKeeping(try ControlDatabase(path: path)).keep([.account(account), .setUp(code)])
        let store = AccessKeeping(try ControlDatabase(path: path))
        var book = try store.accessBook()
        #expect(book.accounts == ["anna": account])
        #expect(Array(book.setUps.values) == [code])
        try store.keep([.dropSetUp(code.sha256)])
        book = try store.accessBook()
        #expect(book.setUps.isEmpty && book.accounts.count == 1)
    }

    @Test("The identity provider is configured wholly or not at all, and no secret stands in the file")
    func provider() async throws {
        let whole = [
            "access.oidc.issuer": "https://login.example", "access.oidc.client_id": "waybill",
            "access.oidc.redirect_url": "https://waybill.example/console/sign-in/oidc/callback",
            "access.oidc.roles": "a=auditor,b=c=approver",
        ]
        let scratch = try Scratch()
        try scratch.write("waybill.yaml", "store: sqlite:var/waybill.db\n")
        func read(_ edit: [String: String?]) async throws -> Settings {
            var flags = whole
            for (name, value) in edit { flags["access.oidc.\(name)"] = value }
            return try await SettingsReader.read(file: scratch.file("waybill.yaml"), flags: flags, environment: [:])
        }
        let settings = try await read([:])
        #expect(settings.oidc?.roles == ["a": .auditor, "b=c": .approver] && settings.oidc?.rolesClaim == "roles")
        #expect(settings.oidc?.scopes == ["openid", "profile"])
        let cases: [([String: String?], String)] = [
            (["issuer": nil], "needs `issuer`"), (["roles": nil], "`roles`"), (["roles": "a=vendor_auditor"], "VALUE=role"),
            (["roles": "a=root"], "VALUE=role"), (["roles": "a=auditor,a=approver"], "twice"),
            (["issuer": "http://login.example"], "https"), (["redirect_url": "https://x@y.example/"], "https"),
            (["client_secret": "hunter2"], "no place for a secret"),
        ]
        for (edit, says) in cases {
            await #expect { try await read(edit) } throws: { error in
                "\(error)".contains(says) && !"\(error)".contains("hunter2")
            }
        }
    }
}
