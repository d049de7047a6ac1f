import WaybillCore

/// What operations on access take and answer with.
enum AccessShapes {
    static let id = JSONShape.text(
        bytes: 2...64,
        pattern: .init("^[a-z0-9][a-z0-9._-]{1,63}$") { AccessName.isOwn($0) })
    static let otherID = JSONShape.text(bytes: 1...64, pattern: .init("^[A-Za-z0-9._-]{1,64}$") { AccessName.isID($0) })
    static let time = JSONShape.text(
        bytes: 20...40,
        pattern: .init(
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$", format: "date-time"
        ) { Timestamp(rfc3339: $0) != nil })
    static let roles = JSONShape.list(of: .oneOf(Role.allCases.map(\.rawValue)), count: 1...Role.allCases.count)
    static let permissions = JSONShape.list(of: .oneOf(Permission.allCases.map(\.rawValue)), count: 1...Permission.allCases.count)

    static let grantMembers: [JSONShape.Member] = [
        .required("roles", roles, "What it is to the organisation."),
        .optional("vendor", .nullable(otherID), "Sees this vendor only."),
        .optional("engagement", .nullable(otherID), "Sees this engagement only."),
        .optional("caller", .nullable(otherID), "Of the role caller: whose transfers it sees."),
        .optional("until", .nullable(time), "From then on it grants nothing."),
    ]

    /// Throws `APIProblem` that points at the member.
    static func grant(_ body: JSONValue) throws(APIProblem) -> AccessGrant {
        AccessGrant(
            roles: Set(body["roles"].items.compactMap { $0.text.flatMap(Role.init) }), vendor: body["vendor"].text,
            engagement: body["engagement"].text, caller: body["caller"].text, until: try time(body, "until"))
    }

    static func time(_ body: JSONValue, _ name: String) throws(APIProblem) -> Timestamp? {
        guard let text = body[name].text else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw APIProblem(.bodyMalformed, "A time is written like 2026-05-01T00:00:00Z; correct it.", pointer: "/\(name)")
        }
        return time
    }

    static func members(_ grant: AccessGrant) -> [String: JSONValue] {
        [
            "roles": .strings(grant.roles.map(\.rawValue).sorted()), "vendor": .optional(grant.vendor),
            "engagement": .optional(grant.engagement), "caller": .optional(grant.caller), "until": .optional(grant.until?.rfc3339),
        ]
    }

    /// One page of what is in memory, sorted by its id. The cursor is the last id.
    static func page<Item>(_ items: [Item], _ page: APIPage, id: (Item) -> String, json: (Item) -> JSONValue) -> APIAnswer {
        let rest = page.cursor.map { cursor in items.drop { id($0) <= cursor } } ?? items[...]
        let shown = rest.prefix(page.limit)
        return .page(items: shown.map(json), next: shown.count < rest.count ? shown.last.map(id) : nil)
    }
}
