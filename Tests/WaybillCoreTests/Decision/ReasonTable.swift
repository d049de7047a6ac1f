@testable import WaybillCore

private typealias F = DecisionFixture
private let agreement = "agreements/hubspot.yaml"
private let organisation = "organisation.yaml"
private let vendor = "vendors/hubspot.yaml"

/// A code, and the situation that produces it as `primary`.
struct ReasonCase: Sendable {
    var code: ReasonCode
    var example: DecisionCase

    init(
        _ code: ReasonCode, edits: [Edit] = [], lines: [String] = [F.german, F.given], caller: String = "crm-sync",
        endpoint: String = "contacts.create", purposes: [String] = [], present: [String] = ["email", "first_name"],
        now: String = "2026-06-01T12:00:00Z", _ adjust: @escaping @Sendable (inout DecisionInput) -> Void = { _ in }
    ) {
        self.code = code
        example = DecisionCase(
            name: code.rawValue, edits: edits, lines: lines, caller: caller, endpoint: endpoint, purposes: purposes, present: present,
            now: now,
            adjust: adjust)
    }
}

/// Codes that a decision cannot give yet, each with the reason.
let notReachable: [(code: ReasonCode, why: String)] = [
    (.requestMalformed, "the HTTP codec and the path matcher refuse such a request before there is a record to decide"),
    (.fieldUnclassified, "the scanner finds members that no field describes; a decision sees fields only"),
    (.assessmentMissing, "lint refuses a set in which a basis lacks its assessment or law; checked below on a set altered after loading"),
]

enum ReasonTable {
    static let all =
        integrity + callerAndVendor + agreements + purposes + stops + consents + conditions + unitedStates + leaving + fieldsAndLimits

    static let integrity: [ReasonCase] = [
        ReasonCase(.endpointUnknown) { $0.endpoint = EndpointID(99) },
        ReasonCase(.recordSchemaUnknown) { $0.subject.present.append(FieldID(999)) },
        ReasonCase(.subjectUnresolved) { $0.subject.resolved = false },
        ReasonCase(.jurisdictionUnknown, edits: [.replace("assume: {regimes: [gdpr, us]}", "", in: organisation)], lines: [F.given]),
        ReasonCase(.policyUnavailable) { $0.policy = .empty(like: $0.policy) },
        ReasonCase(.consentStoreUnavailable) { $0.subject.storeAvailable = false },
        ReasonCase(.logUnavailable) { $0.standing.logAvailable = false },
        ReasonCase(.clockUntrusted) { $0.standing.clockTrusted = false },
    ]

    static let callerAndVendor: [ReasonCase] = [
        ReasonCase(.callerUnauthenticated) { $0.caller = CallerID(99) },
        ReasonCase(.callerNotPermitted, caller: "clerk"),
        ReasonCase(.vendorUnknown) { $0.vendor = VendorID(99) },
        ReasonCase(.vendorNotApproved) { $0.standing.vendorsNotApproved = ["hubspot"] },
        ReasonCase(.vendorSuspended) { $0.standing.vendorsSuspended = ["hubspot"] },
        ReasonCase(.vendorBreachHold) { $0.standing.vendorsOnBreachHold = ["hubspot"] },
        ReasonCase(.dueDiligenceExpired, edits: [.replace("next: 2027-03-02", "next: 2026-06-01T12:00:00Z", in: vendor)]),
        ReasonCase(.destinationNotRegistered) { $0.destination.port = 8443 },
        ReasonCase(.subprocessorNotApproved, edits: [.replace("status: accepted", "status: objected", in: agreement)]),
        ReasonCase(.deletionProofOverdue) { $0.standing.proofs = ["hubspot": .suspended] },
    ]

    static let agreements: [ReasonCase] = [
        ReasonCase(.agreementMissing, endpoint: "other"),
        ReasonCase(.agreementDraft, edits: [.replace("in_scope: [ccpa]", "in_scope: [ccpa]\napprovals: required", in: organisation)]),
        ReasonCase(.agreementInReview) { $0.standing.agreements = ["hubspot@3": .inReview] },
        ReasonCase(.agreementNotYetEffective, edits: [.replace("from: 2026-04-01T00:00:00Z", "from: 2026-06-02", in: agreement)]),
        ReasonCase(.agreementSuspended) { $0.standing.agreements = ["hubspot@3": .suspended] },
        ReasonCase(.agreementExpired, edits: [.replace("until: 2027-04-01T00:00:00Z", "until: 2026-06-01T12:00:00Z", in: agreement)]),
        ReasonCase(.agreementTerminated) { $0.standing.agreements = ["hubspot@3": .terminated] },
        ReasonCase(.agreementSuperseded) { $0.standing.agreements = ["hubspot@3": .superseded] },
        // Lint asks for the terms of regimes that bind the organisation; this one binds through where the subject lives.
        ReasonCase(
            .agreementTermsIncomplete,
            edits: [
                .replace("established_in: DE", "established_in: US", in: organisation),
                .replace("assume: {regimes: [gdpr, us]}", "assume: {regimes: [us]}", in: organisation),
                .replace("  art28.3: {all: \"2\"}\n", "", in: agreement),
            ]),
        ReasonCase(.roleMismatch, edits: [.replace("role: processor", "role: subprocessor", in: agreement)]),
    ]

    static let purposes: [ReasonCase] = [
        ReasonCase(.purposeMissing, edits: [.replace("default_purpose: newsletter", "", in: "callers/crm-sync.yaml")]),
        ReasonCase(.purposeUnknown) { $0.unknownPurpose = true },
        ReasonCase(.purposeTooGeneric, purposes: ["direct_marketing"]),
        ReasonCase(.purposeNotCovered, purposes: ["events"]),
    ]

    static let stops: [ReasonCase] = [
        ReasonCase(.subjectErased) { $0.subject.entry?.profile.erased = true },
        ReasonCase(.processingRestricted, lines: [F.facts(#""countries":["DE"],"restricted":true"#), F.given]),
        ReasonCase(
            .objectionActive,
            lines: [F.facts(#""countries":["DE"],"preference":3,"objections":[{"scope":"all","at":"2026-05-01T00:00:00Z"}]"#)],
            purposes: ["analytics"]),
        ReasonCase(
            .directMarketingObjection,
            lines: [F.facts(#""countries":["DE"],"objections":[{"scope":"direct_marketing","at":"2026-05-02T00:00:00Z"}]"#), F.given]),
    ]

    static let consents: [ReasonCase] = [
        ReasonCase(.consentMissing, lines: [F.german]),
        ReasonCase(.consentUnknown, lines: [F.german, F.consent("unknown", at: "2026-05-01T00:00:00Z")]),
        ReasonCase(.consentPending, lines: [F.german, F.consent("requested", at: "2026-05-01T00:00:00Z")]),
        ReasonCase(.consentRefused, lines: [F.german, F.consent("refused", at: "2026-05-01T00:00:00Z")]),
        ReasonCase(.consentWithdrawn, lines: [F.german, F.given, F.consent("withdrawn", at: "2026-05-31T00:00:00Z")]),
        ReasonCase(.consentRevoked, lines: [F.german, F.given, F.consent("revoked", at: "2026-05-31T00:00:00Z")]),
        ReasonCase(
            .consentExpired,
            lines: [F.german, F.consent("given", at: "2026-05-01T00:00:00Z", more: #","expires":"2026-06-01T12:00:00Z""#)]),
        ReasonCase(.consentInvalidated, lines: [F.german, F.given, F.consent("invalidated", at: "2026-05-31T00:00:00Z")]),
        ReasonCase(.consentScopeMismatch, lines: [F.german, F.consent("given", at: "2026-05-01T00:00:00Z", notice: "n-9")]),
        ReasonCase(
            .consentRecipientNotNamed,
            edits: [
                .replace("role: processor, us_role: service_provider", "role: controller", in: agreement),
                .replace("module: 2", "module: 1", in: agreement),
            ], lines: [F.german, F.consent("given", at: "2026-05-01T00:00:00Z", notice: "n-10")]),
        ReasonCase(.consentProofMissing, lines: [F.german, F.consent("given", at: "2026-05-01T00:00:00Z", proof: false)]),
        ReasonCase(
            .consentDefaultNotChoice, lines: [F.german, F.consent("given", at: "2026-05-01T00:00:00Z", more: #","actor":"default""#)]),
        ReasonCase(
            .basisSwapForbidden,
            lines: [F.facts(#""countries":["DE"],"preference":3"#), F.consent("refused", "analytics", at: "2026-05-01T00:00:00Z")],
            purposes: ["analytics"]),
    ]

    static let conditions: [ReasonCase] = [
        ReasonCase(
            .specialCategoryConditionMissing,
            edits: [
                .replace(
                    "      company: keep\n    required: [email]", "      health: keep\n    required: [health]",
                    in: agreement)
            ],
            present: ["email", "health"]),
        ReasonCase(
            .consentNotExplicit,
            edits: [
                .replace(
                    "      company: keep\n    required: [email]",
                    "      health: keep\n    basis_evidence: {art9: \"9(2)(a)\"}\n    required: [health]", in: agreement)
            ], present: ["email", "health"]),
        ReasonCase(
            .ageUnknown,
            edits: [
                .replace("default_purpose: newsletter", "default_purpose: newsletter\nchild_directed: true", in: "callers/crm-sync.yaml")
            ]
        ),
        ReasonCase(.parentalConsentMissing, lines: [F.facts(#""countries":["DE"],"born":"2011-01-01""#), F.given]),
    ]

    private static let asThirdParty: [Edit] = [
        .replace("us_role: service_provider", "us_role: third_party", in: agreement), .replace("ccpa7051", "ccpa7053", in: agreement),
    ]
    static func thirdParty(_ activity: String) -> [Edit] {
        asThirdParty + [
            .replace(
                "us_activity: business_purpose\n    fields:\n      email: keep\n      first_name: keep\n      phone",
                "us_activity: \(activity)\n    fields:\n      email: keep\n      first_name: keep\n      phone",
                in: agreement)
        ]
    }
    static let american: [Edit] = [
        .replace("established_in: DE", "established_in: US", in: organisation),
        .replace("assume: {regimes: [gdpr, us]}", "assume: {regimes: [us]}", in: organisation),
    ]
    private static func californian(_ more: String) -> [String] { [F.facts(#""countries":["US-CA"],"# + more)] }

    static let unitedStates: [ReasonCase] = [
        ReasonCase(
            .usSaleOptOut, edits: american + thirdParty("sale"),
            lines: californian(#""objections":[{"scope":"sale","at":"2026-05-01T00:00:00Z"}]"#)),
        ReasonCase(
            .usShareOptOut, edits: american + thirdParty("share"),
            lines: californian(#""objections":[{"scope":"share","at":"2026-05-01T00:00:00Z"}]"#)),
        ReasonCase(
            .usTargetedAdsOptOut, edits: american + thirdParty("share"),
            lines: californian(#""objections":[{"scope":"targeted_advertising","at":"2026-05-01T00:00:00Z"}]"#)),
        ReasonCase(
            .gpcOptOut, edits: american + thirdParty("sale"), lines: californian(#""signals":[{"gpc":true,"at":"2026-05-01T00:00:00Z"}]"#)),
        ReasonCase(
            .sensitiveLimitUse,
            edits: american + [
                .replace(
                    "      company: keep\n    required: [email]", "      national_id: keep\n    required: [national_id]",
                    in: agreement)
            ], lines: californian(#""objections":[{"scope":"sensitive_use","at":"2026-05-01T00:00:00Z"}]"#),
            present: ["email", "national_id"]),
        ReasonCase(
            .sensitiveOptInMissing,
            edits: american + [
                .replace("in_scope: [ccpa]", "in_scope: [vcdpa]", in: organisation),
                .replace(
                    "      company: keep\n    required: [email]", "      national_id: keep\n    required: [national_id]",
                    in: agreement),
            ], lines: [F.facts(#""countries":["US-VA"]"#)], present: ["email", "national_id"]),
        ReasonCase(.minorOptInMissing, edits: american + thirdParty("sale"), lines: californian(#""born":"2012-01-01""#)),
        ReasonCase(
            .serviceProviderTermsMissing, edits: american + [.replace(", us_role: service_provider", "", in: agreement)],
            lines: californian(#""kind":"consumer""#)),
    ]

    private static let certified = "          - {scheme: EU-US-DPF, covers: [non_hr], from: 2023-09-01, until: 2027-09-01}"
    private static let adequacy = "  - {mechanism: adequacy, decision: EU-US-DPF}\n"
    private static let clauses = "  - {mechanism: scc, module: 2, signed: 2026-03-20, assessment: tia-118, onward: [aws]}\n"
    private static let addendum = "  - {mechanism: uk_addendum, signed: 2026-03-20, assessment: tra-9}\n"
    private static func only(_ mechanism: String) -> [Edit] {
        [
            .replace(adequacy, "", in: agreement), .replace(addendum, "", in: agreement),
            .replace(clauses, mechanism.isEmpty ? "" : "  - {\(mechanism)}\n", in: agreement),
            .replace("subprocessors:\n  - {id: aws, region: US, status: accepted}\n", "", in: agreement),
        ]
    }

    static let leaving: [ReasonCase] = [
        ReasonCase(.regionNotAgreed, edits: [.replace("regions: [US]", "regions: [US-CA]", in: agreement)]),
        ReasonCase(
            .transferMechanismMissing,
            edits: [
                .replace("transfer:\n", "", in: agreement), .replace(adequacy, "", in: agreement), .replace(clauses, "", in: agreement),
                .replace(addendum, "", in: agreement),
                .replace("subprocessors:\n  - {id: aws, region: US, status: accepted}\n", "", in: agreement),
            ]),
        ReasonCase(
            .transferMechanismExpired,
            edits: only("mechanism: scc, module: 2, signed: 2026-03-20, assessment: tia-118, until: 2026-06-01T12:00:00Z")),
        ReasonCase(.transferMechanismInvalidated, edits: only("mechanism: adequacy, decision: privacy-shield")),
        ReasonCase(
            .adequacyScopeMismatch, edits: only("mechanism: adequacy, decision: EU-US-DPF"),
            lines: [F.facts(#""countries":["DE"],"kind":"employee""#), F.given]),
        ReasonCase(
            .dpfNotListed,
            edits: only("mechanism: adequacy, decision: EU-US-DPF") + [
                .replace("until: 2027-09-01", "until: 2026-06-01T12:00:00Z", in: vendor)
            ]),
        ReasonCase(
            .sccModuleMismatch,
            edits: only("mechanism: scc, module: 2, signed: 2026-03-20, assessment: tia-118") + [
                .write("eea: [DE]\nscc_modules: {1: [controller, controller]}\n", to: "catalog/transfers.yaml")
            ]),
        ReasonCase(.transferAssessmentMissing, edits: only("mechanism: scc, module: 2, signed: 2026-03-20")),
        ReasonCase(.derogationNotOccasional, edits: only("mechanism: derogation, ground: legal_claims")),
        ReasonCase(
            .onwardTransferNotAgreed,
            edits: [
                .replace("{id: aws, region: US, status: accepted}", "{id: aws, region: IN, status: accepted}", in: agreement),
                .replace(", onward: [aws]", "", in: agreement),
            ]),
    ]

    static let fieldsAndLimits: [ReasonCase] = [
        ReasonCase(.fieldNotAgreed, present: ["email", "crm_id"]),
        ReasonCase(.fieldRequiredMissing, present: ["first_name"]),
        ReasonCase(
            .freeTextUnscanned, edits: [.replace("company: keep\n", "notes: keep\n", in: agreement)], present: ["email", "notes"]),
        ReasonCase(.fieldSuspended) { $0.standing.fieldsSuspended = ["first_name"] },
        ReasonCase(.personalizationLevelExceeded, lines: [F.facts(#""countries":["DE"],"preference":0"#), F.given]),
        ReasonCase(.volumeExceeded, edits: [.replace("regions: [US]", "regions: [US]\nlimits: {records_per_day: 10}", in: agreement)]) {
            $0.standing.volumes = ["hubspot": Standing.Volume(records: 10, subjects: 4)]
        },
        ReasonCase(.dutyNotRecorded) { $0.standing.dutiesRecordable = false },
    ]
}
