package import WaybillCore

/// Where accounts, tokens, sessions and set-up codes are kept. One process at a time has it.
package protocol AccessStore: Sendable {
    /// Everything. Throws one sentence with the remedy.
    func accessBook() throws -> AccessBook
    /// All of them or none.
    func keep(_ changes: [AccessChange]) throws
}

package enum AccessChange: Sendable {
    case account(Account)
    case token(AccessToken)
    case session(SessionRecord)
    case setUp(SetUpCode)
    /// By their `sha256`.
    case endSession(String)
    case dropSetUp(String)
}

/// Who is known, at one moment.
package struct AccessBook: Sendable {
    /// By id.
    package var accounts: [String: Account] = [:]
    /// By id.
    package var tokens: [String: AccessToken] = [:]
    /// By `sha256`.
    package var sessions: [String: SessionRecord] = [:]
    package var setUps: [String: SetUpCode] = [:]

    package init() {}

    mutating func apply(_ change: AccessChange) {
        switch change {
        case .account(let account): accounts[account.id] = account
        case .token(let token): tokens[token.id] = token
        case .session(let session): sessions[session.sha256] = session
        case .setUp(let code): setUps[code.sha256] = code
        case .endSession(let sha256): sessions[sha256] = nil
        case .dropSetUp(let sha256): setUps[sha256] = nil
        }
    }
}

/// A machine's: by a token, or by a client certificate that names it.
package struct AccessToken: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable { case token, mtls }
    /// Chosen when it is made, never used again; of `mtls` the DNS name.
    package var id: String
    package var kind: Kind
    /// Of the token; nil: `mtls`.
    package var sha256: String?
    package var grant: AccessGrant
    package var scopes: Set<Permission>?
    package var createdAt: Timestamp
    package var createdBy: String
    package var expiresAt: Timestamp
    package var revokedAt: Timestamp?
    /// To within `AccessDesk.Limits.usedSecondsMin`.
    package var usedAt: Timestamp?

    /// As the log names it.
    package var principalID: String { "\(kind.rawValue):\(id)" }
}

/// A person who signs in.
package struct Account: Codable, Sendable, Equatable {
    /// Who somebody is to an OIDC provider.
    package struct Link: Codable, Sendable, Equatable, Hashable {
        package var issuer: String
        package var subject: String
        package init(issuer: String, subject: String) {
            self.issuer = issuer
            self.subject = subject
        }
    }
    package enum State: String, Codable, Sendable {
        /// Has a set-up code, and has not used it.
        case invited
        case active
        case disabled
    }
    /// The login name.
    package var id: String
    /// For people to read.
    package var name: String
    package var grant: AccessGrant
    package var isDisabled = false
    package var password: PasswordHash?
    /// Sealed.
    package var totpSecret: [UInt8]?
    /// The last step of time whose code was taken: none is taken twice.
    package var totpStep: Int64 = 0
    /// SHA-256 of each that is left.
    package var recoveryCodes: [String] = []
    package var link: Link?
    /// Keyed hashes of addresses it signed in from: what others try elsewhere does not delay it there.
    package var places: [String] = []
    package var createdAt: Timestamp
    package var createdBy: String
    package var signedInAt: Timestamp?
    /// From 1; each change takes the next.
    package var version = 1

    package init(id: String, name: String, grant: AccessGrant, createdAt: Timestamp, createdBy: String) {
        self.id = id
        self.name = name
        self.grant = grant
        self.createdAt = createdAt
        self.createdBy = createdBy
    }

    package var principalID: String { "account:\(id)" }
    package var state: State { isDisabled ? .disabled : password == nil && link == nil ? .invited : .active }
}

/// Of the console.
package struct SessionRecord: Codable, Sendable, Equatable {
    /// For lists and revocation; not what the cookie holds.
    package var id: String
    package var sha256: String
    package var account: String
    package var createdAt: Timestamp
    /// To within `AccessDesk.Limits.seenSecondsMin`.
    package var seenAt: Timestamp
}

/// Lets one person set up an account, once.
package struct SetUpCode: Codable, Sendable, Equatable {
    package var sha256: String
    /// Nil: the person chooses the login name (the first administrator).
    package var account: String?
    package var grant: AccessGrant
    package var expiresAt: Timestamp
    package var createdBy: String

    package init(sha256: String, account: String?, grant: AccessGrant, expiresAt: Timestamp, createdBy: String) {
        self.sha256 = sha256
        self.account = account
        self.grant = grant
        self.expiresAt = expiresAt
        self.createdBy = createdBy
    }
}
