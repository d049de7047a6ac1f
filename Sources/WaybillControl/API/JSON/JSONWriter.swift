extension JSONValue {
    /// Compact, members by name: the same bytes for the same value.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        write(into: &out)
        return out
    }

    /// For people: two blanks a level.
    package var pretty: String {
        var out: [UInt8] = []
        write(into: &out, level: 0)
        return String(decoding: out, as: UTF8.self)
    }

    /// `level`: nil writes it compact.
    func write(into out: inout [UInt8], level: Int? = nil) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
        case .int(let number): out.append(contentsOf: String(number).utf8)
        case .double(let number): out.append(contentsOf: (number.isFinite ? String(number) : "null").utf8)
        case .string(let text): Self.write(text, into: &out)
        case .array(let items):
            Self.container("[", "]", items, into: &out, level: level) { item, out, level in item.write(into: &out, level: level) }
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            Self.container("{", "}", sorted, into: &out, level: level) { member, out, level in
                Self.write(member.key, into: &out)
                out.append(UInt8(ascii: ":"))
                if level != nil { out.append(UInt8(ascii: " ")) }
                member.value.write(into: &out, level: level)
            }
        }
    }

    private static func container<Item>(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ items: [Item], into out: inout [UInt8], level: Int?,
        _ write: (Item, inout [UInt8], Int?) -> Void
    ) {
        func line(_ level: Int) {
            out.append(UInt8(ascii: "\n"))
            out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: level * 2))
        }
        out.append(UInt8(ascii: open))
        for (i, item) in items.enumerated() {
            if i > 0 { out.append(UInt8(ascii: ",")) }
            if let level { line(level + 1) }
            write(item, &out, level.map { $0 + 1 })
        }
        if let level, !items.isEmpty { line(level) }
        out.append(UInt8(ascii: close))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func write(_ text: String, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case UInt8(ascii: "\n"): out.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): out.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): out.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F:
                out.append(contentsOf: "\\u00".utf8)
                out.append(hexDigits[Int(byte >> 4)])
                out.append(hexDigits[Int(byte & 15)])
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
