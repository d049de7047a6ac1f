package import WaybillCore

/// Cells of tables and of lists of facts.
extension ConsolePart {
    /// What one cell shows. `path` makes its text a link.
    package static func cell(_ text: String?, path: String? = nil, note: String? = nil) -> JSONValue {
        cell(["text": .optional(text), "is_plain": .bool(path == nil), "path": .optional(path), "note": .optional(note)])
    }

    package static func number(_ number: Int) -> JSONValue {
        cell(["text": .string(grouped(number)), "is_plain": .bool(true), "is_number": .bool(true)])
    }

    /// An id, a digest, a template of a path.
    package static func codeCell(_ text: String, path: String? = nil) -> JSONValue {
        cell(["text": .string(text), "is_code": .bool(true), "path": .optional(path)])
    }

    package static func time(_ time: Timestamp?) -> JSONValue {
        guard let time else { return cell("never") }
        return cell(["text": .string(time.rfc3339), "shown": .string(shown(time)), "is_time": .bool(true)])
    }

    package static func badgeCell(_ text: String, _ tone: Tone = .plain) -> JSONValue { cell(["badge": badge(text, tone)]) }
    package static func badgesCell(_ badges: [JSONValue]) -> JSONValue { cell(["badges": .array(badges)]) }

    /// One under the other.
    package static func lines(_ lines: [String], none: String = "none") -> JSONValue {
        lines.isEmpty ? cell(none) : cell(["lines": .strings(lines), "has_lines": .bool(true)])
    }

    /// The cell that names its row.
    package static func head(_ value: JSONValue) -> JSONValue {
        var members = value.members
        members["is_head"] = .bool(true)
        return .object(members)
    }

    private static func cell(_ given: [String: JSONValue]) -> JSONValue {
        let none: [String: JSONValue] = [
            "text": .null, "path": .null, "badge": .null, "badges": .null, "lines": .null, "has_lines": .bool(false), "note": .null,
            "is_code": .bool(false), "is_time": .bool(false), "is_plain": .bool(false), "is_head": .bool(false), "is_number": .bool(false),
            "shown": .null,
        ]
        return .object(none.merging(given) { _, given in given })
    }

    package struct Column: Sendable, ExpressibleByStringLiteral {
        var label: String
        var isNumber: Bool
        package init(_ label: String, isNumber: Bool = false) {
            self.label = label
            self.isNumber = isNumber
        }
        package init(stringLiteral value: String) { self.init(value) }
        package static func number(_ label: String) -> Self { Self(label, isNumber: true) }
    }

    /// The first cell of a row names it. `id`: once on the page. `empty`: said instead where there are no rows.
    package static func table(
        _ caption: String, id: String, _ columns: [Column], _ rows: [[JSONValue]], empty: String
    ) -> JSONValue {
        .object([
            "caption": .string(caption), "id": .string(id), "empty": .string(empty), "has_rows": .bool(!rows.isEmpty),
            "columns": .array(columns.map { .object(["label": .string($0.label), "is_number": .bool($0.isNumber)]) }),
            "rows": .array(
                rows.map { cells in
                    .object(["cells": .array(cells.enumerated().map { $0.offset == 0 ? head($0.element) : $0.element })])
                }),
        ])
    }

    /// Terms and what is known of them, each of it a cell.
    package static func facts(_ items: [(term: String, cell: JSONValue)]) -> JSONValue {
        .object([
            "items": .array(
                items.map { term, cell in
                    var members = cell.members
                    members["term"] = .string(term)
                    return .object(members)
                })
        ])
    }

    /// `12 345`: people read long numbers in threes.
    package static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "−" : ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position) % 3 == 0 { text.append("\u{202F}") }
            text.append(digit)
        }
        return text
    }
}
