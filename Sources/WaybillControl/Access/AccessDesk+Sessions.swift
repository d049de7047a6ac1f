package import WaybillCore

extension AccessDesk {
    /// Those that are open now, of one account or of all.
    package func sessions(account: String? = nil, now: Timestamp) -> [SessionRecord] {
        book.sessions.values.filter { session in
            guard account.map({ $0 == session.account }) ?? true, let owner = book.accounts[session.account] else { return false }
            return isOpen(session, owner, now: now)
        }.sorted { $0.id < $1.id }
    }

    /// One's own, and of others by administrators.
    package func end(session id: String, by principal: Principal) async throws {
        guard let session = book.sessions.values.first(where: { $0.id == id }),
            principal.id == "account:\(session.account)" || principal.may(.manageAccess)
        else { throw APIProblem(.notFound, "There is no such session; it may be over.") }
        try keep(.endSession(session.sha256))
        try await enterStop("session.end", ["account": "account:\(session.account)", "session": id], by: .principal(principal))
    }

    /// All of an account's but one.
    package func endSessions(of account: String, except kept: String? = nil, by actor: AccessActor) async throws -> Int {
        let ended = sessions(of: account).filter { $0.id != kept }
        guard !ended.isEmpty else { return 0 }
        try keep(ended.map { .endSession($0.sha256) })
        try await enterStop("session.end", ["account": "account:\(account)", "count": String(ended.count)], by: actor)
        return ended.count
    }

    /// Whose account it is; throws for tokens and machines, which have none.
    package func own(_ principal: Principal) throws(APIProblem) -> Account {
        guard principal.kind == .person, principal.id.hasPrefix("account:") else {
            throw APIProblem(.notPermitted, "Only people have accounts; tokens and machines are changed by administrators.")
        }
        return try account(String(principal.id.dropFirst("account:".count)))
    }

    /// Ends every other session of the account.
    package func changePassword(of principal: Principal, from old: String, to new: String, address: String) async throws {
        let account = try await proven(principal, old, address: address, pointer: "/old")
        try PasswordRules.check(new, names: [account.id, account.name])
        let hash = try await hasher.hash(new)
        try await acting {
            try check(stillProven: account)
            try await enter("account.password", ["account": account.principalID], by: .principal(principal))
            _ = try amend(account.id) { account in
                account.password = hash
                account.version += 1
            }
            // Whoever gave the old one and not yet the code.
            tickets = tickets.filter { $0.value.purpose.owner != account.principalID }
        }
        _ = try await endSessions(of: account.id, except: principal.session, by: .principal(principal))
    }

    /// Another second factor, to be confirmed by its first code.
    package func beginEnrolment(of principal: Principal) throws -> SetUp {
        let account = try own(principal)
        let secret = AccessSecret.random(TOTP.secretBytes)
        return try enrolment(try ticket(.enrol(account: account.id, secret: secret), now: parts.clock()), of: principal)
    }

    package func enrolment(_ ticket: String, of principal: Principal) throws -> SetUp {
        let account = try own(principal)
        guard case .enrol(let id, let secret) = try purpose(of: ticket, now: parts.clock()), id == account.id else { throw Self.late }
        return SetUp(
            ticket: ticket, login: account.id, name: account.name, secret: Base32.text(secret),
            uri: TOTP.uri(secret, account: account.id, issuer: "Waybill"))
    }

    /// The old one is good for nothing any more, and other sessions end. Returns new recovery codes; the old ones go too.
    package func finishEnrolment(
        of principal: Principal, ticket: String, password: String, code: String, address: String
    ) async throws -> [String] {
        guard case .enrol(let id, let secret) = try purpose(of: ticket, now: parts.clock()) else { throw Self.late }
        let account = try await proven(principal, password, address: address, pointer: "/password")
        guard account.id == id else { throw Self.late }
        guard let step = TOTP.match(code, secret: secret, after: 0, now: parts.clock()) else {
            throw APIProblem(
                .unprocessable, "That is not the code the app shows now; check the clock of this device, and enter the next one.",
                pointer: "/code")
        }
        let sealed = try sealed(secret, of: account.id)
        tickets[AccessSecret.digest(ticket)] = nil
        let codes = try await newCodes(account, "account.second_factor", by: principal) { account in
            (account.totpSecret, account.totpStep) = (sealed, step)
        }
        _ = try await endSessions(of: account.id, except: principal.session, by: .principal(principal))
        return codes
    }

    package func newRecoveryCodes(of principal: Principal, password: String, address: String) async throws -> [String] {
        try await newCodes(
            try await proven(principal, password, address: address, pointer: "/password"), "account.recovery_codes", by: principal)
    }

    /// `account`: as it was proven. `change`: what else becomes of it.
    private func newCodes(
        _ account: Account, _ act: String, by principal: Principal, _ change: (inout Account) -> Void = { _ in }
    ) async throws -> [String] {
        let codes = RecoveryCodes.make()
        try await acting {
            try check(stillProven: account)
            try await enter(act, ["account": account.principalID], by: .principal(principal))
            _ = try amend(account.id) { account in
                change(&account)
                account.recoveryCodes = codes.map(RecoveryCodes.digest)
                account.version += 1
            }
        }
        return codes
    }

    /// Throws if the account was stopped, reset or given another password since it was proven.
    private func check(stillProven account: Account) throws(APIProblem) {
        let present = try self.account(account.id)
        guard present.state == .active, present.password == account.password else { throw Self.late }
    }

    /// The session alone is not enough to change how one signs in. Returns the account whose password it was.
    private func proven(_ principal: Principal, _ password: String, address: String, pointer: String) async throws -> Account {
        let now = parts.clock()
        let account = try own(principal)
        let key = try admit(account.id, account, address, now: now)
        guard try await hasher.matches(password, account.password) else {
            _ = failed(.password, account, key, address, now)
            throw APIProblem(.unprocessable, "That is not the password of this account; try again.", pointer: pointer)
        }
        accountAttempts.succeeded(key)
        return account
    }
}
