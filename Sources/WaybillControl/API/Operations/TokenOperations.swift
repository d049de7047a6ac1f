package import WaybillCore

/// `/v1/tokens`: what machines show.
package enum TokenOperations {
    package static func all(_ desk: AccessDesk) -> [APIOperation] {
        [
            APIOperation(
                "listTokens", .get, "/v1/tokens", resource: "tokens", "Tokens and machines, revoked and expired ones too.",
                permission: .manageAccess, parameters: APIParameter.paging, answer: .page(of: shape)
            ) { call in AccessShapes.page(await desk.tokens(), call.page, id: \.id, json: { json($0, call.now) }) },
            APIOperation(
                "createToken", .post, "/v1/tokens", resource: "tokens",
                "Make a token; it is shown in this answer and never again. Of kind `mtls`: a machine, known by its client certificate.",
                permission: .manageAccess, body: .json(request), answer: .json(made, status: 201), problems: [.conflict, .unprocessable]
            ) { call in
                let new = try await desk.create(try wanted(call.body), by: .principal(call.principal))
                guard case .object(var members) = json(new.token, call.now) else { return .nothing }
                members["secret"] = .optional(new.secret)
                return .json(.object(members), status: 201, location: "/v1/tokens/\(new.token.id)")
            },
            APIOperation(
                "getToken", .get, "/v1/tokens/{token}", resource: "tokens", "One token.", permission: .manageAccess,
                parameters: [.path("token", AccessShapes.id, "The token's id.")], answer: .json(shape), problems: [.notFound]
            ) { call in .json(json(try await desk.token(call.values["token"] ?? ""), call.now)) },
            APIOperation(
                "revokeToken", .delete, "/v1/tokens/{token}", resource: "tokens", "Revoke a token, from the next request on.",
                permission: .manageAccess, parameters: [.path("token", AccessShapes.id, "The token's id.")], answer: .nothing,
                problems: [.notFound]
            ) { call in
                _ = try await desk.revoke(token: call.values["token"] ?? "", by: .principal(call.principal))
                return .nothing
            },
        ]
    }

    private static let request = JSONShape.named(
        "TokenRequest",
        .object(
            [
                .required("id", AccessShapes.id, "Never used again; of kind `mtls` the DNS name in the certificate."),
                .optional("kind", .oneOf(["token", "mtls"]), "Default: `token`."),
                .required("expires_at", AccessShapes.time, "Within a year."),
                .optional("scopes", .nullable(AccessShapes.permissions), "Narrower than the roles; without them all that they permit."),
            ] + AccessShapes.grantMembers))

    private static let members: [JSONShape.Member] =
        [
            .required("id", AccessShapes.id, ""),
            .required("kind", .oneOf(["token", "mtls"]), ""),
            .required("state", .oneOf(["active", "expired", "revoked"]), ""),
            .required("scopes", .nullable(AccessShapes.permissions), "Null: all that the roles permit."),
            .required("created_at", AccessShapes.time, ""),
            .required("created_by", .text(), "Who made it."),
            .required("expires_at", AccessShapes.time, ""),
            .required("revoked_at", .nullable(AccessShapes.time), ""),
            .required("used_at", .nullable(AccessShapes.time), "To within ten minutes."),
        ] + AccessShapes.grantMembers
    private static let shape = JSONShape.named("Token", .object(members))
    private static let made = JSONShape.named(
        "NewToken", .object(members + [.required("secret", .nullable(.text()), "The token. Null: the certificate is the proof.")]))

    private static func wanted(_ body: JSONValue) throws(APIProblem) -> AccessDesk.TokenRequest {
        guard let expiresAt = try AccessShapes.time(body, "expires_at") else {
            throw APIProblem(.bodyMalformed, "Every token ends; say when.", pointer: "/expires_at")
        }
        let scopes = body["scopes"].isNull ? nil : Set(body["scopes"].items.compactMap { $0.text.flatMap(Permission.init) })
        return AccessDesk.TokenRequest(
            id: body["id"].text ?? "", kind: body["kind"].text.flatMap(AccessToken.Kind.init) ?? .token,
            grant: try AccessShapes.grant(body), scopes: scopes, expiresAt: expiresAt)
    }

    static func json(_ token: AccessToken, _ now: Timestamp) -> JSONValue {
        var members = AccessShapes.members(token.grant)
        members["id"] = .string(token.id)
        members["kind"] = .string(token.kind.rawValue)
        members["state"] = .string(token.state(now: now).rawValue)
        members["scopes"] = token.scopes.map { .strings($0.map(\.rawValue).sorted()) } ?? .null
        members["created_at"] = .string(token.createdAt.rfc3339)
        members["created_by"] = .string(token.createdBy)
        members["expires_at"] = .string(token.expiresAt.rfc3339)
        members["revoked_at"] = .optional(token.revokedAt?.rfc3339)
        members["used_at"] = .optional(token.usedAt?.rfc3339)
        return .object(members)
    }
}

extension AccessToken {
    package enum State: String, Sendable { case active, expired, revoked }

    package func state(now: Timestamp) -> State {
        revokedAt != nil ? .revoked : expiresAt <= now || grant.until.map { $0 <= now } ?? false ? .expired : .active
    }
}
