package import WaybillCore

extension AccessDesk {
    static let nameBytesMax = 200

    /// An account, and the code by which its owner sets it up; shown once.
    package struct NewAccount: Codable, Sendable {
        package var id: String
        package var setUpCode: String
        package var expiresAt: Timestamp
    }

    package func accounts() -> [Account] { book.accounts.values.sorted { $0.id < $1.id } }

    package func account(_ id: String) throws(APIProblem) -> Account {
        guard let account = book.accounts[id] else {
            throw APIProblem(.notFound, "There is no such account; GET /v1/accounts lists them.")
        }
        return account
    }

    package func create(account id: String, name: String, grant: AccessGrant, by: AccessActor) async throws -> NewAccount {
        try await acting {
            let account = try newAccount(id, name, grant, by: by)
            try await enter("account.create", detail(account), by: by)
            try keep(.account(account))
            return try await code(for: account, by: by)
        }
    }

    /// Other roles or another name. `match`: the version that was looked at; nil: whichever there is. Ends the account's sessions.
    package func change(
        account id: String, name: String, grant: AccessGrant, match: Int?, by: AccessActor
    ) async throws -> Account {
        try await acting {
            let account = try account(id)
            try check(by, mayChange: account)
            guard match.map({ $0 == account.version }) ?? true else {
                throw APIProblem(.changedMeanwhile, "The account was changed meanwhile; look at it again.")
            }
            try grant.check()
            try check(name: name)
            guard account.name != name || account.grant != grant else { return account }
            var wanted = account
            (wanted.name, wanted.grant) = (name, grant)
            try await enter("account.change", detail(wanted), by: by)
            return try amend(id, also: sessions(of: id).map { .endSession($0.sha256) }) { account in
                (account.name, account.grant) = (name, grant)
                account.version += 1
            }
        }
    }

    /// Nothing is permitted to it from the next request on; or it is let in again.
    package func set(account id: String, isDisabled: Bool, by: AccessActor) async throws -> Account {
        try await acting {
            let account = try account(id)
            try check(by, mayChange: account)
            guard account.isDisabled != isDisabled else { return account }
            let act = isDisabled ? "account.disable" : "account.enable"
            if !isDisabled { try await enter(act, ["account": account.principalID], by: by) }
            let changed = try amend(id, also: sessions(of: id).map { .endSession($0.sha256) }) { account in
                account.isDisabled = isDisabled
                account.version += 1
            }
            if isDisabled { try await enterStop(act, ["account": account.principalID], by: by) }
            return changed
        }
    }

    /// Password, second factor and recovery codes are good for nothing any more; a new set-up code is the answer.
    package func reset(account id: String, by: AccessActor) async throws -> NewAccount {
        try await acting {
            var account = try account(id)
            try check(by, mayChange: account)
            guard account.link == nil else {
                throw APIProblem(.conflict, "This account signs in at the identity provider; reset it there.")
            }
            (account.password, account.totpSecret, account.recoveryCodes, account.places) = (nil, nil, [], [])
            account.version += 1
            let codes = book.setUps.values.filter { $0.account == id }
            try keep([.account(account)] + sessions(of: id).map { .endSession($0.sha256) } + codes.map { .dropSetUp($0.sha256) })
            try await enterStop("account.reset", ["account": account.principalID], by: by)
            return try await code(for: account, by: by)
        }
    }

    func newAccount(_ id: String, _ name: String, _ grant: AccessGrant, by: AccessActor) throws(APIProblem) -> Account {
        guard AccessName.isOwn(id) else {
            throw APIProblem(
                .unprocessable, "A login name has 2 to 64 lower-case letters, digits, `.`, `_` and `-`; choose such a one.", pointer: "/id")
        }
        guard book.accounts[id] == nil else {
            throw APIProblem(.conflict, "There is an account of this name; choose another.", pointer: "/id")
        }
        try grant.check()
        try check(name: name)
        guard book.accounts.count < limits.accountsMax else {
            throw APIProblem(.unprocessable, "There are \(limits.accountsMax) accounts, which is as many as may be.")
        }
        return Account(id: id, name: name, grant: grant, createdAt: parts.clock(), createdBy: by.id)
    }

    func sessions(of account: String) -> [SessionRecord] {
        book.sessions.values.filter { $0.account == account }.sorted { $0.createdAt < $1.createdAt }
    }

    private func check(name: String) throws(APIProblem) {
        let isShown = name.unicodeScalars.contains { !$0.properties.isWhitespace }
        guard isShown, name.utf8.count <= Self.nameBytesMax, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
            throw APIProblem(.unprocessable, "A name has 1 to \(Self.nameBytesMax) bytes, on one line; correct it.", pointer: "/name")
        }
    }

    /// Nobody changes their own roles or state, nor by a token that they made.
    private func check(_ by: AccessActor, mayChange account: Account) throws(APIProblem) {
        guard case .principal(let principal) = by else { return }
        var (who, steps) = (principal.id, 0)
        while who != account.principalID {
            guard let token = book.tokens.values.first(where: { $0.principalID == who }), steps < 10 else { return }
            who = token.createdBy
            steps += 1
        }
        throw APIProblem(.notPermitted, "Nobody changes their own account's roles or state; another administrator has to.")
    }

    private func code(for account: Account, by: AccessActor) async throws -> NewAccount {
        let code = AccessSecret.make(AccessSecret.setUpPrefix)
        let record = SetUpCode(
            sha256: AccessSecret.digest(code), account: account.id, grant: account.grant,
            expiresAt: parts.clock().adding(seconds: limits.inviteSecondsMax), createdBy: by.id)
        let over = book.setUps.values.filter { $0.expiresAt <= parts.clock() }
        try keep(over.map { .dropSetUp($0.sha256) } + [.setUp(record)])
        return NewAccount(id: account.id, setUpCode: code, expiresAt: record.expiresAt)
    }

    private func detail(_ account: Account) -> [String: String?] {
        [
            "account": account.principalID, "roles": account.grant.roles.text, "vendor": account.grant.vendor,
            "engagement": account.grant.engagement, "until": account.grant.until?.rfc3339,
        ]
    }
}
