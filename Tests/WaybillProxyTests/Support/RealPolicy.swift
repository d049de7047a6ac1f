import Crypto
import Testing
import WaybillProxy

@testable import WaybillCore

/// A policy set in files, the real gate over it, and two people: Anna opted in, Carl withdrew.
enum RealPolicy {
    static let host = "api.mailer.example"

    static func gate(recordsPerDay: Int) throws -> Gate {
        let set: PolicySet
        do { set = try PolicyLoader.load(files: files(recordsPerDay).mapValues { Array($0.utf8) }).set } catch {
            Issue.record("\(error.all.map(\.description))")
            throw error
        }
        let keyring = Keyring(master: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        return Gate(policy: set, subjects: People(), keys: GateKeys(keyring: keyring, makeSalt: { InlineArray(repeating: 9) }))
    }

    private static func files(_ recordsPerDay: Int) -> [String: String] {
        let digest = SHA256.hash(data: Array(FakePolicy.token.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return [
            "organisation.yaml": """
            organisation: {id: acme-eu, name: Acme Europe SE, established_in: DE}
            assume: {regimes: [gdpr]}
            approvals: files
            """,
            "catalog/fields.yaml": """
            fields:
              email: {category: user.contact.email, identifies: true, canonical: email}
              first_name: {category: user.name.first}
            """,
            "catalog/purposes.yaml": """
            purposes:
              direct_marketing: {generic: true, marketing: true}
              newsletter: {narrows: [direct_marketing], dpv: DirectMarketing, personalization: 1}
            """,
            "catalog/notices.yaml": "notices: {n-7: {from: 2026-01-01, purposes: [newsletter], recipients: [mailer]}}",
            "vendors/mailer.yaml": """
            vendor: mailer
            legal_name: Mailer GmbH
            established_in: DE
            destinations: [{url: "https://\(host)", region: DE}]
            endpoints:
              - id: contacts.create
                request: POST /contacts
                body: json
                records: $
                subject: [email]
                fields: {email: email, name: first_name}
            """,
            "agreements/mailer-newsletter.yaml": """
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
                endpoints: [contacts.*]
                basis: {gdpr: consent}
                fields: {email: keep, first_name: {truncate: 1}}
                required: [email]
            regions: [DE]
            limits: {records_per_day: \(recordsPerDay)}
            terms: {art28.3: {all: "Annex 1"}}
            mode: enforce
            """,
            "callers/crm-sync.yaml": """
            caller: crm-sync
            owner: crm-team@acme.example
            credentials: [{token_sha256: "\(digest)"}]
            may_use: [{agreement: mailer-newsletter, purposes: [newsletter]}]
            default_purpose: newsletter
            on_denied_record: reject
            """,
        ]
    }

    private struct People: SubjectLookup {
        let sequence: Int64 = 41

        func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding {
            switch String(decoding: identifier.bytes, as: UTF8.self) {
            case "email:anna@example.com": .known(entry(1, .given))
            case "email:carl@example.net": .known(entry(3, .withdrawn))
            default: .unknown
            }
        }

        private func entry(_ number: UInt32, _ state: ConsentEvent.State) -> SubjectEntry {
            let standing = ConsentStanding(purpose: "newsletter", recipient: "mailer", state: state, notice: "n-7", hasProof: true)
            let profile = SubjectProfile(consents: [standing], kind: .consumer, countries: [Region("DE")].compactMap { $0 })
            return SubjectEntry(number: number, salt: InlineArray(repeating: 1), profile: profile, profileNumber: number, born: nil)
        }
    }
}
