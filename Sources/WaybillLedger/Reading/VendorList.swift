package import WaybillCore

/// A vendor's list as it comes: bare transfer ids, CSV with a column `xid`, or NDJSON with a member `xid`; the first line tells which.
package struct VendorList {
    private enum Form {
        case bare
        case csv(column: Int)
        case ndjson
    }
    private static let name = "xid"
    private var form: Form?
    private static let jsonMark = Array("\"xid\"".utf8)

    package init() {}

    /// `.some(nil)`: a line with no id that can be read. Nil: no line of the list (a heading, or empty).
    package mutating func id(in line: [UInt8]) -> TransferID?? {
        let text = String(decoding: line, as: UTF8.self)
        let trimmed = text.trimmed
        guard !trimmed.isEmpty else { return nil }
        switch form {
        case .bare: return .some(TransferID(trimmed.lowercased()))
        case .csv(let column):
            let cells = Self.cells(text)
            return .some(column < cells.count ? TransferID(cells[column].trimmed.lowercased()) : nil)
        case .ndjson: return .some(Self.member(in: line))
        case nil:
            if trimmed.hasPrefix("{") {
                form = .ndjson
                return .some(Self.member(in: line))
            }
            let cells = Self.cells(text).map(\.trimmed)
            if let column = cells.firstIndex(where: { $0.lowercased() == Self.name }) {
                form = .csv(column: column)
                return nil
            }
            form = .bare
            return .some(TransferID(trimmed.lowercased()))
        }
    }

    /// One record of RFC 4180 on one line.
    static func cells(_ line: String) -> [String] {
        var cells = [""]
        var isQuoted = false
        var mayEscape = false
        for character in line.unicodeScalars {
            switch character {
            case "\"" where isQuoted:
                isQuoted = false
                mayEscape = true
                continue
            case "\"" where mayEscape:
                cells[cells.count - 1].unicodeScalars.append(character)
                isQuoted = true
            case "\"" where cells[cells.count - 1].isEmpty: isQuoted = true
            case "," where !isQuoted: cells.append("")
            default: cells[cells.count - 1].unicodeScalars.append(character)
            }
            mayEscape = false
        }
        return cells
    }

    /// The first string member of that name, at whatever depth: a list of a vendor's own may wrap it.
    private static func member(in line: [UInt8]) -> TransferID? {
        var rest = line[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "\"")) {
            guard rest[start...].starts(with: jsonMark) else {
                rest = rest[(start + 1)...]
                continue
            }
            rest = rest[(start + jsonMark.count)...].drop { $0 <= 0x20 }
            guard rest.first == UInt8(ascii: ":") else { continue }
            rest = rest.dropFirst().drop { $0 <= 0x20 }
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            return TransferID(String(decoding: rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self).lowercased())
        }
        return nil
    }
}

extension String {
    fileprivate var trimmed: String {
        var view = Substring(self)
        while let first = view.unicodeScalars.first, first.value <= 0x20 || first.value == 0xfeff { view = view.dropFirst() }
        while let last = view.unicodeScalars.last, last.value <= 0x20 { view = view.dropLast() }
        return String(view)
    }
}
