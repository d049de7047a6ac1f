import FoundationEssentials
import Synchronization
import Testing
import WaybillCore

@testable import WaybillControl

/// Written down a second time, by hand, from the table of the design: the code's own table is compared with it.
@Suite("Who may do what")
struct PermissionTableTests {
    private static let roles: [Role] = [.caller, .vendorManager, .approver, .privacyOfficer, .auditor, .vendorAuditor, .administrator]
    /// A letter a role, in the order above.
    private static let table: [(Permission, String)] = [
        (.readPolicies, ".xxxxx."), (.draftPolicies, ".x....."), (.approveAgreements, "..x...."),
        (.stopTransfers, "..xx..."), (.readTransfers, "xxxxxx."), (.tryDecisions, ".xxxx.."),
        (.readSubjects, "...x..."), (.changeSubjects, "...x..."), (.eraseSubjects, "...x..."),
        (.readAudits, ".xxxxx."), (.conductAudits, "....x.."), (.readLog, "...xxx."),
        (.readOperations, "....x.x"), (.manageAccess, "......x"), (.useOwnAccount, "xxxxxxx"),
    ]

    @Test("Each role has the permissions of the design's table, and no other")
    func permissions() {
        #expect(Self.table.map(\.0.rawValue).sorted() == Permission.allCases.map(\.rawValue).sorted())
        for (permission, row) in Self.table {
            for (role, mark) in zip(Self.roles, row) {
                var principal = Principal(id: "account:x", name: "x", kind: .person, roles: [role])
                #expect(principal.may(permission) == (mark == "x"), "\(role) \(permission)")
                principal.scopes = [permission]
                #expect(principal.may(permission) == (mark == "x"), "a scope gives nothing: \(role) \(permission)")
                principal.scopes = [permission == .readLog ? .readOperations : .readLog]
                #expect(!principal.may(permission), "a scope narrows: \(role) \(permission)")
            }
        }
        #expect(!Principal(id: "x", name: "x", kind: .token, roles: []).may(.useOwnAccount))
    }

    @Test(
        "Whoever is bound to a vendor, an engagement or a caller may do only what is looked at through that, whatever the roles",
        arguments: [
            (("hubspot", nil, nil), [.useOwnAccount, .readTransfers, .readAudits, .conductAudits, .readPolicies, .readLog]),
            (("hubspot", "2026-1", nil), [.useOwnAccount, .readTransfers, .readAudits, .conductAudits, .readPolicies, .readLog]),
            ((nil, "2026-1", nil), [.useOwnAccount, .readAudits, .conductAudits]),
            ((nil, nil, "crm"), [.useOwnAccount, .readTransfers]), (("hubspot", nil, "crm"), [.useOwnAccount, .readTransfers]),
        ] as [((String?, String?, String?), Set<Permission>)])
    func bound(to: (vendor: String?, engagement: String?, caller: String?), may: Set<Permission>) {
        var principal = Principal(id: "token:x", name: "x", kind: .token, roles: Set(Role.allCases))
        (principal.vendor, principal.engagement, principal.caller) = to
        #expect(principal.isBound)
        #expect(Set(Permission.allCases.filter(principal.may)) == may)
    }

    @Test("Operations on accounts, tokens and others' sessions are for administrators, one's own for everybody; so are the pages")
    func surface() async throws {
        let desk = try AccessFixture().desk()
        let own: Set = ["getMe", "listSessions", "endSession"]
        for operation in TokenOperations.all(desk) + AccountOperations.all(desk) + SessionOperations.all(desk) {
            #expect(operation.permission == (own.contains(operation.id) ? .useOwnAccount : .manageAccess), "\(operation.id)")
        }
        for page in SignInPages.all(desk) + OwnAccountPages.all(desk) + AccessPages.all(desk) {
            let isOpen = page.path.hasPrefix("/console/sign-in") || page.path.hasPrefix("/console/set-up")
            let isOwn =
                page.path.hasPrefix("/console/account") && !page.path.hasPrefix("/console/accounts") || page.path == "/console/sign-out"
            #expect(page.permission == (isOpen ? nil : isOwn ? .useOwnAccount : .manageAccess), "\(page.method) \(page.path)")
        }
    }
}

@Suite("The documentation of access")
struct AccessDocumentTests {
    @Test("docs/access.md has the table of permissions that the code asks by")
    func table() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "\(root)/docs/access.md"))
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains("<!-- permissions -->\n\(PermissionTable.markdown)<!-- /permissions -->"))
    }
}
