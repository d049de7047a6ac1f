import Testing

@testable import WaybillCore

/// What files become once they are right.
@Suite struct PolicyCompileTests {
    private static let agreement = "agreements/newsletter.yaml"
    private static let caller = "callers/crm-sync.yaml"

    private static func set(_ edits: Edit...) throws -> PolicySet {
        var files = PolicyFixture.files
        for edit in edits { try edit.apply(to: &files) }
        return try PolicyFixture.load(files).set
    }

    private static func route(_ set: PolicySet, endpoint: Int) throws -> Route {
        let (caller, vendor) = (try #require(set.caller(named: "crm-sync")), try #require(set.vendor(named: "hubspot")))
        return try #require(set.route(caller: caller, vendor: vendor, endpoint: EndpointID(endpoint)))
    }

    @Test func `versions of one agreement stand in several files, newest first, and may overlap`() throws {
        let text = try #require(PolicyFixture.files[Self.agreement])
        let set = try Self.set(
            .write(text.replacing("version: 3", with: "version: 10"), to: "agreements/a-later.yaml"),
            .write(text.replacing("version: 3", with: "version: 2"), to: "agreements/z-earlier.yaml"))
        let route = try Self.route(set, endpoint: 0)
        #expect(route.candidates.map { set[$0.agreement].version } == [10, 3, 2])
    }

    @Test func `agreements that follow one another are no overlap`() throws {
        let text = try #require(PolicyFixture.files[Self.agreement])
            .replacing("agreement: hubspot-newsletter", with: "agreement: hubspot-next")
            .replacing("from: 2026-04-01T00:00:00Z, until: 2027-04-01T00:00:00Z", with: "from: 2027-04-01, until: open")
        let set = try Self.set(
            .write(text, to: "agreements/next.yaml"),
            .replace(
                "purposes: [newsletter]}", "purposes: [newsletter]}\n  - {agreement: hubspot-next, purposes: [newsletter]}", in: Self.caller
            ))
        #expect(try Self.route(set, endpoint: 0).candidates.map { set[$0.agreement].id } == ["hubspot-newsletter", "hubspot-next"])
        #expect(set.agreements.map(\.until).contains(nil))
    }

    @Test func `the entry whose endpoints match gives the purpose, else the default`() throws {
        let set = try Self.set(
            .replace(
                "  - {agreement: hubspot-newsletter, purposes: [newsletter]}\n",
                """
                  - {agreement: hubspot-newsletter, purposes: [newsletter, personal_ads], endpoints: [contacts.read]}
                  - {agreement: hubspot-newsletter, purposes: [newsletter]}

                """, in: Self.caller),
            .replace(
                "regions: [US]",
                """
                  - {id: personal_ads, endpoints: [contacts.read], basis: consent, fields: {email: keep}}
                regions: [US]
                """, in: Self.agreement))
        func names(_ endpoint: Int) throws -> [String] { try Self.route(set, endpoint: endpoint).defaultPurposes.map { set[$0].name } }
        #expect(try names(0) == ["newsletter"])
        #expect(try names(1) == ["newsletter", "personal_ads"])
        // Two entries name the same term of the same version: one candidate.
        #expect(try Self.route(set, endpoint: 1).candidates.map { set[$0.purpose].name } == ["newsletter", "personal_ads"])
    }

    @Test func `an endpoint outside the caller's permissions has no route`() throws {
        let set = try Self.set(.replace("[contacts.*]", "[contacts.create]", in: Self.agreement))
        let (caller, vendor) = (try #require(set.caller(named: "crm-sync")), try #require(set.vendor(named: "hubspot")))
        #expect(set.route(caller: caller, vendor: vendor, endpoint: EndpointID(1)) == nil)
    }

    @Test func `an operator with its arguments stands once in the table`() throws {
        let set = try Self.set(
            .replace("email: keep\n", "email: keep\n      first_name: keep\n      crm_id: {mask: {keep_last: 3}}\n", in: Self.agreement))
        #expect(set.operators.map(\.summary).count == 3)
    }

    @Test func `ancestors come nearest first`() throws {
        let set = try Self.set(
            .write(
                """
                purposes:
                  a: {generic: true, marketing: true}
                  b: {narrows: [a]}
                  newsletter: {narrows: [c, b]}
                  c: {}
                """, to: "catalog/purposes.yaml"),
            .remove("catalog/notices.yaml"))
        let newsletter = try #require(set.purpose(named: "newsletter"))
        #expect(set[newsletter].ancestors.map { set[$0].name } == ["c", "b", "a"])
        #expect(set[newsletter].personalization == 3, "unknown counts as most intrusive")
    }

    @Test func `transfers.yaml and terms.yaml of the set replace the built-in ones whole`() throws {
        let set = try Self.set(
            .write(
                "adequacy: [{regime: gdpr, to: US, scope: participants, decision: EU-US-DPF, from: 2023-07-10}]\neea: [DE]",
                to: "catalog/transfers.yaml"),
            .write("checklists: {own: {regimes: [gdpr, us], roles: [processor], items: {x: something}}}", to: "catalog/terms.yaml"),
            .replace("{art28.3: {all: \"§2\"}, ccpa7051: {all: \"Annex 4\"}}", "{own: {x: \"§1\"}}", in: Self.agreement))
        #expect(set.facts.adequacy.count == 1)
        #expect(set.facts.eea == ["DE"])
        #expect(set.facts.sccModules.isEmpty)
        #expect(set.checklists.map { "\($0.name) \($0.regime)" } == ["own gdpr", "own us"])
    }

    @Test func `the built-in facts are those of the reference table`() throws {
        let facts = try Self.set().facts
        #expect(facts.adequacy.count == 21)
        #expect(facts.adequacy.filter { $0.decision != nil }.map(\.decision) == ["EU-US-DPF", "UK-US-BRIDGE", "CH-US-DPF"])
        #expect(facts.eea.count == 30)
        #expect(facts.sccModules.keys.sorted() == [1, 2, 3, 4])
        #expect(facts.childrenAge["AT"] == 14)
        #expect(facts.childrenAgeDefault == 16)
        #expect(facts.gpcStates.count == 12)
        #expect(try Self.set().checklists.map(\.name).sorted() == ["art26", "art26", "art28.3", "art28.3", "ccpa7051", "ccpa7053"])
    }

    @Test func `a person known only by the path, and one only by a condition, are people of the endpoint`() throws {
        let set = try Self.set(
            .replace(
                "  - id: contacts.read",
                """
                  - id: contacts.delete
                    request: DELETE /crm/v3/objects/contacts/{id}
                    path_fields: {id: {field: crm_id}}
                    body: none
                    rights: erase
                  - id: contacts.optout
                    request: PATCH /crm/v3/objects/contacts
                    body: json
                    records: $
                    subject: [email]
                    rights: suppress
                    only: {email: email, out: {const: "true"}}
                  - id: contacts.read
                """, in: "vendors/hubspot.yaml"))
        let endpoints = try #require(set.vendors.first).endpoints
        #expect(endpoints[1].people.map(\.subject) == [[]])
        #expect(endpoints[2].slots.map(\.path.description) == ["email"])
        #expect(endpoints[2].structure.map(\.path.description) == ["out"])
    }

    @Test func `every problem of every file is reported at once, in the order of places`() throws {
        var files = PolicyFixture.files
        try Edit.replace("approvals: files", "approvals: file\nextra: 1", in: "organisation.yaml").apply(to: &files)
        try Edit.replace("version: 3", "version: 0", in: Self.agreement).apply(to: &files)
        try Edit.replace("default_purpose: newsletter", "default: newsletter", in: Self.caller).apply(to: &files)
        let problems = try #require(throws: PolicyProblems.self) { try PolicyFixture.load(files) }
        #expect(
            problems.all.map { "\($0.position) \($0.code)" } == [
                "agreements/newsletter.yaml:2:10 bad_number", "callers/crm-sync.yaml:6:1 unknown_key",
                "organisation.yaml:4:12 unknown_value",
                "organisation.yaml:5:1 unknown_key",
            ])
    }

    @Test func `digests change with every byte and every path, and only with YAML files`() throws {
        let base = try Self.set()
        let renamed = try Self.set(
            .remove(Self.caller), .write(try #require(PolicyFixture.files[Self.caller]), to: "callers/other-name.yaml"))
        let commented = try Self.set(.replace("mode: enforce", "mode: enforce # note", in: Self.agreement))
        #expect(Set([base.digest, renamed.digest, commented.digest]).count == 3)
        #expect(base.agreements[0].digest == renamed.agreements[0].digest)
        #expect(base.agreements[0].digest != commented.agreements[0].digest)
        #expect(try Self.set(.write("read me", to: "README.md")).digest == base.digest)
    }

    @Test func `an empty set and one with too many files are refused`() throws {
        let empty = try #require(throws: PolicyProblems.self) { try PolicyFixture.load([:]) }
        #expect(Set(empty.all.map(\.code)) == ["missing_file"])
        let files = Dictionary(uniqueKeysWithValues: (0...PolicyLoader.filesMax).map { ("vendors/\($0).yaml", "") })
        let many = try #require(throws: PolicyProblems.self) { try PolicyFixture.load(files) }
        #expect(many.all.map(\.code) == ["too_many_files"])
    }

    @Test func `a test file keeps its requests and expectations`() throws {
        let text = """
            at: 2026-06-01
            consents: [{subject: "email:a@b.c", event_time: 2026-05-01T00:00:00Z, explicit: false, expires: null}]
            cases:
              - name: one
                caller: crm-sync
                given: [{ids: ["crm:1"], preference: 1}]
                request: {method: POST, url: "https://x", headers: {If-Match: "3"}, purpose: newsletter, json: {a: [1, "1"]}}
                expect: {decision: deny, primary: consent_missing, codes: [consent_missing], dropped: [a.b], sent: {a: true}}
              - {name: two, caller: c, request: {method: GET, url: "https://x", body: "a,b"}, expect: {decision: allow}}
            """
        let file = try #require(try PolicyLoader.tests(files: ["tests/a.yaml": Array(text.utf8)]).first)
        #expect(file.at == Timestamp(rfc3339: "2026-06-01T00:00:00Z"))
        #expect(
            String(decoding: try #require(file.consents.first).json, as: UTF8.self)
                == #"{"subject":"email:a@b.c","event_time":"2026-05-01T00:00:00Z","explicit":false,"expires":null}"#)
        let first = try #require(file.cases.first)
        #expect(first.request.purpose == "newsletter")
        #expect(first.request.headers.map { "\($0.name): \($0.value)" } == ["If-Match: 3"])
        guard case .json(let json) = first.request.body else {
            Issue.record("no JSON body")
            return
        }
        #expect(String(decoding: json.json, as: UTF8.self) == #"{"a":[1,"1"]}"#)
        #expect(first.expect.codes == [.consentMissing])
        #expect(file.cases[1].expect.dropped == nil, "what is not written is not checked")
    }
}
