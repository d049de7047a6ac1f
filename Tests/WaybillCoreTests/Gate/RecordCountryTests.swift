import Testing

@testable import WaybillCore

/// A company outside every regime, and people of whom nothing is known: only the record can say which law protects them.
@Suite struct RecordCountryTests {
    private static let edits = [
        "organisation.yaml": """
        organisation: {id: acme-eu, name: Acme, established_in: US-CA}
        approvals: files
        """,
        "catalog/fields.yaml": (GateFixture.files["catalog/fields.yaml"] ?? "") + "\n  country: {category: user.contact.address.country}",
        "vendors/mailer.yaml": GateFixture.vendor.replacing(
            "phone: phone}", with: "phone: phone, country: country, billing.country: country}"),
    ]

    private static func code(_ body: String) throws -> String {
        let policy = try GateFixture.policy(edits)
        let gate = Gate(policy: policy, subjects: Consenting(), keys: GateFixture.gate(policy).keys)
        let caller = try #require(policy.caller(named: "crm-sync"))
        do throws(Refusal) {
            let admission = try gate.admit(GateFixture.head(), caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
            guard case .send(let shipment) = try gate.judge(admission, body: Array(body.utf8), standing: Standing(), now: GateFixture.now)
            else { return "refresh" }
            return shipment.draft.regimes.joined(separator: ",")
        } catch {
            return error.code
        }
    }

    @Test(
        "two countries in one record, or one that cannot be read, are no country",
        arguments: [
            (#""country":"FR""#, "gdpr"), (#""country":"fr""#, "gdpr"), (#""billing":{"country":"FR"}"#, "gdpr"),
            ("", "jurisdiction_unknown"),
            (#""country":"FR","billing":{"country":"FR"}"#, "gdpr"), (#""country":"FR","billing":{"country":"fr"}"#, "gdpr"),
            (#""country":"FR","billing":{"country":"GB"}"#, "jurisdiction_unknown"),
            (#""country":"GB","billing":{"country":"FR"}"#, "jurisdiction_unknown"),
            (#""country":"FR","billing":{"country":"Atlantis"}"#, "jurisdiction_unknown"),
            (#""country":"Atlantis","billing":{"country":"FR"}"#, "jurisdiction_unknown"),
            (#""country":17,"billing":{"country":"FR"}"#, "jurisdiction_unknown"), (#""country":"XX""#, "jurisdiction_unknown"),
            // What says nothing contradicts nothing.
            (#""country":"","billing":{"country":"FR"}"#, "gdpr"), (#""country":null,"billing":{"country":"FR"}"#, "gdpr"),
            (#""country":" ","billing":{"country":"FR"}"#, "gdpr"), (#""country":{},"billing":{"country":"FR"}"#, "gdpr"),
        ])
    func countries(members: String, result: String) throws {
        let body = #"{"email":"anna@example.com""# + (members.isEmpty ? "" : "," + members) + "}"
        #expect(try Self.code(body) == result, "\(members)")
    }
}

/// Everybody has opted in, and nothing else is known.
private struct Consenting: SubjectLookup {
    var sequence: Int64 { 1 }

    func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding {
        let standing = ConsentStanding(purpose: "newsletter", recipient: "mailer", state: .given, notice: "n-7", hasProof: true)
        let profile = SubjectProfile(consents: [standing], kind: .consumer, countries: [])
        return .known(SubjectEntry(number: 1, salt: InlineArray(repeating: 1), profile: profile, profileNumber: 1, born: nil))
    }
}
