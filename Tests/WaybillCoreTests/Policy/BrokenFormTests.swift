import Testing

@testable import WaybillCore

/// Form: what YAML allows and policies do not, keys, kinds of values and names.
@Suite struct BrokenFormTests {
    private static let organisation = "organisation.yaml"
    private static let fields = "catalog/fields.yaml"
    private static let vendor = "vendors/hubspot.yaml"
    private static let agreement = "agreements/newsletter.yaml"
    private static let caller = "callers/crm-sync.yaml"

    static let sets: [BrokenSet] = [
        BrokenSet(
            "anchor", "yaml_alias", "organisation.yaml:3:9",
            .replace("{regimes: [gdpr, us]}", "&both {regimes: [gdpr, us]}", in: organisation)),
        BrokenSet("alias", "yaml_alias", "organisation.yaml:2:11", .replace("in_scope: [ccpa]", "in_scope: *both", in: organisation)),
        BrokenSet("tag", "yaml_tag", "organisation.yaml:4:12", .replace("approvals: files", "approvals: !!str files", in: organisation)),
        BrokenSet(
            "tag on a quoted text", "yaml_tag", "organisation.yaml:4:12",
            .replace("approvals: files", "approvals: !x \"files\"", in: organisation)),
        BrokenSet(
            "merge key", "yaml_merge", "organisation.yaml:4:1", .replace("approvals: files", "<<: {approvals: files}", in: organisation)),
        BrokenSet(
            "duplicate key", "duplicate_key", "organisation.yaml:4:1",
            .replace("approvals: files", "approvals: files\napprovals: required", in: organisation)),
        BrokenSet(
            "key twice, once quoted", "duplicate_key", "organisation.yaml:4:1",
            .replace("approvals: files", "approvals: files\n\"approvals\": files", in: organisation)),
        BrokenSet(
            "two documents", "yaml_documents", "organisation.yaml:5:1",
            .replace("approvals: files", "approvals: files\n---\na: b", in: organisation)),
        BrokenSet(
            "tab indentation", "yaml_invalid", "callers/crm-sync.yaml:5:1", .replace("  - {agreement:", "\t- {agreement:", in: caller)),
        BrokenSet(
            "unclosed bracket", "yaml_invalid", "organisation.yaml:3:7", .replace("in_scope: [ccpa]", "in_scope: [ccpa", in: organisation)),
        BrokenSet("empty file", "file_empty", "organisation.yaml:1:1", .write("# nothing\n", to: organisation)),
        BrokenSet(
            "unusual line break", "line_break_unusual", "organisation.yaml:2:1",
            .replace("in_scope: [ccpa]", "in_scope: [ccpa]\u{2028}", in: organisation)),
        BrokenSet("list as a key", "key_not_text", "organisation.yaml:2:1", .replace("in_scope:", "[in_scope]:", in: organisation)),
        BrokenSet("unknown key, nearly right", "unknown_key", "organisation.yaml:2:1", .replace("in_scope:", "in_scop:", in: organisation)),
        BrokenSet("missing key", "missing_key", "callers/crm-sync.yaml:1:1", .replace("owner: crm-team@acme.example\n", "", in: caller)),
        BrokenSet(
            "list for a map", "wrong_kind", "organisation.yaml:3:9", .replace("{regimes: [gdpr, us]}", "[gdpr, us]", in: organisation)),
        BrokenSet(
            "map for a text", "wrong_kind", "organisation.yaml:4:12",
            .replace("approvals: files", "approvals: {a: files}", in: organisation)),
        BrokenSet(
            "unknown value", "unknown_value", "organisation.yaml:4:12", .replace("approvals: files", "approvals: fils", in: organisation)),
        BrokenSet(
            "unknown country", "unknown_region", "organisation.yaml:1:67",
            .replace("established_in: DE", "established_in: XX", in: organisation)),
        BrokenSet("unknown law", "unknown_value", "organisation.yaml:2:18", .replace("[ccpa]", "[ccpa, ccpo]", in: organisation)),
        BrokenSet(
            "date that does not exist", "bad_date", "vendors/hubspot.yaml:4:62",
            .replace("from: 2023-09-01", "from: 2023-02-30", in: vendor)),
        BrokenSet("period without P", "bad_period", "agreements/newsletter.yaml:18:19", .replace("for: P30D", "for: 30D", in: agreement)),
        BrokenSet(
            "number with a sign", "bad_number", "agreements/newsletter.yaml:2:10", .replace("version: 3", "version: +3", in: agreement)),
        BrokenSet("yes for true", "bad_bool", "agreements/newsletter.yaml:6:47", .replace("exports: true", "exports: yes", in: agreement)),
        BrokenSet("upper-case name", "bad_name", "callers/crm-sync.yaml:1:9", .replace("caller: crm-sync", "caller: CRM", in: caller)),
        BrokenSet("token hash too short", "bad_sha256", "callers/crm-sync.yaml:3:30", .replace(PolicyFixture.token, "abab", in: caller)),
        BrokenSet(
            "category outside Fides' roots", "bad_category", "catalog/fields.yaml:3:26",
            .replace("user.name.first", "person.name", in: fields)),
        BrokenSet("unknown file", "unknown_file", "vendor/hubspot.yaml:1:1", .write("a: b", to: "vendor/hubspot.yaml")),
        BrokenSet("file named .yml", "unknown_file", "vendors/other.yml:1:1", .write("a: b", to: "vendors/other.yml")),
        BrokenSet("no organisation", "missing_file", "organisation.yaml:1:1", .remove(organisation)),
        BrokenSet(
            "bad path", "bad_path", "vendors/hubspot.yaml:14:26",
            .replace("subject: [properties.email]", "subject: [properties..email]", in: vendor)),
        BrokenSet(
            "path that ends in a bracket", "bad_path", "vendors/hubspot.yaml:16:20",
            .replace("structure: [id]", "structure: [\"a[x]\"]", in: vendor)),
        BrokenSet(
            "records not from the body", "bad_path", "vendors/hubspot.yaml:13:14", .replace("records: $", "records: inputs[*]", in: vendor)),
        BrokenSet(
            "method in lower case", "bad_request_template", "vendors/hubspot.yaml:18:14", .replace("GET /crm", "get /crm", in: vendor)),
        BrokenSet(
            "two slashes in a template", "bad_request_template", "vendors/hubspot.yaml:18:43",
            .replace("contacts/{id}", "contacts//{id}", in: vendor)),
        BrokenSet(
            "rest in the middle", "bad_request_template", "vendors/hubspot.yaml:18:35", .replace("contacts/{id}", "{all*}/{id}", in: vendor)
        ),
        BrokenSet("format not built", "not_built_yet", "vendors/hubspot.yaml:12:11", .replace("body: json", "body: csv", in: vendor)),
        BrokenSet(
            "nested in JSON", "nested_without_form", "vendors/hubspot.yaml:16:13",
            .replace("structure: [id]", "nested: {a: json}", in: vendor)),
        BrokenSet(
            "operator not built", "not_built_yet", "agreements/newsletter.yaml:16:14",
            .replace("{mask: {keep_last: 2}}", "tokenize", in: agreement)),
        BrokenSet(
            "operator unknown", "bad_operator", "agreements/newsletter.yaml:16:14",
            .replace("{mask: {keep_last: 2}}", "blur", in: agreement)),
        BrokenSet(
            "operator's argument unknown", "bad_operator", "agreements/newsletter.yaml:16:14",
            .replace("keep_last: 2", "keep_middle: 2", in: agreement)),
        BrokenSet(
            "test without a time", "missing_key", "tests/a.yaml:1:1", .write("cases: []", to: "tests/a.yaml")),
        BrokenSet(
            "test that expects an unknown code", "unknown_value", "tests/a.yaml:3:92",
            .write(
                "at: 2026-01-01\ncases:\n  - {name: a, caller: b, request: {method: GET, url: c}, expect: {decision: deny, primary: consent_gone}}\n",
                to: "tests/a.yaml")),
    ]

    @Test(arguments: sets) func `a broken form is named with its place and a remedy`(_ broken: BrokenSet) throws {
        try expectProblem(broken)
    }
}

/// Loads the base set with the edits and expects exactly that problem to come first at that place.
func expectProblem(_ broken: BrokenSet) throws {
    var files = PolicyFixture.files
    for edit in broken.edits { try edit.apply(to: &files) }
    do {
        let warnings = try PolicyFixture.load(files).warnings
        let found = warnings.map { "\($0.code) at \($0.position)" }
        #expect(found == ["\(broken.code) at \(broken.place)"], "the set loads")
        #expect(warnings.allSatisfy { !$0.remedy.isEmpty })
    } catch let problems as PolicyProblems {
        let found = problems.all.map { "\($0.code) at \($0.position)" }
        #expect(found.contains("\(broken.code) at \(broken.place)"), "\(problems.all.map(\.description))")
        #expect(problems.all.allSatisfy { !$0.remedy.isEmpty && !$0.message.isEmpty })
    }
}
