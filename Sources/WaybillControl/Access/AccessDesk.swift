package import Crypto
package import WaybillCore
package import WaybillLedger

/// Who people and machines are, and what they may. Everything is in memory and in the store; one desk for each store.
///
/// What gives access is entered in the log first; what takes it away is in force first.
package actor AccessDesk {
    package struct Limits: Sendable {
        package var tokenDaysMax: Int64 = 365
        package var tokensMax = 10_000
        package var accountsMax = 10_000
        package var sessionsMaxPerAccount = 20
        package var idleSecondsMax: Int64 = 30 * 60
        package var sessionSecondsMax: Int64 = 12 * 60 * 60
        /// Of the first administrator.
        package var setUpSecondsMax: Int64 = 60 * 60
        /// Of everybody else.
        package var inviteSecondsMax: Int64 = 24 * 60 * 60
        /// From the password to the code.
        package var ticketSecondsMax: Int64 = 5 * 60
        package var ticketsMax = 1_000
        /// Of one account or set-up code; then its oldest goes.
        package var ticketsMaxPerOwner = 8
        /// To the identity provider and back.
        package var tripSecondsMax: Int64 = 10 * 60
        /// Uses of a token nearer to each other are not kept.
        package var usedSecondsMin: Int64 = 600
        package var seenSecondsMin: Int64 = 60
        /// scrypt's N.
        package var passwordRounds = 1 << 16
        package init() {}
    }

    /// What it works with.
    package struct Parts: Sendable {
        package var store: any AccessStore
        /// Seals second factors, signs forms' tokens, hashes addresses.
        package var key: SymmetricKey
        /// Durable when it returns.
        package var enter: @Sendable (LogNotice) async throws(RecordError) -> UInt64
        /// With a later commit.
        package var record: @Sendable (LogNotice) -> Void
        package var clock: @Sendable () -> Timestamp
        /// Nil: none is configured.
        package var provider: OIDCProvider?

        package init(
            store: any AccessStore, key: SymmetricKey, enter: @escaping @Sendable (LogNotice) async throws(RecordError) -> UInt64,
            record: @escaping @Sendable (LogNotice) -> Void, clock: @escaping @Sendable () -> Timestamp,
            provider: OIDCProvider? = nil
        ) {
            self.store = store
            self.key = key
            self.enter = enter
            self.record = record
            self.clock = clock
            self.provider = provider
        }
    }

    let parts: Parts
    let limits: Limits
    var book: AccessBook
    /// SHA-256 of a token → its id.
    var tokenIDs: [String: String] = [:]
    var refusals = RefusalBook()
    /// By SHA-256.
    var tickets: [String: Ticket] = [:]
    /// Trips that came back, by the SHA-256 of their state, until they would be over.
    var spentTrips: [String: Timestamp] = [:]
    let hasher: PasswordHasher
    var accountAttempts = AttemptLimits(free: 5, firstSeconds: 1)
    var addressAttempts = AttemptLimits(free: 30, firstSeconds: 10)
    private var isActing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Reads the store. Throws one sentence with the remedy.
    package init(_ parts: Parts, limits: Limits = Limits()) throws {
        self.parts = parts
        self.limits = limits
        hasher = PasswordHasher(rounds: limits.passwordRounds)
        book = try parts.store.accessBook()
        for token in book.tokens.values { if let sha256 = token.sha256 { tokenIDs[sha256] = token.id } }
    }

    /// One administrative act at a time: none is checked against what another is about to change.
    func acting<Value: Sendable>(_ act: () async throws -> Value) async throws -> Value {
        if isActing { await withCheckedContinuation { waiting.append($0) } } else { isActing = true }
        defer { if waiting.isEmpty { isActing = false } else { waiting.removeFirst().resume() } }
        return try await act()
    }

    func keep(_ changes: AccessChange...) throws(APIProblem) { try keep(changes) }

    func keep(_ changes: [AccessChange]) throws(APIProblem) {
        do { try parts.store.keep(changes) } catch { throw APIProblem(.unavailable, "\(error)") }
        for change in changes { book.apply(change) }
    }

    /// The account as it is now, changed and kept: what others did to it while somebody waited stays.
    func amend(_ id: String, also more: [AccessChange] = [], _ change: (inout Account) -> Void) throws(APIProblem) -> Account {
        var account = try account(id)
        change(&account)
        try keep([.account(account)] + more)
        return account
    }

    /// Entered, durably. `detail`: ids and counts only.
    func enter(_ act: String, _ detail: [String: String?], by: AccessActor) async throws(APIProblem) {
        var detail = detail.compactMapValues { $0 }
        detail["by"] = by.id
        do throws(RecordError) {
            _ = try await parts.enter(.config(act: act, detail: detail))
        } catch {
            throw APIProblem(.unavailable, error.message)
        }
    }

    /// Entered with a later commit; beyond some a minute only counted.
    func refuse(_ reason: RefusalBook.Reason, who: String? = nil, permission: Permission? = nil, now: Timestamp) {
        for notice in refusals.due(now: now) { parts.record(notice) }
        let wasCounting = refusals.isCounting
        if let notice = refusals.note(reason, who: who, permission: permission, now: now) { parts.record(notice) }
        guard refusals.isCounting, !wasCounting else { return }
        Task { [weak self] in
            do { try await Task.sleep(for: .seconds(RefusalBook.windowSeconds + 1)) } catch { return }
            await self?.tellRefusals()
        }
    }

    /// Enters what was only counted so far, if its minute is over or nothing comes after it.
    package func tellRefusals(isLast: Bool = false) {
        for notice in refusals.due(now: parts.clock(), isLast: isLast) { parts.record(notice) }
    }
}

/// Who does an administrative act.
package enum AccessActor: Sendable, Equatable {
    case principal(Principal)
    /// The identity provider, by what it says of a person.
    case provider
    /// Who may run commands on the machine itself.
    case local

    /// As entries of the log name them.
    package var id: String {
        switch self {
        case .principal(let principal): principal.id
        case .provider: "oidc"
        case .local: "local"
        }
    }
}
