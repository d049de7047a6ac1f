package import WaybillCore

/// What pages are made of: each function makes what the template of the same name takes. A page that is nothing but parts is shown by
/// `ConsolePart.page`, so that it needs no template of its own.
///
/// Texts are shown as they are, escaped. Every member a template may ask for is there, null where there is none: Mustache would otherwise
/// find one of the same name further out.
package enum ConsolePart {
    package enum Tone: String, Sendable { case ok, warn, bad, info, plain }

    /// A page of parts, in their order; each is what a function below makes.
    package static func page(
        _ heading: String, lead: String? = nil, badges: [JSONValue] = [], actions: [JSONValue] = [],
        crumbs: [(label: String, path: String)] = [],
        _ parts: [JSONValue]
    ) -> ConsoleAnswer {
        .page(
            "parts", title: heading,
            .object([
                "header": header(heading, lead: lead, badges: badges, actions: actions),
                "crumbs": crumbs.isEmpty ? .null : self.crumbs(crumbs, here: heading), "parts": .array(parts),
            ]))
    }

    /// Of `parts`: a heading above what follows it.
    package static func section(_ heading: String) -> JSONValue { part("section", .string(heading)) }
    package static func text(_ text: String) -> JSONValue { part("text", .string(text)) }
    package static func part(_ name: String, _ value: JSONValue) -> JSONValue {
        var members = Dictionary(uniqueKeysWithValues: partNames.map { ($0, JSONValue.null) })
        members[name] = value
        return .object(members)
    }
    private static let partNames = [
        "section", "text", "tabs", "notice", "facts", "table", "empty", "pager", "code", "diff", "timeline", "form", "progress",
    ]

    package static func crumbs(_ items: [(label: String, path: String)], here: String) -> JSONValue {
        .object([
            "items": .array(items.map { .object(["label": .string($0.label), "path": .string($0.path)]) }), "here": .string(here),
        ])
    }

    package static func header(
        _ heading: String, lead: String? = nil, badges: [JSONValue] = [], actions: [JSONValue] = []
    ) -> JSONValue {
        .object([
            "heading": .string(heading), "lead": .optional(lead), "badges": .array(badges), "actions": .array(actions),
            "has_actions": .bool(!actions.isEmpty),
        ])
    }

    /// A link that looks like a button.
    package static func action(_ label: String, _ path: String, isPrimary: Bool = false) -> JSONValue {
        .object(["label": .string(label), "path": .string(path), "is_primary": .bool(isPrimary)])
    }

    /// A state in words; the tone only repeats them.
    package static func badge(_ text: String, _ tone: Tone = .plain) -> JSONValue {
        .object(["text": .string(text), "tone": .string(tone.rawValue)])
    }

    package static func notice(
        _ tone: Tone, heading: String? = nil, _ text: String, link: String? = nil, path: String? = nil
    ) -> JSONValue {
        .object([
            "tone": .string(tone.rawValue), "heading": .optional(heading), "text": .string(text), "link": .optional(link),
            "path": .optional(path),
        ])
    }

    package static func empty(_ text: String, link: String? = nil, path: String? = nil) -> JSONValue {
        .object(["text": .string(text), "link": .optional(link), "path": .optional(path)])
    }

    /// `next`: of the list's answer. The filter is what `call.fields` has, without the cursor.
    package static func pager(_ path: String, _ call: ConsoleCall, next: String?, label: String = "Pages") -> JSONValue {
        var fields = call.fields.filter { !$0.value.allSatisfy(\.isEmpty) }
        let isFirst = fields.removeValue(forKey: "cursor") == nil
        let first = isFirst ? nil : ConsoleAddress.path(path, fields)
        fields["cursor"] = next.map { [$0] }
        return .object([
            "first": .optional(first), "next": next == nil ? .null : .string(ConsoleAddress.path(path, fields)), "label": .string(label),
            "has_any": .bool(first != nil || next != nil),
        ])
    }

    package static func tabs(_ label: String, _ items: [(label: String, path: String)], current: String) -> JSONValue {
        .object([
            "label": .string(label),
            "items": .array(
                items.map {
                    .object(["label": .string($0.label), "path": .string($0.path), "is_current": .bool($0.path == current)])
                }),
        ])
    }

    /// Of a job, once a page: the page comes again by itself where scripts run, and by its link. `percent` nil: nobody knows.
    package static func progress(_ text: String, path: String, percent: Int?, seconds: Int) -> JSONValue {
        part(
            "progress",
            .object([
                "text": .string(text), "path": .string(path), "percent": .optional(percent.map(String.init)),
                "seconds": .string(String(seconds)),
            ]))
    }

    package static func code(_ label: String, _ text: String) -> JSONValue {
        .object(["label": .string(label), "text": .string(text)])
    }

    package enum DiffLine: Sendable { case added(String), removed(String), same(String) }
    package static func diff(_ label: String, _ lines: [DiffLine]) -> JSONValue {
        .object([
            "label": .string(label),
            "lines": .array(
                lines.map { line in
                    let (text, mark) =
                        switch line {
                        case .added(let text): (text, "is_added")
                        case .removed(let text): (text, "is_removed")
                        case .same(let text): (text, "is_same")
                        }
                    // An empty text would be looked for further out.
                    var members: [String: JSONValue] = ["is_added": false, "is_removed": false, "is_same": false].mapValues { .bool($0) }
                    members[mark] = .bool(true)
                    members["text"] = .string(text.isEmpty ? " " : text)
                    return .object(members)
                }),
        ])
    }

    /// `by`: who; `text`: in words.
    package static func event(
        _ time: Timestamp, _ title: String, by: String? = nil, text: String? = nil, badge: JSONValue = .null
    ) -> JSONValue {
        .object([
            "time": .string(time.rfc3339), "shown": .string(shown(time)), "title": .string(title), "by": .optional(by),
            "text": .optional(text), "badge": badge,
        ])
    }
    package static func timeline(_ events: [JSONValue]) -> JSONValue { .object(["items": .array(events)]) }

    /// `2026-05-01 12:00:05`, in UTC.
    package static func shown(_ time: Timestamp) -> String {
        String(time.rfc3339.prefix(19)).replacing("T", with: " ")
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
