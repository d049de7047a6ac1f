import Testing

@testable import WaybillCore

@Suite struct PolicyLoaderTests {
    @Test func `a valid set compiles to tables, names and routes`() throws {
        let (set, warnings) = try PolicyFixture.load(PolicyFixture.files)
        #expect(warnings == [])
        let vendor = try #require(set.vendor(named: "hubspot"))
        let caller = try #require(set.caller(tokenSHA256: Array(repeating: 0xAB, count: 32)))
        #expect(set[caller].id == "crm-sync")
        let newsletter = try #require(set.purpose(named: "newsletter"))
        let route = try #require(set.route(caller: caller, vendor: vendor, endpoint: EndpointID(0)))
        #expect(route.candidates == [Route.Candidate(agreement: AgreementID(0), term: 0, purpose: newsletter)])
        #expect(route.defaultPurposes == [newsletter])
        let agreement = set.agreements[0]
        #expect(agreement.purposes[0].basis == [.gdpr: .consent, .ukGDPR: .consent, .fadp: .consent, .us: .optOut])
        #expect(agreement.transfer.map(\.regimes) == [[.gdpr], [.gdpr]])
        #expect(set.fields.map(\.identifierScheme) == ["email", nil, "phone", "crm", nil, nil, nil])
        #expect(set.purposes[Int(newsletter.rawValue)].marketing, "what narrows marketing is marketing")
        #expect(set.facts.eea.contains("NO"))
        #expect(set.digest.count == 64)
    }
}
