import Testing
import WaybillCore

/// A small valid set that tests break in one place at a time.
enum PolicyFixture {
    static let token = String(repeating: "ab", count: 32)

    static let files: [String: String] = [
        "organisation.yaml": """
        organisation: {id: acme-eu, name: Acme Europe SE, established_in: DE}
        in_scope: [ccpa]
        assume: {regimes: [gdpr, us]}
        approvals: files
        """,
        "catalog/fields.yaml": """
        fields:
          email: {category: user.contact.email, identifies: true, canonical: email}
          first_name: {category: user.name.first}
          phone: {category: user.contact.phone_number, identifies: true, canonical: phone}
          crm_id: {category: user.unique_id, identifies: true}
          health: {category: user.health_and_medical, sensitive: [gdpr9, us]}
          notes: {category: user.content.free_text, free_text: true}
          company: {category: organisation.name, entity: true}
        """,
        "catalog/purposes.yaml": """
        purposes:
          direct_marketing: {generic: true, marketing: true}
          advertising: {generic: true, marketing: true}
          newsletter: {narrows: [direct_marketing], dpv: DirectMarketing, personalization: 1}
          personal_ads: {narrows: [advertising, direct_marketing], tcf: [3, 4]}
          support: {dpv: CustomerCare, personalization: 0}
        """,
        "catalog/notices.yaml": """
        notices:
          n-7: {from: 2026-01-01, purposes: [newsletter, personal_ads], recipients: [hubspot]}
        """,
        "vendors/hubspot.yaml": """
        vendor: hubspot
        legal_name: HubSpot, Inc.
        established_in: US-MA
        certifications: [{scheme: EU-US-DPF, covers: [non_hr], from: 2023-09-01, until: 2027-09-01}]
        destinations:
          - {url: "https://api.hubapi.com", region: US}
        credentials: {header: Authorization, value: "Bearer ${secret:hubspot_token}"}
        headers: {allow: [X-HubSpot-Trace]}
        endpoints:
          - id: contacts.create
            request: POST /crm/v3/objects/contacts
            body: json
            records: $
            subject: [properties.email]
            fields: {properties.email: email, properties.firstname: first_name}
            structure: [id]
          - id: contacts.read
            request: GET /crm/v3/objects/contacts/{id}
            body: none
            about: none
            query: {allow: [limit]}
        """,
        "agreements/newsletter.yaml": """
        agreement: hubspot-newsletter
        version: 3
        vendor: hubspot
        effective: {from: 2026-04-01T00:00:00Z, until: 2027-04-01T00:00:00Z}
        parties:
          - {org: acme-eu, role: controller, exports: true}
          - {org: hubspot, role: processor, us_role: service_provider, imports: true}
        owner: privacy@acme.example
        purposes:
          - id: newsletter
            endpoints: [contacts.*]
            basis: {gdpr: consent, us: opt_out}
            us_activity: business_purpose
            fields:
              email: keep
              phone: {mask: {keep_last: 2}}
            required: [email]
            retain: {for: P30D, after: purpose_end}
        regions: [US]
        transfer:
          - {mechanism: adequacy, decision: EU-US-DPF}
          - {mechanism: scc, module: 2, signed: 2026-03-20, assessment: tia-118}
        terms: {art28.3: {all: "§2"}, ccpa7051: {all: "Annex 4"}}
        mode: enforce
        """,
        "callers/crm-sync.yaml": """
        caller: crm-sync
        owner: crm-team@acme.example
        credentials: [{token_sha256: \(token)}]
        may_use:
          - {agreement: hubspot-newsletter, purposes: [newsletter]}
        default_purpose: newsletter
        """,
    ]

    static func load(_ files: [String: String]) throws -> (set: PolicySet, warnings: [PolicyProblem]) {
        try PolicyLoader.load(files: files.mapValues { Array($0.utf8) })
    }
}

/// One change to the base set.
enum Edit: Sendable {
    /// Replaces the one occurrence of the first text by the second.
    case replace(String, String, in: String)
    case write(String, to: String)
    case remove(String)

    func apply(to files: inout [String: String]) throws {
        switch self {
        case .replace(let old, let new, let path):
            let text = try #require(files[path])
            #expect(text.ranges(of: old).count == 1, "`\(old)` must stand once in \(path)")
            files[path] = text.replacing(old, with: new)
        case .write(let text, let path): files[path] = text
        case .remove(let path): files[path] = nil
        }
    }
}
