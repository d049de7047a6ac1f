import WaybillCore

/// `/v1/me` and `/v1/sessions`.
package enum SessionOperations {
    package static func all(_ desk: AccessDesk) -> [APIOperation] {
        [
            APIOperation(
                "getMe", .get, "/v1/me", resource: "me", "Who asks, and what they may.", permission: .useOwnAccount, answer: .json(me)
            ) { call in .json(json(call.principal)) },
            APIOperation(
                "listSessions", .get, "/v1/sessions", resource: "sessions",
                "Sessions of the console that are open: one's own, for administrators everybody's.", permission: .useOwnAccount,
                parameters: APIParameter.paging, answer: .page(of: shape)
            ) { call in
                let isManager = call.principal.may(.manageAccess)
                let account = call.principal.kind == .person ? String(call.principal.id.dropFirst("account:".count)) : ""
                let sessions = await desk.sessions(account: isManager ? nil : account, now: call.now)
                return AccessShapes.page(sessions, call.page, id: \.id) { json($0, own: call.principal.session) }
            },
            APIOperation(
                "endSession", .delete, "/v1/sessions/{session}", resource: "sessions", "End a session at once.",
                permission: .useOwnAccount,
                parameters: [.path("session", .text(bytes: 3...64, pattern: pattern), "The session's id.")], answer: .nothing,
                problems: [.notFound]
            ) { call in
                try await desk.end(session: call.values["session"] ?? "", by: call.principal)
                return .nothing
            },
        ]
    }

    private static let pattern = JSONShape.Pattern("^s-[0-9a-f]{1,62}$") { text in
        text.hasPrefix("s-") && (3...64).contains(text.utf8.count)
            && text.utf8.dropFirst(2).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
    private static let shape = JSONShape.named(
        "Session",
        .object([
            .required("id", .text(), ""), .required("account", AccessShapes.id, ""), .required("created_at", AccessShapes.time, ""),
            .required("seen_at", AccessShapes.time, "To within a minute."),
            .required("current", .boolean, "The one that asks."),
        ]))
    private static let me = JSONShape.named(
        "Me",
        .object([
            .required("id", .text(), "As the log names it."), .required("name", .text(), ""),
            .required("kind", .oneOf(["person", "token", "machine"]), ""), .required("roles", AccessShapes.roles, ""),
            .required("permissions", .list(of: .oneOf(Permission.allCases.map(\.rawValue))), "What roles and scopes permit."),
            .required("vendor", .nullable(AccessShapes.otherID), ""), .required("engagement", .nullable(AccessShapes.otherID), ""),
            .required("caller", .nullable(AccessShapes.otherID), ""),
        ]))

    private static func json(_ session: SessionRecord, own: String?) -> JSONValue {
        .object([
            "id": .string(session.id), "account": .string(session.account), "created_at": .string(session.createdAt.rfc3339),
            "seen_at": .string(session.seenAt.rfc3339), "current": .bool(session.id == own),
        ])
    }

    private static func json(_ principal: Principal) -> JSONValue {
        .object([
            "id": .string(principal.id), "name": .string(principal.name), "kind": .string(principal.kind.rawValue),
            "roles": .strings(principal.roles.map(\.rawValue).sorted()),
            "permissions": .strings(Permission.allCases.filter(principal.may).map(\.rawValue).sorted()),
            "vendor": .optional(principal.vendor), "engagement": .optional(principal.engagement), "caller": .optional(principal.caller),
        ])
    }
}
