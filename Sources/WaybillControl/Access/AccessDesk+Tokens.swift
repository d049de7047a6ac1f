package import WaybillCore

extension AccessDesk {
    /// A token as it is asked for.
    package struct TokenRequest: Codable, Sendable {
        package var id: String
        package var kind = AccessToken.Kind.token
        package var grant: AccessGrant
        package var scopes: Set<Permission>?
        package var expiresAt: Timestamp

        package init(id: String, kind: AccessToken.Kind = .token, grant: AccessGrant, scopes: Set<Permission>?, expiresAt: Timestamp) {
            self.id = id
            self.kind = kind
            self.grant = grant
            self.scopes = scopes
            self.expiresAt = expiresAt
        }
    }

    package struct NewToken: Codable, Sendable {
        package var token: AccessToken
        /// Shown once; nil: a machine's certificate is its proof.
        package var secret: String?
    }

    /// By id; revoked and expired ones too, because the log names them.
    package func tokens() -> [AccessToken] { book.tokens.values.sorted { $0.id < $1.id } }

    package func token(_ id: String) throws(APIProblem) -> AccessToken {
        guard let token = book.tokens[id] else { throw APIProblem(.notFound, "There is no such token; GET /v1/tokens lists them.") }
        return token
    }

    package func create(_ request: TokenRequest, by: AccessActor) async throws -> NewToken {
        try await acting {
            let now = parts.clock()
            try check(request, now: now)
            let secret = request.kind == .token ? AccessSecret.make(AccessSecret.tokenPrefix) : nil
            let token = AccessToken(
                id: request.id, kind: request.kind, sha256: secret.map(AccessSecret.digest), grant: request.grant, scopes: request.scopes,
                createdAt: now, createdBy: by.id, expiresAt: request.expiresAt)
            try await enter("token.create", token.detail, by: by)
            try keep(.token(token))
            if let sha256 = token.sha256 { tokenIDs[sha256] = token.id }
            return NewToken(token: token, secret: secret)
        }
    }

    /// From the next request on. A token that was revoked stays so: nothing is done.
    package func revoke(token id: String, by: AccessActor) async throws -> AccessToken {
        try await acting {
            var token = try token(id)
            guard token.revokedAt == nil else { return token }
            token.revokedAt = parts.clock()
            try keep(.token(token))
            try await enterStop("token.revoke", ["token": token.principalID], by: by)
            return token
        }
    }

    /// The entry of what is in force already.
    func enterStop(_ act: String, _ detail: [String: String?], by: AccessActor) async throws(APIProblem) {
        do {
            try await enter(act, detail, by: by)
        } catch {
            throw APIProblem(error.code, "It is in force, but its log entry could not be written. \(error.detail)")
        }
    }

    private func check(_ request: TokenRequest, now: Timestamp) throws(APIProblem) {
        guard AccessName.isOwn(request.id) else {
            throw APIProblem(
                .unprocessable, "A token's id has 2 to 64 lower-case letters, digits, `.`, `_` and `-`; choose such a one.", pointer: "/id")
        }
        guard request.kind == .token || request.id.contains(".") else {
            throw APIProblem(.unprocessable, "A machine's id is the DNS name in its certificate; give that name.", pointer: "/id")
        }
        guard book.tokens[request.id] == nil else {
            throw APIProblem(.conflict, "There is, or was, a token of this id; choose another.", pointer: "/id")
        }
        try request.grant.check()
        guard request.expiresAt > now, request.expiresAt <= now.adding(seconds: limits.tokenDaysMax * 86_400) else {
            throw APIProblem(
                .unprocessable, "A token ends in the future and within \(limits.tokenDaysMax) days; choose such an end.",
                pointer: "/expires_at")
        }
        if let scopes = request.scopes {
            guard !scopes.isEmpty else {
                throw APIProblem(
                    .unprocessable, "Without a scope a token is of no use; name some, or leave scopes out.", pointer: "/scopes")
            }
            guard scopes.allSatisfy({ !$0.roles.isDisjoint(with: request.grant.roles) }) else {
                throw APIProblem(
                    .unprocessable, "A scope narrows what the roles permit; leave out what none of its roles permits.", pointer: "/scopes")
            }
        }
        guard book.tokens.count < limits.tokensMax else {
            throw APIProblem(.unprocessable, "There are \(limits.tokensMax) tokens, which is as many as may be.")
        }
    }
}

extension AccessToken {
    var detail: [String: String?] {
        [
            "token": principalID, "roles": grant.roles.map(\.rawValue).sorted().joined(separator: " "),
            "scopes": scopes?.map(\.rawValue).sorted().joined(separator: " "), "vendor": grant.vendor, "engagement": grant.engagement,
            "expires": expiresAt.rfc3339,
        ]
    }
}
