import Crypto
import WaybillCore

extension AccessDesk {
    package struct Departure: Sendable {
        /// The provider's.
        package var url: String
        /// For the browser's cookie: only it may come back.
        package var cookie: String
    }

    package struct Arrival: Sendable {
        package var session: SessionGrant
        package var next: String?
    }

    package nonisolated var hasProvider: Bool { parts.provider != nil }

    package func depart(next: String?) async throws -> Departure {
        guard let provider = parts.provider else { throw APIProblem(.notFound, "No identity provider is configured.") }
        let now = parts.clock()
        let trip = ProviderTrip(next: next, until: now.adding(seconds: limits.tripSecondsMax))
        do {
            return Departure(
                url: try await provider.authorizationURL(state: trip.state, nonce: trip.nonce, challenge: trip.challenge, now: now),
                cookie: try trip.sealed(by: key(for: "oidc-trip")))
        } catch {
            throw APIProblem(.unavailable, "The identity provider cannot be used now. \(Self.sentence(error))")
        }
    }

    /// `state`, `code` and, where it says so, `issuer` as the provider sent them by the browser.
    package func arrive(state: String, code: String, issuer: String?, cookie: String, address: String) async throws -> Arrival {
        let now = parts.clock()
        if let seconds = addressAttempts.wait(address, now: now) {
            refuse(.locked, now: now)
            throw APIProblem(.tooMany, "Too many attempts in vain; wait \(seconds) s, then try again.")
        }
        // RFC 9207: an answer of another provider is none of ours.
        guard let provider = parts.provider, issuer ?? provider.configuration.issuer == provider.configuration.issuer,
            let trip = ProviderTrip(sealed: cookie, by: key(for: "oidc-trip")), AccessSecret.areEqual(trip.state.utf8, state.utf8),
            now < trip.until, spend(trip, now: now)
        else { throw failed(address, now, "This sign-in was not begun by this browser, or is over; begin again.") }
        let token: IDToken
        do {
            token = try await provider.token(for: code, verifier: trip.verifier, nonce: trip.nonce, now: now)
        } catch {
            throw failed(address, now, Self.sentence(error))
        }
        var grant = AccessGrant(roles: token.roles(provider.configuration))
        guard !grant.roles.isEmpty else {
            throw failed(address, now, "The identity provider gives you no role here; ask whoever keeps it.")
        }
        do throws(APIProblem) { try grant.check() } catch { throw failed(address, now, error.detail) }
        let link = Account.Link(issuer: provider.configuration.issuer, subject: token.subject)
        let account = try await acting { try await linked(link, &grant, name: token.claims["name"].text) }
        guard var account, account.state == .active else { throw failed(address, now, Self.wrong.detail, who: account?.principalID) }
        account.signedInAt = now
        try keep(.account(account))
        return Arrival(session: try await begin(account, how: "oidc", now: now), next: trip.next)
    }

    /// False: it came back before. A state is taken once, whatever comes of it.
    private func spend(_ trip: ProviderTrip, now: Timestamp) -> Bool {
        spentTrips = spentTrips.filter { $0.value > now }
        if spentTrips.count >= limits.ticketsMax, let oldest = spentTrips.min(by: { $0.value < $1.value }) { spentTrips[oldest.key] = nil }
        return spentTrips.updateValue(trip.until, forKey: AccessSecret.digest(trip.state)) == nil
    }

    /// The account of (issuer, subject), made or changed as the provider says now; nil: it cannot be made.
    private func linked(_ link: Account.Link, _ grant: inout AccessGrant, name: String?) async throws -> Account? {
        let id = "oidc-" + AccessSecret.digest("\(link.issuer)\0\(link.subject)").prefix(16)
        let shown =
            name.map { String($0.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }.map(Character.init).prefix(50)) } ?? ""
        let known = book.accounts.values.first { $0.link == link }
        guard known?.isDisabled != true else { return known }
        // Nobody who signs in there takes over an account that was made here.
        guard known != nil || (book.accounts.count < limits.accountsMax && book.accounts[id] == nil) else { return nil }
        var account = known ?? Account(id: id, name: id, grant: grant, createdAt: parts.clock(), createdBy: AccessActor.provider.id)
        account.link = link
        let hasOtherRoles = account.grant != grant
        account.grant = grant
        if shown.contains(where: { !$0.isWhitespace }) { account.name = shown }
        if known == nil || hasOtherRoles {
            account.version += known == nil ? 0 : 1
            let act = known == nil ? "account.create" : "account.change"
            try await enter(act, ["account": account.principalID, "roles": grant.roles.text], by: .provider)
            try keep([.account(account)] + (hasOtherRoles ? sessions(of: account.id).map { .endSession($0.sha256) } : []))
        }
        return account
    }

    private func failed(_ address: String, _ now: Timestamp, _ why: String, who: String? = nil) -> APIProblem {
        addressAttempts.failed(address, now: now)
        refuse(.oidc, who: who, now: now)
        return APIProblem(.credentialMissing, why)
    }

    private static func sentence(_ error: any Error) -> String {
        (error as? OIDCRefusal)?.description ?? "It did not answer; check access.oidc.issuer and the network."
    }
}
