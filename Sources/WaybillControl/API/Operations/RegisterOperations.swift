package import WaybillCore

/// `/v1/purposes`, `/v1/fields`, `/v1/callers`: the registers of the policy set in force. They are changed in its files.
package enum RegisterOperations {
    /// `policies`: the set in force.
    package static func all(_ policies: @escaping @Sendable () -> PolicySet) -> [APIOperation] {
        [
            list("listPurposes", "/v1/purposes", "purposes", "Why data may be sent.", purpose, policies) { set, _ in
                set.purposes.map { json($0, in: set) }
            },
            list("listFields", "/v1/fields", "fields", "The elements of personal data that can be sent.", field, policies) { set, _ in
                set.fields.map(json)
            },
            list("listCallers", "/v1/callers", "callers", "Who sends through the gate, and under which agreements.", caller, policies) {
                set, principal in
                set.callers.compactMap { json($0, in: set, for: principal) }
            },
        ]
    }

    private static func list(
        _ id: String, _ path: String, _ resource: String, _ summary: String, _ shape: JSONShape,
        _ policies: @escaping @Sendable () -> PolicySet, _ items: @escaping @Sendable (PolicySet, Principal) -> [JSONValue]
    ) -> APIOperation {
        APIOperation(
            id, .get, path, resource: resource, summary, permission: .readPolicies, parameters: APIParameter.paging,
            answer: .page(of: shape)
        ) { call in
            let set = policies()
            return try page(items(set, call.principal), call.page, of: set)
        }
    }

    /// Pages of one set: a cursor of another says so instead of leaving something out.
    private static func page(_ items: [JSONValue], _ page: APIPage, of set: PolicySet) throws(APIProblem) -> APIAnswer {
        let mark = set.digest.prefix(16)
        var first = 0
        if let cursor = page.cursor {
            let parts = cursor.split(separator: "@")
            guard parts.count == 2, parts[1] == mark, let start = Int(parts[0]) else {
                throw APIProblem(.unprocessable, "other policies came into force meanwhile; begin without a cursor", parameter: "cursor")
            }
            first = min(start, items.count)
        }
        let last = min(first + page.limit, items.count)
        return .page(items: Array(items[first..<last]), next: last < items.count ? "\(last)@\(mark)" : nil)
    }

    private static let purpose = JSONShape.named(
        "Purpose",
        .object([
            .required("id", .id),
            .required("generic", .boolean, "Permits nothing by itself."),
            .required("marketing", .boolean),
            .required("narrows", .list(of: .id), "The purposes it is a part of, nearest first."),
            .required("personalization", .integer(0...3), "How far it goes: 0 necessary, 3 profiling by the vendor."),
            .required("dpv", .nullable(.text()), "Its term in the Data Privacy Vocabulary."),
            .required("data_use", .nullable(.text()), "Its Fides data use."),
            .required("tcf", .list(of: .integer(0...1_000)), "Purposes of the IAB's framework."),
        ]))

    private static func json(_ purpose: Purpose, in set: PolicySet) -> JSONValue {
        .object([
            "id": .string(purpose.name), "generic": .bool(purpose.generic), "marketing": .bool(purpose.marketing),
            "narrows": .strings(purpose.ancestors.map { set[$0].name }), "personalization": .int(Int64(purpose.personalization)),
            "dpv": .optional(purpose.dpv), "data_use": .optional(purpose.dataUse), "tcf": .array(purpose.tcf.map { .int(Int64($0)) }),
        ])
    }

    private static let field = JSONShape.named(
        "Field",
        .object([
            .required("id", .id),
            .required("category", .text(), "Fides' data category."),
            .required("identifies", .nullable(.text()), "The scheme of the identifiers it gives; null: it identifies nobody."),
            .required("sensitive", .list(of: .oneOf(Field.Sensitivity.allCases.map(\.rawValue)))),
            .required("free_text", .boolean),
            .required("entity", .boolean, "About an organisation, not a person."),
        ]))

    private static func json(_ field: Field) -> JSONValue {
        .object([
            "id": .string(field.name), "category": .string(field.category), "identifies": .optional(field.identifierScheme),
            "sensitive": .strings(field.sensitive.map(\.rawValue).sorted()), "free_text": .bool(field.freeText),
            "entity": .bool(field.entity),
        ])
    }

    private static let caller = JSONShape.named(
        "Caller",
        .object([
            .required("id", .id),
            .required("owner", .text(), "Who is responsible for it."),
            .required("on_denied", .oneOf(Caller.OnDenied.allCases.map(\.rawValue)), "What becomes of a record that is denied."),
            .required("child_directed", .boolean),
            .required("default_purpose", .nullable(.id)),
            .required(
                "may_use",
                .list(
                    of: .object([
                        .required("agreement", .id), .required("vendor", .id), .required("purposes", .list(of: .id)),
                        .required("endpoints", .nullable(.list(of: .id)), "Null: all that the agreement covers."),
                    ]), count: 0...10_000)),
        ]))

    /// Nil: it has nothing to do with the vendor that is theirs to see. Credentials are not told.
    private static func json(_ caller: Caller, in set: PolicySet, for principal: Principal) -> JSONValue? {
        let mayUse = caller.mayUse.filter { principal.sees(vendor: set[$0.vendor].id) }
        guard !mayUse.isEmpty || principal.vendor == nil else { return nil }
        return .object([
            "id": .string(caller.id), "owner": .string(caller.owner), "on_denied": .string(caller.onDenied.rawValue),
            "child_directed": .bool(caller.childDirected), "default_purpose": .optional(caller.defaultPurpose.map { set[$0].name }),
            "may_use": .array(
                mayUse.map { entry in
                    let vendor = set[entry.vendor]
                    return .object([
                        "agreement": .string(entry.agreement), "vendor": .string(vendor.id),
                        "purposes": .strings(entry.purposes.map { set[$0].name }),
                        "endpoints": entry.endpoints.map { .strings($0.map { vendor.endpoints[$0.position].id }.sorted()) } ?? .null,
                    ])
                }),
        ])
    }
}
