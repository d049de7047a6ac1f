/// The console's navigation: what is listed here and served, for whoever may open it.
enum ConsoleNavigation {
    struct Item: Sendable {
        var label: String
        var path: String
    }
    struct Group: Sendable {
        var label: String
        var items: [Item]
    }

    static let groups = [
        Group(
            label: "Transfers",
            items: [
                Item(label: "Overview", path: "/console/overview"),
                Item(label: "Transfers", path: "/console/transfers"),
                Item(label: "Kill switch", path: "/console/stops"),
            ]),
        Group(
            label: "Agreements",
            items: [
                Item(label: "Vendors", path: "/console/vendors"),
                Item(label: "Agreements", path: "/console/agreements"),
                Item(label: "Due dates", path: "/console/due"),
            ]),
        Group(
            label: "People",
            items: [
                Item(label: "Subjects", path: "/console/subjects"),
                Item(label: "Consents", path: "/console/consents"),
            ]),
        Group(
            label: "Evidence",
            items: [
                Item(label: "Audits", path: "/console/engagements"),
                Item(label: "Packages", path: "/console/packages"),
                Item(label: "Log", path: "/console/log"),
                Item(label: "Sinks", path: "/console/sinks"),
            ]),
        Group(
            label: "Access",
            items: [
                Item(label: "Accounts", path: "/console/accounts"),
                Item(label: "Tokens", path: "/console/tokens"),
                Item(label: "Sessions", path: "/console/sessions"),
                Item(label: "Own account", path: "/console/account"),
            ]),
    ]

    /// `pages`: GET pages by path. `current`: of the request.
    static func json(for principal: Principal, pages: [String: ConsolePage], current: String) -> JSONValue {
        let open = groups.map { group in (group.label, group.items.filter { isOpen($0, principal, pages) }) }.filter { !$0.1.isEmpty }
        let here = open.flatMap(\.1).filter { current == $0.path || current.hasPrefix($0.path + "/") }
            .max { $0.path.utf8.count < $1.path.utf8.count }
        return .array(
            open.map { label, items in
                .object([
                    "label": .string(label),
                    "items": .array(
                        items.map { item in
                            .object([
                                "label": .string(item.label), "path": .string(item.path), "is_current": .bool(item.path == here?.path),
                            ])
                        }),
                ])
            })
    }

    /// Where whoever comes to `/console` is led: the first page they may open.
    static func home(of principal: Principal, pages: [String: ConsolePage]) -> String? {
        groups.flatMap(\.items).first { isOpen($0, principal, pages) }?.path
    }

    private static func isOpen(_ item: Item, _ principal: Principal, _ pages: [String: ConsolePage]) -> Bool {
        pages[item.path]?.permission.map { principal.may($0) } ?? false
    }
}
