/// The identity provider that people may sign in at.
package struct OIDCConfiguration: Sendable {
    package static let scopesDefault = ["openid", "profile"]
    /// Exactly as the provider writes it.
    package var issuer: String
    package var clientID: String
    /// Nil: a public client; PKCE alone.
    package var clientSecret: String?
    /// `https://waybill.acme.example/console/sign-in/oidc/callback`, as registered there.
    package var redirectURL: String
    /// Of the ID token; dots lead into objects.
    package var rolesClaim: String
    /// What the claim says → role. Nothing else gives a role.
    package var roles: [String: Role]
    package var scopes: [String]

    package init(
        issuer: String, clientID: String, clientSecret: String?, redirectURL: String, rolesClaim: String, roles: [String: Role],
        scopes: [String] = scopesDefault
    ) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.redirectURL = redirectURL
        self.rolesClaim = rolesClaim
        self.roles = roles
        self.scopes = scopes
    }
}

/// Why somebody was not signed in by the provider. Never a value from a token.
struct OIDCRefusal: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    var description: String
    init(_ description: String) { self.description = description }
}
