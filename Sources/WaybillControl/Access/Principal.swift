/// Who asks: established from a credential on each request, and never kept.
package struct Principal: Sendable, Equatable {
    package enum Kind: String, Sendable, Codable { case person, token, machine }

    /// As administrative entries of the log name it: `account:anna`, `token:nightly-export`, `mtls:crm.acme.internal`. No e-mail address.
    package var id: String
    /// For people to read.
    package var name: String
    package var kind: Kind
    package var roles: Set<Role>
    /// Narrower than the roles; nil: all that they permit.
    package var scopes: Set<Permission>?
    /// Sees this vendor only.
    package var vendor: String?
    /// Sees this engagement only.
    package var engagement: String?
    /// Of a caller of the gate: sees its own transfers only.
    package var caller: String?
    /// The console's session, for its list and its end.
    package var session: String?

    package init(id: String, name: String, kind: Kind, roles: Set<Role>) {
        self.id = id
        self.name = name
        self.kind = kind
        self.roles = roles
    }

    package func may(_ permission: Permission) -> Bool {
        !permission.roles.isDisjoint(with: roles) && (scopes?.contains(permission) ?? true)
            && (!isBound || permission.isNarrowed(to: self))
    }

    /// To one vendor, one engagement or one caller.
    package var isBound: Bool { vendor != nil || engagement != nil || caller != nil }

    /// False: this vendor is not theirs to see; answer as if it did not exist.
    package func sees(vendor: String) -> Bool { self.vendor.map { $0 == vendor } ?? true }
    package func sees(engagement: String) -> Bool { self.engagement.map { $0 == engagement } ?? true }
}
