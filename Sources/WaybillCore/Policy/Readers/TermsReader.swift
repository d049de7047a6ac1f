/// `catalog/terms.yaml`: checklists of what an agreement's paper must say, by role and regime.
///
/// A checklist under several regimes becomes one entry each, with the same name.
struct TermsReader {
    let compilation: Compilation

    func read(_ document: PolicyValue) {
        let problems = compilation.problems
        guard var file = Section(document, "terms.yaml", problems) else { return }
        guard let checklists = file.required("checklists") else { return file.finish() }
        for member in Section.members(checklists, "`checklists`", problems) {
            guard var section = Section(member.value, "the checklist", problems) else { continue }
            let regimes = section.list("regimes", .oneOf(Regime.self))
            let roles = section.list("roles", .oneOf(Agreement.Role.self))
            let usRoles = section.list("us_roles", .oneOf(Agreement.USRole.self))
            // Each item's text says in short what the term is; agreements name items by key.
            let items = section.map("items")
            for item in items { _ = ScalarType<String>.text.read(item.value, problems) }
            section.finish()
            if regimes.isEmpty || (roles.isEmpty && usRoles.isEmpty) || items.isEmpty {
                problems.error(
                    member.keyPosition, "checklist_binds_nobody", "the checklist names no regime, no role or no item",
                    "give it `regimes`, `roles` or `us_roles`, and `items`")
            }
            for regime in regimes {
                compilation.checklists.append(
                    TermsChecklist(name: member.key, regime: regime, roles: roles, usRoles: usRoles, items: items.map(\.key)))
            }
        }
        file.finish()
    }
}
