/// `organisation.yaml`.
struct OrganisationReader {
    let compilation: Compilation

    func read(_ document: PolicyValue) {
        guard var file = Section(document, "organisation.yaml", compilation.problems) else { return }
        defer { file.finish() }
        let inScope = file.list("in_scope", .oneOf(USLaw.self))
        var assumed: [Regime] = []
        if var assume = file.section("assume") {
            assumed = assume.list("regimes", .oneOf(Regime.self))
            assume.finish()
        }
        let approvals = file.optional("approvals", .oneOf(Organisation.Approvals.self)) ?? .files
        guard var section = file.requiredSection("organisation") else { return }
        defer { section.finish() }
        let (id, name) = (section.required("id", .name), section.required("name", .text))
        let establishedIn = section.required("established_in", .region)
        guard let id, let name, let establishedIn else { return }
        compilation.organisation = Organisation(
            id: id, name: name, establishedIn: establishedIn, inScope: inScope, assumedRegimes: assumed, approvals: approvals,
            position: section.position)
    }
}
