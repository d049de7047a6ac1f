import Crypto
import Foundation
import WaybillCore

/// Bodies of contacts, JSON and a form: scan, drop two members, mask two, prove; beside Foundation doing the dropping alone.
enum ScannerBenchmark {
    static func contact(_ i: Int) -> String {
        """
        {"id":"\(100_000 + i)","properties":{"email":"anna.kowalska\(i)@example.com","firstname":"Anna","lastname":"Kowalska","phone":\
        "+48601\(234_567 + i)","date_of_birth":"1984-03-07","ssn":"536-90-4399","notes":"Prefers mail; call her in the afternoon, after \
        the children are back from school. Has asked twice about the \\"silver\\" plan.","address":"ul. Długa 1/2","city":"Kraków","zip":\
        "30-001","country":"PL","company":"Kowalska i Wspólnicy Sp. z o.o.","jobtitle":"Head of Purchasing","lifecyclestage":"customer",\
        "hs_lead_status":"IN_PROGRESS","annualrevenue":1250000.50,"numemployees":42,"website":"https://kowalska.example.com/pl/kontakt",\
        "createdate":"2026-05-01T12:30:45.123Z","lastmodifieddate":"2026-05-20T08:00:00Z","hs_language":"pl","newsletter_opt_in":true,\
        "score":17.25,"owner":null},"associations":[{"to":{"id":"88\(i)"},"types":[{"associationCategory":"HUBSPOT_DEFINED",\
        "associationTypeId":1}]}]}
        """
    }

    /// A customer as a payment vendor's SDK writes one.
    static let form = """
        email=anna.kowalska%40example.com&name=Anna+Kowalska&phone=%2B48601234567&description=Prefers+mail%3B+call+her+in+the+afternoon\
        &address[line1]=ul.+D%C5%82uga+1%2F2&address[city]=Krak%C3%B3w&address[postal_code]=30-001&address[country]=PL\
        &shipping[name]=Anna+Kowalska&shipping[address][line1]=ul.+D%C5%82uga+1%2F2&shipping[address][city]=Krak%C3%B3w\
        &metadata[ssn]=536-90-4399&metadata[crm_id]=c-1&metadata[born]=1984-03-07&metadata[plan]=silver&metadata[stage]=customer\
        &preferred_locales[0]=pl&preferred_locales[1]=en&tax_exempt=none&invoice_settings[footer]=Thank+you&balance=0&expand[]=sources
        """

    static let kept = [
        "firstname", "lastname", "address", "city", "zip", "country", "company", "jobtitle", "lifecyclestage", "hs_lead_status",
        "annualrevenue", "numemployees", "website", "createdate", "lastmodifieddate", "hs_language", "newsletter_opt_in", "score", "owner",
    ]

    private static let payments = """
        vendor: payments
        legal_name: Payments, Inc.
        established_in: US-CA
        destinations: [{url: "https://api.payments.example", region: US}]
        endpoints:
          - id: form
            request: POST /form
            body: form
            records: $
            subject: [email]
            fields: {email: email, name: profile, phone: phone, address.line1: profile, address.city: profile,
              address.postal_code: profile, address.country: profile, shipping.name: profile, shipping.address.line1: profile,
              shipping.address.city: profile, metadata.born: birth_date, metadata.crm_id: profile, metadata.plan: profile,
              metadata.stage: profile}
            structure: ["preferred_locales[*]", tax_exempt, invoice_settings.footer, balance, "expand[*]"]
        """

    /// Three endpoints: one contact, a list of them, and a form.
    static func policy() throws -> PolicySet {
        let fields =
            "{properties.email: email, properties.phone: phone, properties.date_of_birth: birth_date, "
            + kept.map { "properties.\($0): profile" }.joined(separator: ", ") + "}"
        let files = [
            "organisation.yaml": "organisation: {id: acme, name: Acme, established_in: DE}\nassume: {regimes: [gdpr]}\napprovals: files",
            "catalog/fields.yaml": """
            fields:
              email: {category: user.contact.email, identifies: true, canonical: email}
              phone: {category: user.contact.phone_number}
              birth_date: {category: user.demographic.date_of_birth}
              profile: {category: user.content}
            """,
            "catalog/purposes.yaml": "purposes:\n  support: {dpv: CustomerCare, data_use: essential.service, personalization: 0}",
            "vendors/hubspot.yaml": """
            vendor: hubspot
            legal_name: HubSpot, Inc.
            established_in: US-MA
            certifications: [{scheme: EU-US-DPF, covers: [non_hr], from: 2023-09-01, until: 2027-09-01}]
            destinations: [{url: "https://api.hubapi.com", region: US}]
            endpoints:
              - id: one
                request: POST /one
                body: json
                records: $
                subject: [properties.email]
                fields: \(fields)
                structure: [id, associations.**]
              - id: many
                request: POST /many
                body: json
                records: $.inputs[*]
                subject: [properties.email]
                fields: \(fields)
                structure: [id, associations.**]
            """,
            "vendors/payments.yaml": payments,
            "agreements/support.yaml": """
            agreement: support
            version: 1
            vendor: hubspot
            effective: {from: 2026-01-01T00:00:00Z, until: open}
            parties:
              - {org: acme, role: controller, exports: true}
              - {org: hubspot, role: processor, imports: true}
            owner: privacy@acme.example
            purposes:
              - id: support
                endpoints: ["*"]
                basis: contract
                fields: {email: keep, profile: keep, phone: {mask: {keep_last: 2}}, birth_date: {mask: {keep_first: 4}}}
                necessary: [email, profile, phone, birth_date]
                retain: {for: P30D, after: transfer}
            regions: [US]
            transfer: [{mechanism: adequacy, decision: EU-US-DPF}]
            terms: {art28.3: {all: "Annex 1"}}
            mode: enforce
            """,
        ]
        do {
            return try PolicyLoader.load(files: files.mapValues { Array($0.utf8) }).set
        } catch {
            print(error)
            throw error
        }
    }

    /// The whole body passes.
    static var anything: BodyShape {
        BodyShape(
            BodyShape.Source(
                format: .json, records: nil, slots: [], shared: [],
                structure: [StructurePath(path: BodyPath(steps: []), subtree: true)], envelope: [], only: [], identifying: []))
    }

    static func groups() throws -> [BenchmarkGroup] {
        let policy = try policy()
        guard let vendor = policy.vendor(named: "hubspot") else { return [] }
        guard let formVendor = policy.vendor(named: "payments") else { return [] }
        let endpoints = policy[vendor].endpoints
        let one = Array(contact(1).utf8)
        let count = 1_000_000 / one.count
        let many = Array("{\"inputs\":[\((0..<count).map(contact).joined(separator: ","))]}".utf8)
        let long = "\"" + String(repeating: "Lorem ipsum dolor sit amet, ", count: 90) + "\""
        let text = Array("[\((0..<400).map { _ in long }.joined(separator: ","))]".utf8)
        return [
            group("JSON scanner, one contact, \(one.count) bytes", one, endpoints[0].shape, policy),
            group("JSON scanner, \(count) contacts, \(many.count) bytes", many, endpoints[1].shape, policy),
            group("form scanner, one customer, \(form.utf8.count) bytes", Array(form.utf8), policy[formVendor].endpoints[0].shape, policy),
            BenchmarkGroup(title: "JSON scanner, long strings, \(text.count) bytes", benchmarks: [scan(text, anything)]),
        ]
    }

    private static func scan(_ body: [UInt8], _ shape: BodyShape) -> Benchmark {
        Benchmark(name: "scan", work: .bytes(body.count)) { try shape.scan(body, limits: BodyLimits()).records.count }
    }

    private static func group(_ title: String, _ body: [UInt8], _ shape: BodyShape, _ policy: PolicySet) -> BenchmarkGroup {
        let agreed = policy.agreements[0].purposes[0].fields
        let plan = FieldPlan(
            actions: policy.fields.indices.map { i in agreed[FieldID(i)].map { .apply($0.operatorID) } ?? .drop(.fieldNotAgreed) })
        let keys = Keyring(master: SymmetricKey(size: .bits256))
        let (hashing, pseudonyms) = (keys.hashing, keys.pseudonyms(vendor: "hubspot"))
        func reduce(proving: Bool) throws -> Int {
            let scanned = try shape.scan(body, limits: BodyLimits())
            let actions = Array(repeating: RecordAction.write([plan]), count: scanned.records.count)
            let reduced = try shape.reduce(
                body, scanned: scanned, actions: actions, shared: plan, operators: policy.operators,
                context: { RedactionContext(field: policy[$0], hashing: hashing, pseudonyms: pseudonyms) }, reporting: false)
            if proving {
                try shape.prove(
                    reduced.bytes, of: scanned, actions: actions, shared: plan, operators: policy.operators, limits: BodyLimits())
            }
            return reduced.bytes.count
        }
        let ours = [
            scan(body, shape),
            Benchmark(name: "scan, reduce", work: .bytes(body.count)) { try reduce(proving: false) },
            Benchmark(name: "scan, reduce, prove", work: .bytes(body.count)) { try reduce(proving: true) },
        ]
        return BenchmarkGroup(title: title, benchmarks: ours + (body.first == UInt8(ascii: "{") ? jsonPeers(body) : formPeers(body)))
    }

    private static func jsonPeers(_ body: [UInt8]) -> [Benchmark] {
        [
            Benchmark(name: "peer: JSONSerialization, parse", work: .bytes(body.count)) {
                try (JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])?.count ?? 0
            },
            Benchmark(name: "peer: JSONSerialization, parse, drop, write", work: .bytes(body.count)) { try foundationReduce(body) },
        ]
    }

    private static func formPeers(_ body: [UInt8]) -> [Benchmark] {
        [
            Benchmark(name: "peer: URLComponents, parse, drop, write", work: .bytes(body.count)) {
                var components = URLComponents()
                components.percentEncodedQuery = String(decoding: body, as: UTF8.self).replacing("[", with: "%5B").replacing(
                    "]", with: "%5D")
                components.queryItems?.removeAll { ["metadata[ssn]", "description"].contains($0.name) }
                return components.percentEncodedQuery?.utf8.count ?? 0
            }
        ]
    }

    private static func foundationReduce(_ body: [UInt8]) throws -> Int {
        guard var root = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else { return 0 }
        func reduced(_ contact: [String: Any]) -> [String: Any] {
            var contact = contact
            var properties = contact["properties"] as? [String: Any] ?? [:]
            properties["ssn"] = nil
            properties["notes"] = nil
            contact["properties"] = properties
            return contact
        }
        if let inputs = root["inputs"] as? [[String: Any]] { root["inputs"] = inputs.map(reduced) } else { root = reduced(root) }
        return try JSONSerialization.data(withJSONObject: root).count
    }
}
