/// A form of a page: its fields show what was typed and what was wrong with it when it comes back.
package struct ConsoleForm: Sendable {
    package enum Kind: Sendable {
        case text
        case date, number, email, search
        /// Never shown again.
        case password
        case area(rows: Int, isCode: Bool = false)
        case select([Option])
        /// One of them.
        case radio([Option])
        /// Any of them.
        case checks([Option])
        /// A single one, `yes` where it is ticked.
        case check
        case file
    }
    package struct Option: Sendable {
        var value: String
        var label: String
        var note: String?
        package init(_ value: String, _ label: String? = nil, note: String? = nil) {
            self.value = value
            self.label = label ?? value
            self.note = note
        }
    }

    private let call: ConsoleCall
    private let action: String
    private let isPost: Bool
    private var heading: String?
    private var lead: String?
    private var fields: [JSONValue] = []
    private var buttons: [JSONValue] = []
    private var isMultipart = false
    private var cancel: String?
    private let prefix: String
    /// False: another form of the page was sent.
    private let isSent: Bool

    /// `action`: where it is sent. `prefix`: of ids, where a page has several forms; the problem is shown in the one whose hidden or
    /// named fields it names.
    package init(
        _ call: ConsoleCall, action: String, method: ConsolePage.Method = .post, heading: String? = nil, lead: String? = nil,
        prefix: String = "", isSent: Bool = true
    ) {
        self.call = call
        self.action = action
        self.heading = heading
        self.lead = lead
        self.prefix = prefix
        self.isSent = isSent
        isPost = method == .post
    }

    /// `value`: what stands there before anybody typed; of `.checks` several. `isConditional`: whether it is needed hangs on other fields, as its
    /// label or hint says.
    package mutating func add(
        _ name: String, _ label: String, _ kind: Kind = .text, value: [String] = [], hint: String? = nil, isOptional: Bool = false,
        isConditional: Bool = false, autocomplete: String? = nil
    ) {
        let wasSent = isSent && (isPost ? call.problem != nil : true)
        let error = wasSent && call.problem?.field == name ? call.problem?.message : nil
        let typed = wasSent ? call.fields[name] ?? (call.problem == nil ? value : []) : value
        // The layout's problem leads to `field-NAME`.
        let id = error == nil && !prefix.isEmpty ? "field-\(prefix)-\(name)" : "field-\(name)"
        let describes = [hint.map { _ in "\(id)-hint" }, error.map { _ in "\(id)-error" }].compactMap(\.self)
        var members: [String: JSONValue] = [
            "name": .string(name), "id": .string(id), "label": .string(label), "hint": .optional(hint), "error": .optional(error),
            "is_optional": .bool(isOptional && isPost), "is_required": .bool(!isOptional && !isConditional && isPost),
            "describes": describes.isEmpty ? .null : .string(describes.joined(separator: " ")),
            "autocomplete": .optional(autocomplete), "inputmode": .null, "is_code": .bool(false), "value": .null, "options": .null,
            "is_group": .bool(false), "is_check": .bool(false), "is_single": .bool(false), "is_input": .bool(false),
            "is_area": .bool(false),
            "is_select": .bool(false), "is_checked": .bool(false), "type": .null, "rows": .null, "group_type": .null,
        ]
        members.merge(Self.shown(kind, typed)) { $1 }
        if case .file = kind { isMultipart = true }
        fields.append(.object(members))
    }

    package mutating func hide(_ name: String, _ value: String) {
        fields.append(
            .object([
                "name": .string(name), "value": .string(value), "is_hidden": .bool(true), "is_group": .bool(false),
                "is_check": .bool(false),
                "is_single": .bool(false),
            ]))
    }

    /// `tone`: `primary` or `danger`. `name`, `value`: for forms that can be sent in several ways.
    package mutating func button(_ label: String, tone: String? = nil, name: String? = nil, value: String? = nil) {
        buttons.append(
            .object(["label": .string(label), "tone": .optional(tone), "name": .optional(name), "value": .optional(value)]))
    }

    package mutating func cancel(_ path: String) { cancel = path }

    /// For the template `form`.
    package var json: JSONValue {
        .object([
            "action": .string(action), "method": .string(isPost ? "post" : "get"), "is_post": .bool(isPost), "heading": .optional(heading),
            "lead": .optional(lead), "is_multipart": .bool(isMultipart), "fields": .array(fields), "buttons": .array(buttons),
            "cancel": .optional(cancel), "is_wide": .bool(!isPost),
        ])
    }

    private static func shown(_ kind: Kind, _ typed: [String]) -> [String: JSONValue] {
        func input(_ type: String) -> [String: JSONValue] {
            ["is_single": .bool(true), "is_input": .bool(true), "type": .string(type), "value": .optional(typed.first)]
        }
        func options(_ all: [Option]) -> JSONValue {
            .array(
                all.map {
                    .object([
                        "value": .string($0.value), "label": .string($0.label), "note": .optional($0.note),
                        "is_selected": .bool(typed.contains($0.value)),
                    ])
                })
        }
        switch kind {
        case .text: return input("text")
        case .search: return input("search")
        case .email: return input("email")
        case .date: return input("date")
        case .number: return input("text").merging(["inputmode": .string("numeric")]) { $1 }
        case .password: return input("password").merging(["value": .null]) { $1 }
        case .file: return input("file").merging(["value": .null]) { $1 }
        case .area(let rows, let isCode):
            return [
                "is_single": .bool(true), "is_area": .bool(true), "rows": .string(String(rows)), "is_code": .bool(isCode),
                "value": .optional(typed.first),
            ]
        case .select(let all): return ["is_single": .bool(true), "is_select": .bool(true), "options": options(all)]
        case .radio(let all): return ["is_group": .bool(true), "group_type": .string("radio"), "options": options(all)]
        case .checks(let all): return ["is_group": .bool(true), "group_type": .string("checkbox"), "options": options(all)]
        case .check: return ["is_check": .bool(true), "is_checked": .bool(!typed.isEmpty && typed.first != "no")]
        }
    }
}
