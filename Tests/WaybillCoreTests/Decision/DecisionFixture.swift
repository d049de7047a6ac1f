/// A valid set with one vendor, one agreement of several purposes and one caller; cases change it in one place.
enum DecisionFixture {
    static let files: [String: String] = [
        "organisation.yaml": """
        organisation: {id: acme-eu, name: Acme Europe SE, established_in: DE}
        in_scope: [ccpa]
        assume: {regimes: [gdpr, us]}
        """,
        "catalog/fields.yaml": """
        fields:
          email: {category: user.contact.email, identifies: true, canonical: email}
          first_name: {category: user.name.first}
          phone: {category: user.contact.phone_number, identifies: true, canonical: phone}
          crm_id: {category: user.unique_id, identifies: true}
          national_id: {category: user.government_id, sensitive: [us]}
          health: {category: user.health_and_medical, sensitive: [gdpr9]}
          notes: {category: user.content.free_text, free_text: true}
          company: {category: organisation.name, entity: true}
        """,
        "catalog/purposes.yaml": """
        purposes:
          direct_marketing: {generic: true, marketing: true}
          newsletter: {narrows: [direct_marketing], dpv: DirectMarketing, personalization: 1}
          events: {narrows: [direct_marketing], personalization: 1}
          event_news: {narrows: [newsletter, events], personalization: 1}
          broad_news: {narrows: [direct_marketing], personalization: 1}
          analytics: {personalization: 2}
          support: {personalization: 0}
          billing: {personalization: 0}
          rescue: {personalization: 0}
          outreach: {marketing: true, personalization: 0}
        """,
        "catalog/notices.yaml": """
        notices:
          n-7: {from: 2026-01-01, purposes: [newsletter, events, event_news], recipients: [hubspot]}
          n-8: {from: 2026-01-01, purposes: [newsletter, events], recipients: [hubspot]}
          n-9: {from: 2026-01-01, purposes: [events], recipients: [hubspot]}
          n-10: {from: 2026-01-01, purposes: [newsletter]}
          n-11: {from: 2026-01-01, purposes: [direct_marketing, broad_news], recipients: [hubspot]}
        """,
        "vendors/hubspot.yaml": """
        vendor: hubspot
        legal_name: HubSpot, Inc.
        established_in: US-MA
        certifications:
          - {scheme: EU-US-DPF, covers: [non_hr], from: 2023-09-01, until: 2027-09-01}
        due_diligence: {tier: high, last: 2026-03-02, next: 2027-03-02}
        destinations:
          - {url: "https://api.hubapi.com", region: US}
        endpoints:
          - id: contacts.create
            request: POST /contacts
            body: json
            records: $
            subject: [email]
            fields: {email: email, first_name: first_name, crm: crm_id, nid: national_id, health: health, notes: notes, company: company}
          - id: contacts.optout
            request: PATCH /contacts
            body: json
            records: $
            subject: [email]
            rights: suppress
            only: {email: email, optout: {const: "true"}}
          - id: contacts.rectify
            request: PUT /contacts
            body: json
            records: $
            subject: [email]
            fields: {email: email, first_name: first_name, crm: crm_id, nid: national_id}
            rights: rectify
          - id: companies
            request: POST /companies
            body: json
            records: $
            about: organisation
            fields: {name: company}
          - id: jobs
            request: POST /jobs
            body: json
            about: none
            structure: [object]
          - id: other
            request: POST /other
            body: json
            records: $
            subject: [email]
            fields: {email: email}
        """,
        "agreements/hubspot.yaml": """
        agreement: hubspot
        version: 3
        vendor: hubspot
        effective: {from: 2026-04-01T00:00:00Z, until: 2027-04-01T00:00:00Z}
        parties:
          - {org: acme-eu, role: controller, exports: true}
          - {org: hubspot, role: processor, us_role: service_provider, imports: true}
        owner: privacy@acme.example
        subprocessors:
          - {id: aws, region: US, status: accepted}
        purposes:
          - id: newsletter
            endpoints: [contacts.*, companies, jobs]
            basis: {gdpr: consent, us: opt_out}
            us_activity: business_purpose
            fields:
              email: keep
              first_name: keep
              phone: {mask: {keep_last: 2}}
              company: keep
            required: [email]
            retain: {for: P30D, after: purpose_end}
          - id: event_news
            endpoints: [contacts.*]
            basis: {gdpr: consent, us: opt_out}
            us_activity: business_purpose
            fields: {email: keep}
          - id: broad_news
            endpoints: [contacts.*]
            basis: {gdpr: consent, us: opt_out}
            us_activity: business_purpose
            fields: {email: keep}
          - id: analytics
            endpoints: [contacts.*]
            basis: legitimate_interest
            basis_evidence: {assessment: lia-12}
            us_activity: business_purpose
            fields: {email: hash, crm_id: keep}
          - id: support
            endpoints: [contacts.*]
            basis: contract
            us_activity: business_purpose
            fields: {email: keep, first_name: keep}
            necessary: [email]
          - id: billing
            endpoints: [contacts.*]
            basis: legal_obligation
            basis_evidence: {law: "HGB 257"}
            us_activity: business_purpose
            fields: {email: keep}
          - id: rescue
            endpoints: [contacts.*]
            basis: legal_obligation
            basis_evidence: {law: "StGB 323c"}
            us_activity: business_purpose
            fields: {email: keep, first_name: keep}
          - id: outreach
            endpoints: [contacts.*]
            basis: legitimate_interest
            basis_evidence: {assessment: lia-13}
            us_activity: business_purpose
            fields: {email: keep}
        regions: [US]
        transfer:
          - {mechanism: adequacy, decision: EU-US-DPF}
          - {mechanism: scc, module: 2, signed: 2026-03-20, assessment: tia-118, onward: [aws]}
          - {mechanism: uk_addendum, signed: 2026-03-20, assessment: tra-9}
        terms:
          art28.3: {all: "2"}
          ccpa7051: {all: "Annex 4"}
        """,
        "callers/crm-sync.yaml": """
        caller: crm-sync
        owner: crm-team@acme.example
        credentials: [{token_sha256: \(String(repeating: "ab", count: 32))}]
        may_use:
          - {agreement: hubspot, purposes: [newsletter, event_news, broad_news, analytics, support, billing, rescue, outreach]}
        default_purpose: newsletter
        """,
        "callers/clerk.yaml": """
        caller: clerk
        owner: crm-team@acme.example
        credentials: [{token_sha256: \(String(repeating: "cd", count: 32))}]
        may_use:
          - {agreement: hubspot, purposes: [newsletter], endpoints: [companies]}
        """,
    ]

    // MARK: Lines about Anna, as imports bring them

    static let german = #"{"ids":["email:anna@example.com"],"kind":"consumer","countries":["DE"]}"#
    static let given = consent("given", at: "2026-05-01T00:00:00Z")

    static func consent(
        _ state: String, _ purpose: String? = "newsletter", at time: String, recipients: [String] = [], notice: String? = "n-7",
        proof: Bool = true, more: String = ""
    ) -> String {
        let purpose = purpose.map { #","purpose":"\#($0)""# } ?? ""
        let notice = notice.map { #","notice":"\#($0)""# } ?? ""
        let recipients = recipients.map { #""\#($0)""# }.joined(separator: ",")
        let proof = proof ? #","proof":"web-form""# : ""
        let head = #"{"subject":"email:anna@example.com","state":"\#(state)","event_time":"\#(time)","recipients":[\#(recipients)]"#
        return head + purpose + notice + proof + more + "}"
    }

    static func facts(_ members: String) -> String { #"{"ids":["email:anna@example.com"],\#(members)}"# }
}
