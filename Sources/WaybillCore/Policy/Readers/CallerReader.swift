/// `callers/*.yaml`.
struct CallerReader {
    let compilation: Compilation
    /// Agreements by id, every version.
    let agreements: [String: [Agreement]]
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation, agreements: [String: [Agreement]]) {
        self.compilation = compilation
        self.agreements = agreements
    }

    func read(_ document: PolicyValue) {
        guard var file = Section(document, "the caller", problems) else { return }
        let id = file.required("caller", .name)
        let position = document["caller"]?.position ?? document.position
        let owner = file.required("owner", .text)
        let credentialValues = file.required("credentials").map { Section.items($0, "`credentials`", problems) } ?? []
        let credentials = credentialValues.compactMap(credential)
        let permissions = file.required("may_use").map { Section.items($0, "`may_use`", problems).compactMap(permission) } ?? []
        let defaultPurpose = file.optional("default_purpose").flatMap { value in
            compilation.resolve(value, in: compilation.purposes).map { (id: $0, position: value.position) }
        }
        let onDenied = file.optional("on_denied_record", .oneOf(Caller.OnDenied.self)) ?? .reject
        if onDenied == .hold {
            problems.error(
                document["on_denied_record"]?.position ?? position, "not_built_yet", "holds are not built yet in this version",
                "write `reject` (send nothing) or `drop` (send the rest)")
        }
        let childDirected = file.optional("child_directed", .bool) ?? false
        file.finish()
        if let value = document["credentials"], case .list(let items) = value.content, items.isEmpty {
            problems.error(
                value.position, "credentials_empty", "nobody could call as this caller", "add `{token_sha256: …}` or `{mtls_san: …}`")
        }
        let isComplete = document["may_use"].map { list in
            if case .list(let items) = list.content {
                permissions.count == items.count && !permissions.contains(where: isUnreadable)
            } else {
                false
            }
        }
        if let defaultPurpose, isComplete == true, !permissions.contains(where: { $0.purposes.contains(defaultPurpose.id) }) {
            problems.error(
                defaultPurpose.position, "default_purpose_not_permitted", "no entry of `may_use` has the default purpose",
                "add it to an entry, or choose another default")
        }
        guard let id, let owner else { return }
        let caller = Caller(
            id: id, owner: owner, credentials: credentials, mayUse: permissions, defaultPurpose: defaultPurpose?.id, onDenied: onDenied,
            childDirected: childDirected, position: position)
        compilation.callers.add(caller, named: id, at: position, problems)
    }

    private func isUnreadable(_ permission: Caller.Permission) -> Bool { compilation.unreadable.contains(permission.agreement) }

    private func credential(_ value: PolicyValue) -> Caller.Credential? {
        guard var section = Section(value, "the credential", problems) else { return nil }
        let token = section.optional("token_sha256", .sha256)
        let san = section.optional("mtls_san", .text)
        section.finish()
        if section.has("token_sha256") == section.has("mtls_san") {
            problems.error(
                value.position, "bad_credential", "a credential is one of two kinds", "write `{token_sha256: …}` or `{mtls_san: …}`")
            return nil
        }
        return token.map { .tokenSHA256($0) } ?? san.map { .mtlsSAN($0) }
    }

    private func permission(_ value: PolicyValue) -> Caller.Permission? {
        guard var section = Section(value, "the permission", problems) else { return nil }
        let name = section.required("agreement", .name)
        let namePosition = value["agreement"]?.position ?? value.position
        let purposeValues = section.required("purposes").map { Section.items($0, "`purposes`", problems) } ?? []
        let endpointValues = section.optional("endpoints").map { Section.items($0, "`endpoints`", problems) }
        section.finish()
        guard let name else { return nil }
        guard let versions = agreements[name], let first = versions.first else {
            guard !compilation.unreadable.contains(name) else { return nil }
            problems.error(
                namePosition, "unknown_agreement", "there is no agreement `\(name)`",
                Suggestion.remedy(for: name, among: Array(agreements.keys), else: "add it to agreements/"))
            return nil
        }
        let purposes = purposeValues.compactMap { value -> PurposeID? in
            guard let purpose = compilation.resolve(value, in: compilation.purposes) else { return nil }
            guard compilation.unreadable.contains(name) || versions.contains(where: { $0.purposes.contains { $0.purpose == purpose } })
            else {
                problems.error(
                    value.position, "purpose_not_agreed", "no version of `\(name)` has the purpose `\(compilation.purposes[purpose].name)`",
                    "agree on it first, or remove it here")
                return nil
            }
            return purpose
        }
        let endpoints = endpointValues.map { compilation.resolveEndpoints($0, of: first.vendor) }
        let covered = versions.contains { version in
            version.purposes.contains { term in
                purposes.contains(term.purpose) && (endpoints.map { !$0.isDisjoint(with: term.endpoints) } ?? !term.endpoints.isEmpty)
            }
        }
        if !covered, !compilation.unreadable.contains(name), purposes.count == purposeValues.count,
            endpoints?.isEmpty != true || endpointValues?.isEmpty == true
        {
            problems.error(
                value.position, "permission_covers_nothing", "no endpoint is both here and in the agreement's purposes",
                "correct `purposes` or `endpoints`")
        }
        return Caller.Permission(agreement: name, vendor: first.vendor, purposes: purposes, endpoints: endpoints, position: value.position)
    }
}
