import WaybillCore

/// Puts a page into the layout: navigation, who is signed in, what is out of the ordinary, notices and problems.
struct ConsoleWriter: Sendable {
    let templates: ConsoleTemplates
    let assets: ConsoleAssets
    /// GET pages by path.
    let pages: [String: ConsolePage]
    let standing: (any ConsoleStanding)?

    /// Nil: there is no such template.
    func html(_ template: String, title: String, _ values: JSONValue, _ visit: ConsoleVisit) async -> String? {
        var members = values.members
        members["csrf"] = .string(visit.csrf)
        guard let content = templates.render(template, .object(members)) else { return nil }
        let principal = visit.session?.principal
        var page: [String: JSONValue] = [
            "title": .string(title), "content": .string(content), "style": .string(assets.style.path),
            "script": .string(assets.script.path),
            "icon": .string(assets.icon.path), "csrf": .string(visit.csrf), "notice": .optional(visit.notice),
            "crumbs": members["crumbs"] ?? .null,
            "problem": visit.problem.map { .object(["message": .string($0.message), "field": .optional($0.field)]) } ?? .null,
        ]
        if let principal {
            page["who"] = .object([
                "name": .string(principal.name),
                "roles": .string(principal.roles.map(\.label).sorted().joined(separator: ", ")),
                "account": .optional(pages["/console/account"].map { _ in "/console/account" }),
            ])
            page["groups"] = ConsoleNavigation.json(for: principal, pages: pages, current: visit.path)
            let banners =
                await standing?.banners(now: visit.now).filter { banner in
                    // Of the house as a whole: whoever sees one vendor only is not told of others.
                    principal.may(banner.permission) && (!principal.isBound || banner.permission == .useOwnAccount)
                } ?? []
            page["banners"] = .array(banners.map(\.json))
        }
        return templates.render("layout", .object(page))
    }
}
