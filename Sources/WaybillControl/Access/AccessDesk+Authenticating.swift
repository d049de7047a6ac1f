package import WaybillCore

extension AccessDesk: Authenticating {
    package func principal(token: String, address: String, now: Timestamp) throws -> Principal {
        guard AccessSecret.isShaped(token, AccessSecret.tokenPrefix), let id = tokenIDs[AccessSecret.digest(token)],
            let known = book.tokens[id]
        else {
            throw inVain(.tokenUnknown, nil, "No such token is known here; ask an administrator for one.", address, now)
        }
        try check(known, expired: .tokenExpired, address: address, now: now)
        return try used(known, now: now)
    }

    package func principal(certificateNames: [String], address: String, now: Timestamp) throws -> Principal? {
        let known = certificateNames.lazy.compactMap { self.book.tokens[$0.lowercased()] }.first { $0.kind == .mtls }
        guard let known else {
            refuse(.certificateUnknown, now: now)
            return nil
        }
        try check(known, expired: .certificateExpired, address: address, now: now)
        return try used(known, now: now)
    }

    package func session(cookie: String, now: Timestamp) throws -> ConsoleSession? {
        let sha256 = AccessSecret.digest(cookie)
        guard var session = book.sessions[sha256], let account = book.accounts[session.account] else { return nil }
        guard isOpen(session, account, now: now) else {
            try keep(.endSession(sha256))
            return nil
        }
        if session.seenAt.adding(seconds: limits.seenSecondsMin) <= now {
            session.seenAt = now
            try keep(.session(session))
        }
        var principal = principal(of: account)
        principal.session = session.id
        return ConsoleSession(principal: principal, formToken: formToken(of: sha256))
    }

    package func refused(_ principal: Principal, _ permission: Permission, now: Timestamp) {
        refuse(.notPermitted, who: principal.id, permission: permission, now: now)
    }

    func isOpen(_ session: SessionRecord, _ account: Account, now: Timestamp) -> Bool {
        account.state == .active && account.grant.until.map { now < $0 } ?? true
            && now < session.createdAt.adding(seconds: limits.sessionSecondsMax)
            && now < session.seenAt.adding(seconds: limits.idleSecondsMax + limits.seenSecondsMin)
    }

    func principal(of account: Account) -> Principal {
        var principal = Principal(id: account.principalID, name: account.name, kind: .person, roles: account.grant.roles)
        account.grant.apply(to: &principal)
        return principal
    }

    private func check(
        _ token: AccessToken, expired: RefusalBook.Reason, address: String, now: Timestamp
    ) throws(APIProblem) {
        guard token.revokedAt == nil else {
            throw inVain(.tokenRevoked, token.principalID, "The token was revoked; ask an administrator for another.", address, now)
        }
        guard now < token.expiresAt, token.grant.until.map({ now < $0 }) ?? true else {
            throw inVain(expired, token.principalID, "The token has expired; ask an administrator for another.", address, now)
        }
    }

    /// Counted against the address: whoever has a good token is never kept waiting by others behind the same address.
    private func inVain(_ reason: RefusalBook.Reason, _ who: String?, _ why: String, _ address: String, _ now: Timestamp) -> APIProblem {
        if let seconds = addressAttempts.wait(address, now: now) {
            refuse(.locked, who: who, now: now)
            var problem = APIProblem(.tooMany, "Too many attempts in vain from this address; wait \(seconds) s.")
            problem.retryAfterSeconds = seconds
            return problem
        }
        addressAttempts.failed(address, now: now)
        refuse(reason, who: who, now: now)
        return APIProblem(.credentialMissing, why)
    }

    private func used(_ token: AccessToken, now: Timestamp) throws(APIProblem) -> Principal {
        if token.usedAt.map({ $0.adding(seconds: limits.usedSecondsMin) <= now }) ?? true {
            var token = token
            token.usedAt = now
            try keep(.token(token))
        }
        var principal = Principal(
            id: token.principalID, name: token.id, kind: token.kind == .token ? .token : .machine, roles: token.grant.roles)
        token.grant.apply(to: &principal)
        principal.scopes = token.scopes
        return principal
    }
}
