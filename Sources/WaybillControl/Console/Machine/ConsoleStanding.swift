package import WaybillCore

/// What is out of the ordinary now: a stop, report mode, a degraded log. Asked for every page, so it answers from memory.
package protocol ConsoleStanding: Sendable {
    func banners(now: Timestamp) async -> [ConsoleBanner]
}

/// One sentence at the top of every page.
package struct ConsoleBanner: Sendable, Equatable {
    package enum Tone: String, Sendable { case warning, danger }
    package var tone: Tone
    package var text: String
    /// Where to see more, and what that link says.
    package var path: String?
    package var link: String?
    /// Who may not see it is not told.
    package var permission: Permission

    package init(_ tone: Tone, _ text: String, permission: Permission, path: String? = nil, link: String? = nil) {
        self.tone = tone
        self.text = text
        self.permission = permission
        self.path = path
        self.link = link
    }

    var json: JSONValue {
        .object([
            "tone": .string(tone.rawValue), "is_danger": .bool(tone == .danger), "text": .string(text), "path": .optional(path),
            "link": .optional(link),
        ])
    }
}
