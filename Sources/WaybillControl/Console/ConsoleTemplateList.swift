/// The templates, by area, one line each. Files of `Console/Templates` are put into the binary; a test compares the folder with this list.
enum ConsoleTemplateList {
    static let all: [(name: String, bytes: [UInt8])] = [
        parts,
        overview,
        log,
        access,
    ].flatMap(\.self)

    /// The layout, and what pages are made of.
    static let parts: [(name: String, bytes: [UInt8])] = [
        ("badge", PackageResources.badge_mustache),
        ("button", PackageResources.button_mustache),
        ("cell", PackageResources.cell_mustache),
        ("code", PackageResources.code_mustache),
        ("control", PackageResources.control_mustache),
        ("crumbs", PackageResources.crumbs_mustache),
        ("csrf", PackageResources.csrf_mustache),
        ("diff", PackageResources.diff_mustache),
        ("empty", PackageResources.empty_mustache),
        ("facts", PackageResources.facts_mustache),
        ("field", PackageResources.field_mustache),
        ("form", PackageResources.form_mustache),
        ("header", PackageResources.header_mustache),
        ("layout", PackageResources.layout_mustache),
        ("notice", PackageResources.notice_mustache),
        ("pager", PackageResources.pager_mustache),
        ("parts", PackageResources.parts_mustache),
        ("progress", PackageResources.progress_mustache),
        ("refusal", PackageResources.refusal_mustache),
        ("table", PackageResources.table_mustache),
        ("tabs", PackageResources.tabs_mustache),
        ("timeline", PackageResources.timeline_mustache),
    ]

    static let overview: [(name: String, bytes: [UInt8])] = [
        ("overview", PackageResources.overview_mustache)
    ]

    static let log: [(name: String, bytes: [UInt8])] = [
        ("log", PackageResources.log_mustache)
    ]

    static let access: [(name: String, bytes: [UInt8])] = [
        ("access-secret", PackageResources.access_secret_mustache)
    ]
}
