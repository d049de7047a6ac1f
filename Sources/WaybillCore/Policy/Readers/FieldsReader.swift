/// `catalog/fields.yaml`.
struct FieldsReader {
    static let categoryRoots = ["user", "system", "organisation"]
    let compilation: Compilation

    func read(_ document: PolicyValue) {
        let problems = compilation.problems
        guard var file = Section(document, "fields.yaml", problems) else { return }
        if let fields = file.required("fields") {
            for member in Section.members(fields, "`fields`", problems) { readField(member) }
        }
        file.finish()
    }

    private func readField(_ member: PolicyValue.Member) {
        let problems = compilation.problems
        guard ScalarType<String>.name.read(member.keyValue, problems) != nil, var section = Section(member.value, "the field", problems)
        else { return }
        let category = section.required("category", category)
        let identifies = section.optional("identifies", .bool) ?? false
        let canonicalPosition = section.optional("canonical")?.position
        let canonical = section.optional("canonical", .oneOf(Field.Canonical.self))
        let sensitive = Set(section.list("sensitive", .oneOf(Field.Sensitivity.self)))
        let freeText = section.optional("free_text", .bool) ?? false
        let entity = section.optional("entity", .bool) ?? false
        section.finish()
        if let canonicalPosition, !identifies {
            problems.error(
                canonicalPosition, "canonical_without_identifies", "`canonical` has no effect on a field that identifies nobody",
                "add `identifies: true` or remove `canonical`")
        }
        if identifies, canonical == nil, let form = Field.Canonical(rawValue: Self.scheme(of: member.key)) {
            problems.error(
                member.keyPosition, "canonical_missing",
                "imports make `\(form.rawValue):` identifiers canonical, and this field of that scheme would not",
                "add `canonical: \(form.rawValue)`, or rename the field")
        }
        if entity, identifies || !sensitive.isEmpty {
            problems.error(
                member.keyPosition, "entity_identifies", "`\(member.key)` is about an organisation and cannot identify or be sensitive",
                "remove `entity`, or `identifies` and `sensitive`")
        }
        guard let category else {
            compilation.unreadable.insert(member.key)
            return
        }
        let field = Field(
            name: member.key, category: category, identifierScheme: identifies ? canonical?.rawValue ?? Self.scheme(of: member.key) : nil,
            canonical: canonical,
            sensitive: sensitive, freeText: freeText, entity: entity, position: member.keyPosition)
        compilation.fields.add(field, named: member.key, at: member.keyPosition, problems)
    }

    /// `crm_id` holds `crm:` identifiers.
    private static func scheme(of name: String) -> String { name.hasSuffix("_id") && name.count > 3 ? String(name.dropLast(3)) : name }

    /// Fides' form: words joined by `.`, under a known root.
    private var category: ScalarType<String> {
        ScalarType(code: "bad_category", expected: "a Fides data category like `user.contact.email`") { text in
            let words = text.split(separator: ".", omittingEmptySubsequences: false)
            guard words.count > 1, Self.categoryRoots.contains(String(words[0])) else { return nil }
            let areWords = words.allSatisfy { word in
                !word.isEmpty && word.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
            }
            return areWords ? text : nil
        }
    }
}

extension PolicyValue.Member {
    /// The key as a value, for reading it with a scalar type.
    var keyValue: PolicyValue { PolicyValue(content: .text(key, quoted: keyQuoted), position: keyPosition) }
}
