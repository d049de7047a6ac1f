import Crypto
import FoundationEssentials
import WaybillCore

/// The files of a new installation: a small policy set that loads, passes its tests, and shows each kind of file once.
struct Skeleton {
    var organisation: String
    var id: String
    var country: String
    var token: String
    var today: Day

    /// Path → content, in the order to write them.
    var files: [(String, String)] {
        [
            ("waybill.yaml", configuration), (".gitignore", "/var/\n"), ("certs/README.md", certificates),
            ("policies/organisation.yaml", organisationFile), ("policies/catalog/fields.yaml", fields),
            ("policies/catalog/purposes.yaml", purposes), ("policies/catalog/notices.yaml", notices),
            ("policies/vendors/mailer.yaml", vendor), ("policies/agreements/mailer-newsletter.yaml", agreement),
            ("policies/callers/crm.yaml", caller), ("policies/tests/mailer-newsletter.yaml", tests),
        ]
    }

    private var digest: String {
        SHA256.hash(data: Data(token.utf8)).map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined()
    }
    private func day(after days: Int32) -> String { Day(number: today.number + days).iso8601 }

    private var configuration: String {
        """
        # Paths are relative to this file. Every key: docs/reference/configuration.md
        listen: {gate: 127.0.0.1:8080, proxy: 127.0.0.1:8888, control: 127.0.0.1:8081}
        store: sqlite:var/waybill.db
        policies: policies
        keys: var/keys

        """
    }

    private var certificates: String {
        """
        # Certificates

        Here go listener certificates, client CAs, and vendors' trust anchors. The interception CA is made by Waybill and kept in
        `var/keys`; `waybill ca show` prints its certificate. Never put a private key in Git.

        """
    }

    private var organisationFile: String {
        """
        organisation: {id: \(id), name: "\(organisation)", established_in: \(country)}
        assume: {regimes: [gdpr]}             # for a subject whose country is unknown
        approvals: files                      # what is in Git counts as approved

        """
    }

    private var fields: String {
        """
        fields:
          email:      {category: user.contact.email, identifies: true, canonical: email}
          first_name: {category: user.name.first}
          phone:      {category: user.contact.phone_number, identifies: true, canonical: phone}

        """
    }

    private var purposes: String {
        """
        purposes:
          direct_marketing: {generic: true, marketing: true}
          newsletter:       {narrows: [direct_marketing], dpv: DirectMarketing, personalization: 1}

        """
    }

    private var notices: String {
        """
        notices:
          n-1: {from: \(day(after: -30)), purposes: [newsletter], recipients: [mailer]}

        """
    }

    private var vendor: String {
        """
        # An example to replace: a vendor, and how its API carries records.
        vendor: mailer
        legal_name: Example Mailer GmbH
        established_in: \(country)
        contacts: {privacy: privacy@mailer.example}
        destinations: [{url: "https://api.mailer.example", region: \(country)}]
        endpoints:
          - id: contacts.create
            request: POST /v1/contacts
            body: json
            records: $
            subject: [email]
            fields: {email: email, first_name: first_name, phone: phone}

        """
    }

    private var agreement: String {
        """
        agreement: mailer-newsletter
        version: 1
        vendor: mailer
        effective: {from: \(day(after: 0))T00:00:00Z, until: \(day(after: 365))T00:00:00Z}
        parties:
          - {org: \(id), role: controller, exports: true}
          - {org: mailer, role: processor, imports: true}
        owner: privacy@\(id).example
        review: {every: P12M, next: \(day(after: 330))}
        purposes:
          - id: newsletter
            endpoints: [contacts.*]
            basis: {gdpr: consent, uk_gdpr: consent, fadp: consent, us: opt_out}
            us_activity: business_purpose
            fields:                             # everything not listed is dropped
              email: keep
              first_name: keep
            required: [email]
            retain: {for: P30D, after: purpose_end}
        regions: [\(country)]
        terms: {art28.3: {all: "Data processing agreement, Annex 1"}}

        """
    }

    private var caller: String {
        """
        caller: crm
        owner: crm-team@\(id).example
        credentials: [{token_sha256: "\(digest)"}]
        may_use: [{agreement: mailer-newsletter, purposes: [newsletter]}]
        default_purpose: newsletter

        """
    }

    private var tests: String {
        """
        at: \(day(after: 30))T12:00:00Z
        consents:
          - {subject: "email:anna@example.com", purpose: newsletter, state: given, recipients: [mailer],
             event_time: \(day(after: 1))T00:00:00Z, notice: n-1, proof: web-form}
        subjects: [{ids: ["email:anna@example.com"], countries: [\(country)]}]
        cases:
          - name: an opted-in contact is sent without her phone number
            caller: crm
            request: {method: POST, url: "https://api.mailer.example/v1/contacts",
                      json: {email: anna@example.com, first_name: Anna, phone: "+4930123456"}}
            expect: {decision: allow_redacted, sent: {email: anna@example.com, first_name: Anna}, dropped: [phone]}
          - name: after she withdrew, nothing leaves
            caller: crm
            given: [{subject: "email:anna@example.com", purpose: newsletter, state: withdrawn, event_time: \(day(after: 29))T00:00:00Z}]
            request: {method: POST, url: "https://api.mailer.example/v1/contacts",
                      json: {email: anna@example.com, first_name: Anna}}
            expect: {decision: deny, primary: consent_withdrawn}

        """
    }
}
