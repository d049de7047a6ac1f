import WaybillControl

/// `access.oidc`: whole, or not at all.
enum OIDCSection {
    /// Roles that need to be narrowed to somebody, which no claim does.
    private static let notGiven: Set<Role> = [.caller, .vendorAuditor]

    static func read(_ values: ConfigurationValues, insecure: Bool) throws(CommandFailure) -> OIDCConfiguration? {
        let needed = [ConfigurationKey.oidcIssuer, .oidcClientID, .oidcRedirectURL]
        let written = needed.compactMap { values.text($0) }
        let roles = try roles(values)
        guard !written.isEmpty || !roles.isEmpty || values.text(.oidcClientSecret) != nil else { return nil }
        guard written.count == needed.count, !roles.isEmpty else {
            throw CommandFailure(
                "`access.oidc` needs `issuer`, `client_id`, `redirect_url` and `roles`",
                remedy: "add what is missing, or remove the section")
        }
        for (key, text) in zip([needed[0], needed[2]], [written[0], written[2]]) where !isURL(text, insecure: insecure) {
            throw CommandFailure(
                "\(values.origin(of: key)): `\(key.name)` must be an https URL without user, query and fragment",
                remedy: "correct it; plain http is for loopback, or with `insecure: true`")
        }
        let secret = values.text(.oidcClientSecret)
        if let secret, !secret.hasPrefix("${secret:") || !secret.hasSuffix("}") {
            // It may be the secret itself, so it is not shown.
            throw CommandFailure(
                "\(values.origin(of: .oidcClientSecret)): the configuration is no place for a secret",
                remedy: "write `${secret:NAME}` and put it into that secret")
        }
        let scopes = values.texts(.oidcScopes)
        return OIDCConfiguration(
            issuer: written[0], clientID: written[1], clientSecret: secret, redirectURL: written[2],
            rolesClaim: values.text(.oidcRolesClaim) ?? "roles", roles: roles,
            scopes: scopes.isEmpty ? OIDCConfiguration.scopesDefault : scopes)
    }

    private static func roles(_ values: ConfigurationValues) throws(CommandFailure) -> [String: Role] {
        var found: [String: Role] = [:]
        for text in values.texts(.oidcRoles) {
            guard let place = text.lastIndex(of: "="), place > text.startIndex,
                let role = Role(rawValue: String(text[text.index(after: place)...])), !notGiven.contains(role)
            else {
                let known = Role.allCases.filter { !notGiven.contains($0) }.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(
                    "\(values.origin(of: .oidcRoles)): a line of `access.oidc.roles` must be `VALUE=role`",
                    remedy: "the roles are \(known)")
            }
            guard found.updateValue(role, forKey: String(text[..<place])) == nil else {
                throw CommandFailure(
                    "\(values.origin(of: .oidcRoles)): `access.oidc.roles` names a value twice", remedy: "let each value give one role")
            }
        }
        return found
    }

    private static func isURL(_ text: String, insecure: Bool) -> Bool {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !text.contains(where: { "@?#\\".contains($0) }) else { return false }
        if text.hasPrefix("https://") { return text.utf8.count > 8 }
        guard text.hasPrefix("http://") else { return false }
        let authority = String(text.dropFirst(7).prefix { $0 != "/" })
        guard let address = HostPort(authority.contains(":") ? authority : authority + ":80") else { return false }
        return address.isLoopback || insecure
    }
}
