import Crypto
import Testing

@testable import WaybillCore

/// One small policy set and a handful of people, for the pipeline's tests.
enum GateFixture {
    static let now = Timestamp(seconds: 1_780_315_200)  // 2026-06-01T12:00:00Z

    static let files: [String: String] = [
        "organisation.yaml": """
        organisation: {id: acme-eu, name: Acme Europe SE, established_in: DE}
        assume: {regimes: [gdpr]}
        approvals: files
        """,
        "catalog/fields.yaml": """
        fields:
          email: {category: user.contact.email, identifies: true, canonical: email}
          first_name: {category: user.name.first}
          phone: {category: user.contact.phone_number, identifies: true, canonical: phone}
          crm_id: {category: user.unique_id, identifies: true}
          national_id: {category: user.government_id}
          company: {category: organisation.name, entity: true}
        """,
        "catalog/purposes.yaml": """
        purposes:
          direct_marketing: {generic: true, marketing: true}
          newsletter: {narrows: [direct_marketing], dpv: DirectMarketing, personalization: 1}
        """,
        "catalog/notices.yaml": """
        notices: {n-7: {from: 2026-01-01, purposes: [newsletter], recipients: [mailer]}}
        """,
        "vendors/mailer.yaml": vendor,
        "agreements/mailer-newsletter.yaml": agreement,
        "callers/crm-sync.yaml": caller(onDenied: "reject"),
    ]

    static let vendor = """
        vendor: mailer
        legal_name: Mailer GmbH
        established_in: DE
        destinations: [{url: "https://api.mailer.example", region: DE}]
        endpoints:
          - id: contacts.create
            request: POST /contacts
            body: json
            records: $
            subject: [email]
            fields: {email: email, name: first_name, phone: phone}
            structure: [source]
          - id: contacts.batch
            request: POST /contacts/batch
            body: json
            records: $.inputs[*]
            envelope: [$.mode]
            shared: {$.sender: first_name}
            subject: [email]
            fields: {email: email, name: first_name}
          - id: contacts.member
            request: PUT /contacts/{key}
            path_fields: {key: {field: crm_id, encoding: plain}}
            body: json
            records: $
            subject: [email]
            fields: {email: email, name: first_name}
          - id: referrals
            request: POST /referrals
            body: json
            records: $
            people:
              - {as: customer, subject: [email], fields: {email: email}}
              - {as: friend, subject: [friend.email], fields: {friend.email: email}, if_denied: drop}
          - id: contacts.list
            request: GET /contacts
            query: {allow: [limit]}
            body: none
            about: none
        """

    static let agreement = """
        agreement: mailer-newsletter
        version: 1
        vendor: mailer
        effective: {from: 2026-04-01T00:00:00Z, until: 2027-04-01T00:00:00Z}
        parties:
          - {org: acme-eu, role: controller, exports: true}
          - {org: mailer, role: processor, imports: true}
        owner: privacy@acme.example
        purposes:
          - id: newsletter
            endpoints: [contacts.*, referrals]
            basis: {gdpr: consent}
            fields: {email: keep, first_name: {truncate: 1}, crm_id: keep}
            required: [email]
        regions: [DE]
        limits: {records_per_day: 3}
        terms: {art28.3: {all: "Annex 1"}}
        mode: enforce
        """

    static func caller(onDenied: String) -> String {
        """
        caller: crm-sync
        owner: crm-team@acme.example
        credentials: [{token_sha256: "\(String(repeating: "ab", count: 32))"}]
        may_use: [{agreement: mailer-newsletter, purposes: [newsletter]}]
        default_purpose: newsletter
        on_denied_record: \(onDenied)
        """
    }

    /// The base set with some files replaced.
    static func policy(_ edits: [String: String] = [:]) throws -> PolicySet {
        let texts = files.merging(edits) { $1 }
        do { return try PolicyLoader.load(files: texts.mapValues { Array($0.utf8) }).set } catch {
            Issue.record("\(error.all.map(\.description))")
            throw error
        }
    }

    static func gate(_ policy: PolicySet, people: People = People()) -> Gate {
        let keyring = Keyring(master: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        return Gate(policy: policy, subjects: people, keys: GateKeys(keyring: keyring, makeSalt: { InlineArray(repeating: 9) }))
    }

    static func head(_ method: String = "POST", _ target: String = "/contacts", vendor: String = "mailer") -> RequestHead {
        RequestHead(
            vendor: vendor, host: nil, method: method, target: Array(target.utf8), contentType: method == "GET" ? nil : "application/json",
            contentEncoding: nil, purpose: nil, hasBody: method != "GET")
    }
}

/// Anna and Bruno opted in; Carl withdrew; Dora is stale; anyone else is unknown.
struct People: SubjectLookup {
    var sequence: Int64 { 41 }

    func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding {
        switch String(decoding: identifier.bytes, as: UTF8.self) {
        case "email:anna@example.com": .known(entry(1, .given))
        case "email:bruno@example.org": .known(entry(2, .given))
        case "email:carl@example.net": .known(entry(3, .withdrawn))
        case "email:dora@example.com": .stale
        case "crm:17": .known(entry(1, .given))
        default: .unknown
        }
    }

    private func entry(_ number: UInt32, _ state: ConsentEvent.State) -> SubjectEntry {
        let standing = ConsentStanding(purpose: "newsletter", recipient: "mailer", state: state, notice: "n-7", hasProof: true)
        let profile = SubjectProfile(consents: [standing], kind: .consumer, countries: [Region("DE")].compactMap { $0 })
        return SubjectEntry(number: number, salt: InlineArray(repeating: 1), profile: profile, profileNumber: number, born: nil)
    }
}
