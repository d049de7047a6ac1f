import Mustache

/// Every template of the console, compiled once. A template names the partials it takes in; one that is not there is an error here,
/// because Mustache itself would show nothing in its place.
struct ConsoleTemplates: Sendable {
    struct Problem: Error, Equatable, CustomStringConvertible {
        var template: String
        var what: String
        var description: String { "the template \(template) \(what)" }
    }
    /// The only one that may take in a value as it is: what the page's own template made.
    static let unescapedIn: Set<String> = ["layout"]
    private let library: MustacheLibrary
    let names: Set<String>

    init(_ sources: [(name: String, bytes: [UInt8])] = ConsoleTemplateList.all) throws(Problem) {
        MustacheContentTypes.register(HTMLEscaping(), named: HTMLEscaping.name)
        var library = MustacheLibrary()
        var names: Set<String> = []
        for (name, bytes) in sources {
            guard names.insert(name).inserted else { throw Problem(template: name, what: "is there twice") }
            do {
                let text = Self.withoutIndentation(String(decoding: bytes, as: UTF8.self))
                // In each, because a partial begins with Mustache's own again.
                try library.register("{{% CONTENT_TYPE:\(HTMLEscaping.name)}}\n" + text, named: name)
            } catch {
                throw Problem(template: name, what: "is malformed (\(error))")
            }
        }
        for (name, bytes) in sources {
            let text = String(decoding: bytes, as: UTF8.self)
            for partial in Self.partials(of: text) where !names.contains(partial) {
                throw Problem(template: name, what: "takes in \(partial), which is not there")
            }
            if text.contains("{{{") || text.contains("{{&") || text.contains("{{%"), !Self.unescapedIn.contains(name) {
                throw Problem(template: name, what: "shows a value without escaping it")
            }
        }
        self.library = library
        self.names = names
    }

    /// Nil: there is no such template.
    func render(_ name: String, _ values: JSONValue) -> String? {
        library.render(TemplateValue.of(values), withTemplate: name)
    }

    /// Mustache would indent every line of a partial as the line that takes it in, within `<pre>` and `<textarea>` too.
    private static func withoutIndentation(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in line.drop { $0 == " " }.hasPrefix("{{>") ? String(line.drop { $0 == " " }) : String(line) }
            .joined(separator: "\n")
    }

    private static func partials(of text: String) -> [String] {
        var found: [String] = []
        for mark in ["{{>", "{{<"] {
            var rest = text[...]
            while let start = rest.firstRange(of: mark) {
                rest = rest[start.upperBound...]
                found.append(String(rest.prefix { $0 != "}" }.filter { $0 != " " }))
            }
        }
        return found
    }
}

/// JSON values as Mustache looks into them. What is null, or an empty text, is false, and hides a member of the same name further out.
enum TemplateValue {
    static func of(_ value: JSONValue) -> Any {
        switch value {
        case .null: Nothing()
        case .bool(let flag): flag
        case .int(let number): number
        case .double(let number): number
        case .string(let text): text.isEmpty ? Nothing() : text
        case .array(let items): items.map(of)
        case .object(let members): Members(members: members)
        }
    }

    private struct Nothing: MustacheCustomRenderable {
        var renderText: String { "" }
        var isNull: Bool { true }
    }

    private struct Members: MustacheParent {
        let members: [String: JSONValue]
        func child(named name: String) -> Any? { members[name].map(TemplateValue.of) }
    }
}
