import WaybillCore

/// What many generated transfers have in common.
struct Variety {
    let terms: TransferDraft.SharedTerms
    /// The same for one record.
    let single: TransferDraft.SharedTerms
    /// The same, refused for want of consent.
    let denied: TransferDraft.SharedTerms
    let records: Int

    private struct Vendor {
        var id: String
        var host: String
        var region: String
        var agreement: String
        var purpose: String
        var fields: [String]
        var mechanism: String?
    }

    private static let vendors = [
        Vendor(
            id: "mailer", host: "api.mailer.example", region: "DE", agreement: "mailer-newsletter", purpose: "newsletter",
            fields: ["email", "first_name"], mechanism: nil),
        Vendor(
            id: "hubspot", host: "api.hubapi.com", region: "US", agreement: "hubspot-newsletter", purpose: "newsletter",
            fields: ["email", "first_name", "last_name"], mechanism: "adequacy:EU-US-DPF"),
        Vendor(
            id: "mailchimp", host: "us1.api.mailchimp.com", region: "US", agreement: "mailchimp-campaigns", purpose: "direct_marketing",
            fields: ["email"], mechanism: "scc:2021/914"),
        Vendor(
            id: "zendesk", host: "acme.zendesk.com", region: "IE", agreement: "zendesk-support", purpose: "support",
            fields: ["email", "first_name", "phone"], mechanism: nil),
        Vendor(
            id: "adsdata", host: "ads.example.net", region: "US", agreement: "adsdata-audiences", purpose: "profiling",
            fields: ["email"], mechanism: "scc:2021/914"),
    ]

    static let all: [Variety] = vendors.flatMap { vendor in
        ["crm-sync", "erp", "shop"].flatMap { caller in
            // Mostly one record, now and then several; agreements and reductions vary.
            [1, 1, 1, 1, 1, 1, 1, 3].enumerated().map { i, records in
                Variety(
                    terms: terms(vendor, caller, version: 1 + i % 2, records: records, reduced: i % 3 != 0),
                    single: terms(vendor, caller, version: 1 + i % 2, records: 1, reduced: i % 3 != 0),
                    denied: terms(vendor, caller, version: 1 + i % 2, records: records, reduced: true, denied: true), records: records)
            }
        }
    }

    private static func terms(
        _ vendor: Vendor, _ caller: String, version: Int, records: Int, reduced: Bool, denied: Bool = false
    ) -> TransferDraft.SharedTerms {
        let codes: [ReasonCode] = denied ? [.consentMissing] : reduced ? [.fieldNotAgreed] : []
        return TransferDraft.SharedTerms(
            DraftTerms(
                caller: caller, vendor: vendor.id, destination: vendor.host, region: vendor.region, method: "POST",
                endpoint: "contacts.create", route: "/v1/contacts", purposes: [vendor.purpose], regimes: ["gdpr"], bases: ["consent"],
                mechanisms: vendor.mechanism.map { [$0] } ?? [],
                agreements: [(vendor.agreement, version, "5f70bf18a086007016e948b04aed3b82")],
                policyDigest: "9c56cc51b374c3ba189210d5b6d4bf57", fields: denied ? [] : vendor.fields,
                droppedFields: denied ? vendor.fields : reduced ? ["birth_date"] : [],
                codes: Dictionary(uniqueKeysWithValues: codes.map { ($0, records) }), recordCount: records,
                deniedCount: denied ? records : 0,
                lines: (0..<records).map { i in
                    .init(
                        index: i, decision: denied ? .deny : reduced ? .allowRedacted : .allow, codes: codes, basis: "consent",
                        fields: denied ? [] : vendor.fields, subjects: denied ? [] : [i])
                }))
    }
}
