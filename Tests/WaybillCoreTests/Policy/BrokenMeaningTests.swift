import Testing

@testable import WaybillCore

/// Meaning: names that lead nowhere, and what cannot be right.
@Suite struct BrokenMeaningTests {
    private static let fields = "catalog/fields.yaml"
    private static let purposes = "catalog/purposes.yaml"
    private static let notices = "catalog/notices.yaml"
    private static let vendor = "vendors/hubspot.yaml"
    private static let agreement = "agreements/newsletter.yaml"
    private static let caller = "callers/crm-sync.yaml"

    static let references: [BrokenSet] = [
        BrokenSet(
            "field nobody defined", "unknown_field", "vendors/hubspot.yaml:15:61", .replace("first_name}", "frist_name}", in: vendor)),
        BrokenSet(
            "purpose nobody defined", "unknown_purpose", "agreements/newsletter.yaml:10:9",
            .replace("id: newsletter", "id: newslettr", in: agreement)),
        BrokenSet(
            "vendor nobody defined", "unknown_vendor", "agreements/newsletter.yaml:3:9",
            .replace("vendor: hubspot", "vendor: hubspott", in: agreement)),
        BrokenSet(
            "endpoint nobody defined", "unknown_endpoint", "agreements/newsletter.yaml:11:17",
            .replace("[contacts.*]", "[contact.*]", in: agreement)),
        BrokenSet(
            "agreement nobody made", "unknown_agreement", "callers/crm-sync.yaml:5:17",
            .replace("agreement: hubspot-newsletter", "agreement: hubspot-news", in: caller)),
        BrokenSet(
            "parent purpose nobody defined", "unknown_purpose", "catalog/purposes.yaml:4:26",
            .replace("narrows: [direct_marketing]", "narrows: [marketing]", in: purposes)),
        BrokenSet(
            "notice's recipient nobody defined", "unknown_vendor", "catalog/notices.yaml:2:87",
            .replace("[hubspot]", "[hubspot, acme]", in: notices)),
        BrokenSet(
            "adequacy decision nobody took", "unknown_decision", "agreements/newsletter.yaml:21:37",
            .replace("decision: EU-US-DPF", "decision: EU-US-DFP", in: agreement)),
        BrokenSet(
            "checklist nobody wrote", "unknown_checklist", "agreements/newsletter.yaml:23:9", .replace("art28.3:", "art28:", in: agreement)),
        BrokenSet(
            "checklist item nobody wrote", "unknown_term", "agreements/newsletter.yaml:23:58",
            .replace("{all: \"Annex 4\"}", "{all: \"Annex 4\", z: \"§\"}", in: agreement)),
        BrokenSet(
            "party nobody knows", "unknown_party", "agreements/newsletter.yaml:7:11", .replace("org: hubspot", "org: hubspt", in: agreement)
        ),
        BrokenSet(
            "onward to nobody", "unknown_subprocessor", "agreements/newsletter.yaml:22:83",
            .replace("assessment: tia-118", "assessment: tia-118, onward: [aws]", in: agreement)),
        BrokenSet(
            "path field without its variable", "unknown_variable", "vendors/hubspot.yaml:16:19",
            .replace("structure: [id]", "path_fields: {id: {field: crm_id}}", in: vendor)),
    ]

    static let catalogs: [BrokenSet] = [
        BrokenSet(
            "purposes in a circle", "purpose_cycle", "catalog/purposes.yaml:2:3",
            .replace("direct_marketing: {generic", "direct_marketing: {narrows: [newsletter], generic", in: purposes)),
        BrokenSet(
            "canonical without identifies", "canonical_without_identifies", "catalog/fields.yaml:4:59",
            .replace(
                "phone: {category: user.contact.phone_number, identifies: true", "phone: {category: user.contact.phone_number", in: fields)),
        BrokenSet(
            "organisation that identifies a person", "entity_identifies", "catalog/fields.yaml:8:3",
            .replace("entity: true", "entity: true, identifies: true", in: fields)),
    ]

    static let vendors: [BrokenSet] = [
        BrokenSet("plain http", "bad_destination", "vendors/hubspot.yaml:6:11", .replace("https://api", "http://api", in: vendor)),
        BrokenSet(
            "destination with a path", "bad_destination", "vendors/hubspot.yaml:6:11",
            .replace("hubapi.com\"", "hubapi.com/v3\"", in: vendor)),
        BrokenSet(
            "secret in the file", "secret_in_policy", "vendors/hubspot.yaml:7:45",
            .replace("${secret:hubspot_token}", "pat-na1", in: vendor)),
        BrokenSet("cookie allowed", "header_never_passes", "vendors/hubspot.yaml:8:19", .replace("X-HubSpot-Trace", "Cookie", in: vendor)),
        BrokenSet(
            "certification that ends before it starts", "until_before_from", "vendors/hubspot.yaml:4:81",
            .replace("until: 2027-09-01", "until: 2023-09-01", in: vendor)),
        BrokenSet("body on GET", "body_on_get", "vendors/hubspot.yaml:19:11", .replace("body: none", "body: json", in: vendor)),
        BrokenSet(
            "two endpoints for one request", "endpoints_overlap", "vendors/hubspot.yaml:17:9",
            .replace("GET /crm/v3/objects/contacts/{id}", "POST /crm/v3/objects/contacts", in: vendor)),
        BrokenSet(
            "two endpoints of one name", "duplicate_endpoint", "vendors/hubspot.yaml:17:9",
            .replace("id: contacts.read", "id: contacts.create", in: vendor)),
        BrokenSet(
            "subject that identifies nobody", "subject_not_identifying", "vendors/hubspot.yaml:14:15",
            .replace("subject: [properties.email]", "subject: [properties.firstname]", in: vendor)),
        BrokenSet(
            "no subject", "subject_missing", "vendors/hubspot.yaml:10:9", .replace("    subject: [properties.email]\n", "", in: vendor)),
        BrokenSet(
            "e-mail mapped twice", "identifier_mapped_twice", "vendors/hubspot.yaml:15:39",
            .replace("properties.firstname: first_name", "properties.work_email: email", in: vendor)),
        BrokenSet(
            "one path twice, spelled differently", "path_mapped_twice", "vendors/hubspot.yaml:15:39",
            .replace("properties.firstname: first_name", "\"['properties'].email\": first_name", in: vendor)),
        BrokenSet(
            "field inside structure", "field_in_structure", "vendors/hubspot.yaml:16:16",
            .replace("structure: [id]", "structure: [properties.**]", in: vendor)),
        BrokenSet(
            "subtree passes unseen", "subtree_passes_unseen", "vendors/hubspot.yaml:16:17",
            .replace("structure: [id]", "structure: [associations.**]", in: vendor)),
        BrokenSet(
            "envelope inside the record", "inside_records", "vendors/hubspot.yaml:16:15",
            .replace("structure: [id]", "envelope: [$.id]", in: vendor)),
        BrokenSet(
            "fields of persons on a control call", "about_nobody", "vendors/hubspot.yaml:21:18",
            .replace("about: none", "about: none\n    path_fields: {id: {field: crm_id}}", in: vendor)),
        BrokenSet(
            "field of a person on a call about companies", "field_of_person", "vendors/hubspot.yaml:15:14",
            .replace("    subject: [properties.email]\n", "    about: organisation\n", in: vendor)),
        BrokenSet(
            "suppression that says not what it carries", "rights_without_only", "vendors/hubspot.yaml:16:13",
            .replace("structure: [id]", "rights: suppress", in: vendor)),
        BrokenSet(
            "destination of two vendors", "destination_shared", "vendors/second.yaml:1:9",
            .write(
                """
                vendor: second
                legal_name: Second, Inc.
                established_in: US
                destinations: [{url: "https://API.hubapi.com:443", region: US}]
                endpoints: []
                """, to: "vendors/second.yaml")),
    ]

    static let agreements: [BrokenSet] = [
        BrokenSet(
            "ends before it starts", "until_before_from", "agreements/newsletter.yaml:4:48",
            .replace("until: 2027-04-01T00:00:00Z", "until: 2026-04-01", in: agreement)),
        BrokenSet(
            "generic purpose", "purpose_generic", "agreements/newsletter.yaml:10:9",
            .replace("id: newsletter", "id: direct_marketing", in: agreement)),
        BrokenSet(
            "legitimate interest without assessment", "assessment_missing", "agreements/newsletter.yaml:12:12",
            .replace("gdpr: consent", "gdpr: legitimate_interest", in: agreement)),
        BrokenSet(
            "legitimate interest for TCF 3", "legitimate_interest_forbidden", "agreements/newsletter.yaml:13:12",
            .replace("id: newsletter", "id: personal_ads\n    basis_evidence: {assessment: lia-1}", in: agreement),
            .replace("gdpr: consent", "gdpr: legitimate_interest", in: agreement)),
        BrokenSet(
            "contract without necessary", "necessary_missing", "agreements/newsletter.yaml:12:12",
            .replace("id: newsletter", "id: support", in: agreement), .replace("gdpr: consent", "gdpr: contract", in: agreement)),
        BrokenSet(
            "marketing on contract", "marketing_on_contract", "agreements/newsletter.yaml:12:12",
            .replace("gdpr: consent", "gdpr: contract", in: agreement), .replace("required: [email]", "necessary: [email]", in: agreement)),
        BrokenSet(
            "legal obligation without the law", "law_missing", "agreements/newsletter.yaml:12:12",
            .replace("gdpr: consent", "gdpr: legal_obligation", in: agreement)),
        BrokenSet(
            "opt-out in Europe", "opt_out_no_basis", "agreements/newsletter.yaml:12:12",
            .replace("{gdpr: consent, us: opt_out}", "opt_out", in: agreement)),
        BrokenSet(
            "no basis for persons", "basis_required", "agreements/newsletter.yaml:12:12",
            .replace("gdpr: consent", "gdpr: not_required", in: agreement)),
        BrokenSet(
            "basis without gdpr", "basis_incomplete", "agreements/newsletter.yaml:12:12",
            .replace("{gdpr: consent, us: opt_out}", "{us: opt_out}", in: agreement)),
        BrokenSet(
            "required field that does not go", "required_not_agreed", "agreements/newsletter.yaml:17:16",
            .replace("required: [email]", "required: [first_name]", in: agreement)),
        BrokenSet(
            "required field that is dropped", "required_not_agreed", "agreements/newsletter.yaml:17:16",
            .replace("email: keep", "email: drop", in: agreement)),
        BrokenSet(
            "necessary field that does not go", "necessary_not_agreed", "agreements/newsletter.yaml:17:17",
            .replace("required: [email]", "necessary: [crm_id]", in: agreement)),
        BrokenSet(
            "sale to a service provider", "sale_to_service_provider", "agreements/newsletter.yaml:13:18",
            .replace("us_activity: business_purpose", "us_activity: sale", in: agreement)),
        BrokenSet(
            "processor without its terms", "terms_missing", "agreements/newsletter.yaml:23:18",
            .replace("{all: \"§2\"}", "{a: \"§2\"}", in: agreement)),
        BrokenSet(
            "service provider without its terms", "terms_missing", "agreements/newsletter.yaml:23:8",
            .replace(", ccpa7051: {all: \"Annex 4\"}", "", in: agreement)),
        BrokenSet(
            "third party without its terms", "terms_missing", "agreements/newsletter.yaml:23:8",
            .replace("us_role: service_provider", "us_role: third_party", in: agreement)),
        BrokenSet(
            "joint controller without its terms", "terms_missing", "agreements/newsletter.yaml:23:8",
            .replace("role: controller", "role: joint_controller", in: agreement),
            .replace("role: processor", "role: joint_controller", in: agreement)),
        BrokenSet(
            "joint controller alone", "joint_controller_alone", "agreements/newsletter.yaml:6:3",
            .replace("role: controller", "role: joint_controller", in: agreement)),
        BrokenSet(
            "module against the roles", "scc_module_mismatch", "agreements/newsletter.yaml:22:5",
            .replace("module: 2", "module: 1", in: agreement)),
        BrokenSet(
            "clauses never signed", "missing_key", "agreements/newsletter.yaml:22:5", .replace(", signed: 2026-03-20", "", in: agreement)),
        BrokenSet(
            "module without clauses", "key_without_effect", "agreements/newsletter.yaml:21:56",
            .replace("decision: EU-US-DPF", "decision: EU-US-DPF, module: 2", in: agreement)),
        BrokenSet(
            "adequacy for another region", "adequacy_not_covering", "agreements/newsletter.yaml:21:5",
            .replace("regions: [US]", "regions: [IN]", in: agreement)),
        BrokenSet(
            "adequacy without certification", "adequacy_not_covering", "agreements/newsletter.yaml:21:5",
            .replace("scheme: EU-US-DPF", "scheme: ISO-27001", in: vendor)),
        BrokenSet(
            "report mode for two months", "report_mode_too_long", "agreements/newsletter.yaml:24:24",
            .replace("mode: enforce", "mode: {report: {until: 2026-06-01}}", in: agreement)),
        BrokenSet("nobody exports", "exporter_missing", "agreements/newsletter.yaml:6:3", .replace(", exports: true", "", in: agreement)),
        BrokenSet("nobody imports", "importer_missing", "agreements/newsletter.yaml:6:3", .replace(", imports: true", "", in: agreement)),
        BrokenSet(
            "one version in two files", "duplicate_version", "agreements/twin.yaml:1:12",
            .write(PolicyFixture.files[agreement] ?? "", to: "agreements/twin.yaml")),
        BrokenSet(
            "two agreements in force together", "agreements_overlap", "agreements/newsletter.yaml:10:9",
            .write(
                (PolicyFixture.files[agreement] ?? "").replacing("agreement: hubspot-newsletter", with: "agreement: hubspot-again"),
                to: "agreements/twin.yaml"),
            .replace(
                "purposes: [newsletter]}", "purposes: [newsletter]}\n  - {agreement: hubspot-again, purposes: [newsletter]}", in: caller)),
        BrokenSet(
            "special category without its condition", "art9_missing", "agreements/newsletter.yaml:16:7",
            .replace("email: keep", "email: keep\n      health: keep", in: agreement)),
        BrokenSet(
            "consent nobody asks for", "consent_without_notice", "agreements/newsletter.yaml:12:12",
            .replace("[newsletter, personal_ads]", "[personal_ads]", in: notices)),
        BrokenSet(
            "unclear US activity", "us_activity_missing", "agreements/newsletter.yaml:10:9",
            .replace("    us_activity: business_purpose\n", "", in: agreement)),
    ]

    static let callers: [BrokenSet] = [
        BrokenSet(
            "two kinds in one credential", "bad_credential", "callers/crm-sync.yaml:3:15",
            .replace("{token_sha256", "{mtls_san: a, token_sha256", in: caller)),
        BrokenSet(
            "purpose that is not agreed", "purpose_not_agreed", "callers/crm-sync.yaml:5:48",
            .replace("purposes: [newsletter]", "purposes: [support]", in: caller)),
        BrokenSet(
            "default that is not permitted", "default_purpose_not_permitted", "callers/crm-sync.yaml:6:18",
            .replace("default_purpose: newsletter", "default_purpose: support", in: caller)),
        BrokenSet(
            "permission that covers nothing", "permission_covers_nothing", "callers/crm-sync.yaml:5:5",
            .replace("[contacts.*]", "[contacts.create]", in: agreement),
            .replace("purposes: [newsletter]}", "purposes: [newsletter], endpoints: [contacts.read]}", in: caller)),
        BrokenSet(
            "token of two callers", "token_shared", "callers/other.yaml:1:9",
            .write((PolicyFixture.files[caller] ?? "").replacing("caller: crm-sync", with: "caller: other"), to: "callers/other.yaml")),
        BrokenSet(
            "certificate name of two callers", "certificate_shared", "callers/other.yaml:1:9",
            .replace("credentials: [", "credentials: [{mtls_san: CRM.acme.internal}, ", in: caller),
            .write(
                (PolicyFixture.files[caller] ?? "").replacing("caller: crm-sync", with: "caller: other")
                    .replacing(/credentials: .*/, with: "credentials: [{mtls_san: crm.acme.internal}]"), to: "callers/other.yaml")),
        BrokenSet(
            "two callers of one name", "duplicate_caller", "callers/other.yaml:1:9",
            .write(PolicyFixture.files[caller] ?? "", to: "callers/other.yaml")),
    ]

    @Test(arguments: references) func `a name that leads nowhere is named where it stands`(_ broken: BrokenSet) throws {
        try expectProblem(broken)
    }
    @Test(arguments: catalogs) func `a catalogue that contradicts itself is refused`(_ broken: BrokenSet) throws {
        try expectProblem(broken)
    }
    @Test(arguments: vendors) func `a vendor that cannot be right is refused`(_ broken: BrokenSet) throws { try expectProblem(broken) }
    @Test(arguments: agreements) func `an agreement that cannot be right is refused`(_ broken: BrokenSet) throws {
        try expectProblem(broken)
    }
    @Test(arguments: callers) func `a caller that cannot be right is refused`(_ broken: BrokenSet) throws { try expectProblem(broken) }
}
