import Crypto
import Foundation
import Testing

@testable import WaybillCore

/// The example set that users copy.
@Suite struct ShippedPoliciesTests {
    static func files() throws -> [String: [UInt8]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../policies").standardizedFileURL
        let walk = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        var files: [String: [UInt8]] = [:]
        for case let url as URL in walk where url.pathExtension == "yaml" {
            files[String(url.path().dropFirst(root.path().count + (root.path().hasSuffix("/") ? 0 : 1)))] = Array(try Data(contentsOf: url))
        }
        return files
    }

    @Test func `they load without a warning`() throws {
        let (set, warnings) = try PolicyLoader.load(files: try Self.files())
        #expect(warnings == [])
        #expect(set.vendors.map(\.id) == ["hubspot", "mailchimp", "salesforce", "segment", "sendgrid", "stripe"])
        #expect(set.callers.map(\.id) == ["crm-sync", "web-shop"])
    }

    @Test(arguments: [
        ("hubspot", "POST", "/crm/v3/objects/contacts", "contacts.create", "newsletter"),
        ("hubspot", "POST", "/crm/v3/objects/contacts/batch/create", "contacts.batch_create", "newsletter"),
        ("hubspot", "PATCH", "/crm/v3/objects/contacts/17", "contacts.optout", "newsletter"),
        ("hubspot", "POST", "/crm/v3/objects/companies", "companies.create", "account_directory"),
        ("mailchimp", "POST", "/3.0/lists/a1b2c3/members", "members.add", "newsletter"),
        ("mailchimp", "POST", "/3.0/lists/a1b2c3", "members.batch", "newsletter"),
        ("mailchimp", "PUT", "/3.0/lists/a1b2c3/members/852aaa9532cb36adfb5e9fef7a4206a9", "members.unsubscribe", "newsletter"),
        ("sendgrid", "POST", "/v3/mail/send", "mail.send", "service_messages"),
        ("sendgrid", "PUT", "/v3/marketing/contacts", "contacts.upsert", "newsletter"),
        ("segment", "POST", "/v1/batch", "batch", "product_analytics"),
        ("stripe", "POST", "/v1/customers", "customers.create", "payments"),
        ("hubspot", "POST", "/oauth/v1/token", "oauth.token", "newsletter"),
        ("salesforce", "POST", "/services/oauth2/token", "oauth.token", "support"),
    ])
    func `the captured calls find an endpoint, a route and a purpose`(
        vendor: String, method: String, target: String, endpoint: String, purpose: String
    ) throws {
        let set = try PolicyLoader.load(files: try Self.files()).set
        let id = try #require(set.vendor(named: vendor))
        let match = try set[id].matcher.match(method: method, target: Array(target.utf8))
        let first = try #require(match.endpoints.first)
        #expect(set[id].endpoints[first.position].id == endpoint)
        let caller = try #require(set.caller(named: "crm-sync"))
        let route = try #require(set.route(caller: caller, vendor: id, endpoint: first))
        #expect(route.defaultPurposes.map { set[$0].name } == [purpose])
        #expect(!route.candidates.isEmpty)
    }

    @Test func `nothing that identifies a state's citizen, a card or free text is agreed with anybody`() throws {
        let set = try PolicyLoader.load(files: try Self.files()).set
        let agreed = Set(set.agreements.flatMap { $0.purposes.flatMap { $0.fields.keys.map { set[$0].name } } })
        #expect(agreed.isDisjoint(with: ["national_id", "payment_card", "notes", "street", "message_subject", "message_body"]))
    }

    @Test func `the policy tests are well formed and there are at least twelve`() throws {
        let tests = try PolicyLoader.tests(files: try Self.files())
        #expect(tests.flatMap(\.cases).count >= 12)
        let set = try PolicyLoader.load(files: try Self.files()).set
        for test in tests.flatMap(\.cases) { #expect(set.caller(named: test.caller) != nil) }
    }

    @Test func `every policy test comes out as it expects`() throws {
        let files = try Self.files()
        let set = try PolicyLoader.load(files: files).set
        let master = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
        for test in try PolicyLoader.tests(files: files) {
            for result in PolicyTestRunner.run(test, policy: set, master: master) {
                #expect(result.failures == [], "\(result.position) \(result.name)")
            }
        }
    }
}
