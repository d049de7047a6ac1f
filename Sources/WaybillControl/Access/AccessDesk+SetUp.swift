package import WaybillCore

extension AccessDesk {
    /// What the form of a set-up shows.
    package struct SetUp: Sendable {
        package var ticket: String
        /// Nil: the person chooses it.
        package var login: String?
        package var name: String
        package var secret: String
        package var uri: String
    }

    /// Shown once.
    package struct SetUpDone: Sendable {
        package var session: SessionGrant
        package var recoveryCodes: [String]
    }

    /// For `waybill init` and commands on a store that nobody has open: the code of the first administrator, and its record.
    package static func firstSetUp(now: Timestamp, limits: Limits = Limits()) -> (code: String, record: SetUpCode) {
        let code = AccessSecret.make(AccessSecret.setUpPrefix)
        return (
            code,
            SetUpCode(
                sha256: AccessSecret.digest(code), account: nil, grant: AccessGrant(roles: [.administrator]),
                expiresAt: now.adding(seconds: limits.setUpSecondsMax), createdBy: AccessActor.local.id)
        )
    }

    /// Another, where the first was not used in time; only the machine's operator may.
    package func inviteAdministrator() async throws -> String {
        try await acting {
            let (code, record) = Self.firstSetUp(now: parts.clock(), limits: limits)
            try await enter("account.invite", ["roles": Role.administrator.rawValue], by: .local)
            try keep(.setUp(record))
            return code
        }
    }

    package func beginSetUp(code: String, address: String) throws -> SetUp {
        let now = parts.clock()
        if let seconds = addressAttempts.wait(address, now: now) {
            refuse(.locked, now: now)
            throw APIProblem(.tooMany, "Too many attempts in vain; wait \(seconds) s, then try again.")
        }
        guard AccessSecret.isShaped(code, AccessSecret.setUpPrefix), let record = book.setUps[AccessSecret.digest(code)],
            record.expiresAt > now
        else {
            addressAttempts.failed(address, now: now)
            refuse(.setUpCode, now: now)
            throw APIProblem(.credentialMissing, "This set-up code is not known, or is over; ask an administrator for another.")
        }
        let secret = AccessSecret.random(TOTP.secretBytes)
        return try setUp(try ticket(.setUp(sha256: record.sha256, secret: secret), now: now))
    }

    /// The form again, after something in it was refused.
    package func setUp(_ ticket: String) throws -> SetUp {
        guard case .setUp(let sha256, let secret) = try purpose(of: ticket, now: parts.clock()), let record = book.setUps[sha256] else {
            throw Self.late
        }
        let account = record.account.flatMap { book.accounts[$0] }
        return SetUp(
            ticket: ticket, login: record.account, name: account?.name ?? "", secret: Base32.text(secret),
            uri: TOTP.uri(secret, account: record.account ?? "administrator", issuer: "Waybill"))
    }

    /// Makes the account one that can sign in, and signs it in.
    package func finishSetUp(
        ticket: String, login: String, name: String, password: String, code: String
    ) async throws -> SetUpDone {
        try await acting {
            let now = parts.clock()
            guard case .setUp(let sha256, let secret) = try purpose(of: ticket, now: now), let record = book.setUps[sha256],
                record.expiresAt > now
            else { throw Self.late }
            var account = try record.account.map { try self.account($0) } ?? newAccount(login.lowercased(), name, record.grant, by: .local)
            guard !account.isDisabled else { throw Self.late }
            try PasswordRules.check(password, names: [account.id, account.name])
            guard let step = TOTP.match(code, secret: secret, after: 0, now: now) else {
                throw APIProblem(
                    .unprocessable, "That is not the code the app shows now; check the clock of this device, and enter the next one.",
                    pointer: "/code")
            }
            account.password = try await hasher.hash(password)
            account.totpSecret = try sealed(secret, of: account.id)
            account.totpStep = step
            let codes = RecoveryCodes.make()
            account.recoveryCodes = codes.map(RecoveryCodes.digest)
            account.version += 1
            account.signedInAt = now
            try await enter(
                "account.set_up", ["account": account.principalID, "roles": account.grant.roles.text],
                by: .principal(principal(of: account)))
            tickets[AccessSecret.digest(ticket)] = nil
            try keep(.account(account), .dropSetUp(sha256))
            return SetUpDone(session: try await begin(account, how: "set_up", now: now), recoveryCodes: codes)
        }
    }

    /// Whether anybody could sign in at all.
    package var isEmpty: Bool { !book.accounts.values.contains { $0.state == .active } }
}

extension Set<Role> {
    var text: String { map(\.rawValue).sorted().joined(separator: " ") }
}
