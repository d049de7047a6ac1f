import Crypto
import FoundationEssentials
import WaybillCore

/// What is between two steps of somebody who is not signed in yet, or between two forms: in memory, for minutes.
struct Ticket: Sendable {
    enum Purpose: Sendable {
        /// The password was right.
        case code(account: String)
        /// A set-up code was shown; the second factor it is offered.
        case setUp(sha256: String, secret: [UInt8])
        /// Another second factor for who is signed in.
        case enrol(account: String, secret: [UInt8])

        /// Who has had to show something for it.
        var owner: String {
            switch self {
            case .code(let account), .enrol(let account, _): "account:\(account)"
            case .setUp(let sha256, _): sha256
            }
        }
    }
    var purpose: Purpose
    var until: Timestamp
}

extension AccessDesk {
    /// What the browser keeps.
    package struct SessionGrant: Sendable, Equatable {
        package var cookie: String
        package var secondsMax: Int
    }

    static let wrong = APIProblem(
        .credentialMissing, "Name, password or code are not right; try again, or ask an administrator for a set-up code.")
    static let late = APIProblem(.credentialMissing, "That took too long, or was used already; begin again.")

    /// The first step: the answer, and the time it takes, are the same for accounts that are not there. Returns a ticket for `confirm`.
    package func signIn(login: String, password: String, address: String) async throws -> String {
        let now = parts.clock()
        let login = login.lowercased()
        let account = book.accounts[login]
        let key = try admit(login, account, address, now: now)
        let isMatch = try await hasher.matches(String(password.prefix(PasswordRules.bytesMax)), account?.password)
        guard isMatch, let account, account.state == .active, account.grant.until.map({ now < $0 }) ?? true else {
            throw failed(.password, account, key, address, now)
        }
        // Only this attempt: who has the password must not thereby get more guesses at the code.
        accountAttempts.forgive(key, now: now)
        return try ticket(.code(account: account.id), now: now)
    }

    /// The second: a code of the app, or a recovery code.
    package func confirm(ticket: String, code: String, address: String) async throws -> SessionGrant {
        let now = parts.clock()
        guard case .code(let id) = try purpose(of: ticket, now: now), let account = book.accounts[id], account.state == .active else {
            throw Self.late
        }
        let key = try admit(id, account, address, now: now)
        guard var account = try taking(code, of: account, now: now) else { throw failed(.code, account, key, address, now) }
        tickets[AccessSecret.digest(ticket)] = nil
        accountAttempts.succeeded(key)
        account.signedInAt = now
        let place = mac("place", "\(id)\0\(address)")
        account.places = Array(([place] + account.places.filter { $0 != place }).prefix(10))
        // Kept before anything is waited for: a code that comes twice at once is taken once.
        try keep(.account(account))
        return try await begin(account, how: "password", now: now)
    }

    /// A new session, with an id of its own.
    func begin(_ account: Account, how: String, now: Timestamp) async throws -> SessionGrant {
        let cookie = AccessSecret.base64url(AccessSecret.random(32))
        let session = SessionRecord(
            id: "s-" + String(AccessSecret.digest("id:" + cookie).prefix(16)), sha256: AccessSecret.digest(cookie), account: account.id,
            createdAt: now, seenAt: now)
        try await enter(
            "session.begin", ["account": account.principalID, "session": session.id, "how": how], by: .principal(principal(of: account)))
        // Whoever was stopped while the entry was written stays out.
        guard book.accounts[account.id]?.state == .active else { throw Self.wrong }
        let others = sessions(of: account.id)
        let open = others.filter { isOpen($0, account, now: now) }
        let over = others.filter { !isOpen($0, account, now: now) } + open.prefix(max(0, open.count + 1 - limits.sessionsMaxPerAccount))
        try keep(over.map { .endSession($0.sha256) } + [.session(session)])
        return SessionGrant(cookie: cookie, secondsMax: Int(limits.sessionSecondsMax))
    }

    /// Throws 429 while the account or the address has to wait; else counts the attempt as one in vain, until it turns out not to be.
    func admit(_ login: String, _ account: Account?, _ address: String, now: Timestamp) throws(APIProblem) -> String {
        let place = mac("place", "\(login)\0\(address)")
        // Where it signed in before it is counted apart, so that nobody elsewhere can keep the person out.
        let key = account?.places.contains(place) == true ? "\(login)\0\(place)" : account == nil ? "?" + mac("login", login) : login
        if let seconds = addressAttempts.wait(address, now: now) ?? accountAttempts.wait(key, now: now) {
            refuse(.locked, who: account?.principalID, now: now)
            throw APIProblem(.tooMany, "Too many attempts in vain; wait \(seconds) s, then try again.")
        }
        accountAttempts.failed(key, now: now)
        return key
    }

    func failed(_ reason: RefusalBook.Reason, _ account: Account?, _ key: String, _ address: String, _ now: Timestamp) -> APIProblem {
        addressAttempts.failed(address, now: now)
        refuse(reason, who: account?.principalID, now: now)
        return Self.wrong
    }

    /// The account after the code was taken; nil: it is not one.
    private func taking(_ code: String, of account: Account, now: Timestamp) throws -> Account? {
        var account = account
        if let secret = try totpSecret(of: account), let step = TOTP.match(code, secret: secret, after: account.totpStep, now: now) {
            account.totpStep = step
            return account
        }
        let digest = RecoveryCodes.digest(code)
        guard let place = account.recoveryCodes.firstIndex(where: { AccessSecret.areEqual($0.utf8, digest.utf8) }) else { return nil }
        account.recoveryCodes.remove(at: place)
        return account
    }
}

extension AccessDesk {
    func ticket(_ purpose: Ticket.Purpose, now: Timestamp) throws(APIProblem) -> String {
        tickets = tickets.filter { $0.value.until > now }
        let own = tickets.filter { $0.value.purpose.owner == purpose.owner }
        if own.count >= limits.ticketsMaxPerOwner, let oldest = own.min(by: { $0.value.until < $1.value.until }) {
            tickets[oldest.key] = nil
        }
        guard tickets.count < limits.ticketsMax else {
            throw APIProblem(.tooMany, "Too many people sign in at this moment; try again in a few minutes.")
        }
        let ticket = AccessSecret.make("")
        tickets[AccessSecret.digest(ticket)] = Ticket(purpose: purpose, until: now.adding(seconds: limits.ticketSecondsMax))
        return ticket
    }

    func purpose(of ticket: String, now: Timestamp) throws(APIProblem) -> Ticket.Purpose {
        guard let found = tickets[AccessSecret.digest(ticket)], found.until > now else { throw Self.late }
        return found.purpose
    }

    private var sealing: SymmetricKey { key(for: "totp") }

    func key(for use: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: parts.key, info: Array("waybill/v1/access/\(use)".utf8), outputByteCount: 32)
    }

    func sealed(_ secret: [UInt8], of account: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(secret, using: sealing, authenticating: Array(account.utf8))
        return Array(box.combined ?? Data())
    }

    func totpSecret(of account: Account) throws(APIProblem) -> [UInt8]? {
        guard let sealed = account.totpSecret else { return nil }
        do {
            return Array(try AES.GCM.open(try AES.GCM.SealedBox(combined: sealed), using: sealing, authenticating: Array(account.id.utf8)))
        } catch {
            throw APIProblem(.unavailable, "The second factor cannot be read with this master key; reset the account on the machine.")
        }
    }
}
