/// A JSON value to print, with members in the order given. For the command line's own answers only; bodies never pass through it.
enum JSONText: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case list([JSONText])
    case object([(String, JSONText)])

    static func texts(_ values: some Sequence<String>) -> JSONText { .list(values.map { .text($0) }) }
    static func optional(_ value: String?) -> JSONText { value.map { .text($0) } ?? .null }

    static func == (a: JSONText, b: JSONText) -> Bool { a.compact == b.compact }

    /// On one line.
    var compact: String {
        var out = ""
        write(into: &out, indent: nil)
        return out
    }

    /// Indented by two spaces.
    var pretty: String {
        var out = ""
        write(into: &out, indent: 0)
        return out
    }

    /// Without quotes for texts: what a table cell shows.
    var plain: String {
        switch self {
        case .null: ""
        case .text(let text): text
        case .list(let items): items.map(\.plain).joined(separator: " ")
        default: compact
        }
    }

    private func write(into out: inout String, indent: Int?) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .number(let value): out += String(value)
        case .text(let text): JSONText.quote(text, into: &out)
        case .list(let items):
            JSONText.wrap("[", "]", items, indent, into: &out) { item, inner, out in item.write(into: &out, indent: inner) }
        case .object(let members):
            JSONText.wrap("{", "}", members, indent, into: &out) { member, inner, out in
                JSONText.quote(member.0, into: &out)
                out += inner == nil ? ":" : ": "
                member.1.write(into: &out, indent: inner)
            }
        }
    }

    private static func wrap<Item>(
        _ open: String, _ close: String, _ items: [Item], _ indent: Int?, into out: inout String,
        write: (Item, Int?, inout String) -> Void
    ) {
        out += open
        let inner = indent.map { $0 + 2 }
        for (position, item) in items.enumerated() {
            if position > 0 { out += "," }
            if let inner { out += "\n" + String(repeating: " ", count: inner) }
            write(item, inner, &out)
        }
        if let indent, !items.isEmpty { out += "\n" + String(repeating: " ", count: indent) }
        out += close
    }

    private static func quote(_ text: String, into out: inout String) {
        out += "\""
        // Mostly nothing is to be escaped.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c && $0 != 0x7f }) {
            out += text
            out += "\""
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
