import Testing

@testable import WaybillCore

/// A load with an earlier set gives what a load without it gives.
@Suite struct PolicyReuseTests {
    private static let agreement = "agreements/newsletter.yaml"
    private static let base: [String: String] = {
        var files = PolicyFixture.files
        // An agreement with a warning of its own, and one whose operators come after others.
        let text = (files[agreement] ?? "").replacing("agreement: hubspot-newsletter", with: "agreement: other")
        files["agreements/b.yaml"] = text.replacing("email: keep", with: "email: keep\n      health: drop")
        files["agreements/z.yaml"] = text.replacing("agreement: other", with: "agreement: third").replacing(
            "keep_last: 2", with: "keep_last: 4")
        return files
    }()

    static let edits: [(String, [Edit])] = [
        ("nothing", []),
        ("a comment in an agreement", [.replace("mode: enforce", "mode: enforce # x", in: agreement)]),
        ("a field of an agreement", [.replace("email: keep", "email: keep\n      first_name: {truncate: 1}", in: agreement)]),
        ("an agreement goes", [.remove("agreements/b.yaml")]),
        ("an agreement moves", [.remove("agreements/z.yaml"), .write(base["agreements/z.yaml"] ?? "", to: "agreements/a.yaml")]),
        ("the caller", [.replace("\ndefault_purpose: newsletter", "", in: "callers/crm-sync.yaml")]),
        (
            "the catalogue",
            [.replace("health_and_medical, sensitive: [gdpr9, us]", "health_and_medical, sensitive: [us]", in: "catalog/fields.yaml")]
        ),
        (
            "fields in another order",
            [
                .replace("  notes: {category: user.content.free_text, free_text: true}\n", "", in: "catalog/fields.yaml"),
                .replace("fields:\n", "fields:\n  notes: {category: user.content.free_text, free_text: true}\n", in: "catalog/fields.yaml"),
            ]
        ),
        ("a vendor's endpoints", [.replace("id: contacts.read", "id: contacts.seen", in: "vendors/hubspot.yaml")]),
    ]

    @Test(arguments: edits) func `a reload after a change equals a fresh load`(name: String, edits: [Edit]) throws {
        let before = try PolicyFixture.load(Self.base).set
        var files = Self.base
        for edit in edits { try edit.apply(to: &files) }
        let bytes = files.mapValues { Array($0.utf8) }
        let fresh = try PolicyLoader.load(files: bytes)
        let reloaded = try PolicyLoader.load(files: bytes, since: before)
        #expect(reloaded.warnings == fresh.warnings)
        #expect(Self.description(reloaded.set) == Self.description(fresh.set))
        // And once more, from what was itself reloaded.
        #expect(Self.description(try PolicyLoader.load(files: bytes, since: reloaded.set).set) == Self.description(fresh.set))
    }

    @Test func `a broken agreement is reported on a reload as well`() throws {
        let before = try PolicyFixture.load(Self.base).set
        var files = Self.base
        try Edit.replace("version: 3", "version: x", in: Self.agreement).apply(to: &files)
        let bytes = files.mapValues { Array($0.utf8) }
        let problems = try #require(throws: PolicyProblems.self) { try PolicyLoader.load(files: bytes, since: before) }
        #expect(problems.all.map(\.code) == ["bad_number"])
    }

    @Test func `unchanged agreements are taken over, not read again`() throws {
        let before = try PolicyFixture.load(Self.base).set
        var files = Self.base.mapValues { Array($0.utf8) }
        let all = PolicyReuse(files: files, since: before)
        #expect(all.agreements.count == 3)
        files[Self.agreement]?.append(UInt8(ascii: "\n"))
        #expect(PolicyReuse(files: files, since: before).agreements.count == 2)
        files["catalog/notices.yaml"]?.append(UInt8(ascii: "\n"))
        #expect(PolicyReuse(files: files, since: before).agreements.isEmpty)
    }

    /// All that decisions see, with ids replaced by what they stand for.
    private static func description(_ set: PolicySet) -> [String] {
        var lines = [set.digest]
        for agreement in set.agreements {
            lines.append("\(agreement.id) \(agreement.version) \(agreement.digest) \(agreement.position) \(set[agreement.vendor].id)")
            for term in agreement.purposes {
                let fields = term.fields.map { "\(set[$0].name) \(set[$1.operatorID].summary) \($1.position)" }.sorted()
                let endpoints = term.endpoints.map { set[agreement.vendor].endpoints[$0.position].id }.sorted()
                lines.append("\(set[term.purpose].name) \(fields) \(endpoints) \(term.required.map { set[$0].name })")
            }
        }
        for (key, route) in set.routes {
            let names = route.candidates.map { "\(set[$0.agreement].id) \($0.term) \(set[$0.purpose].name)" }
            let defaults = route.defaultPurposes.map { set[$0].name }
            lines.append("\(set[key.caller].id) \(set[key.vendor].endpoints[key.endpoint.position].id) \(names) \(defaults)")
        }
        return lines.sorted()
    }
}
