/// A YAML value as it stands in the file: every scalar is text, every value knows its place.
package struct PolicyValue: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        package var key: String
        package var keyPosition: SourcePosition
        package var keyQuoted: Bool
        package var value: PolicyValue
    }
    package enum Content: Sendable, Hashable {
        /// `quoted`: written in quotes or as a block, so that in `json:` it stays a string.
        case text(String, quoted: Bool)
        case list([PolicyValue])
        case map([Member])
    }
    package var content: Content
    package var position: SourcePosition

    /// The member's value; nil also when this is not a map.
    package subscript(key: String) -> PolicyValue? {
        guard case .map(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The scalar's text; nil for lists and maps.
    package var text: String? {
        guard case .text(let text, _) = content else { return nil }
        return text
    }

    var kindName: String {
        switch content {
        case .text: "a text"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

extension PolicyValue {
    /// The value as JSON text. Plain scalars that read as a JSON number, `true`, `false` or `null` (also: nothing written) become
    /// that; every other scalar becomes a string.
    package var json: [UInt8] {
        var output: [UInt8] = []
        appendJSON(to: &output)
        return output
    }

    private func appendJSON(to output: inout [UInt8]) {
        switch content {
        case .text(let text, let quoted):
            if !quoted, text.isEmpty {
                output += "null".utf8
            } else if !quoted, text == "true" || text == "false" || text == "null" || Self.isJSONNumber(text) {
                output += text.utf8
            } else {
                Self.appendJSONString(text, to: &output)
            }
        case .list(let items):
            output.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                item.appendJSON(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .map(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.appendJSONString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.appendJSON(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func appendJSONString(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                output += "\\u00\(hex.count == 1 ? "0" : "")\(hex)".utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// RFC 8259's grammar: `-12.5e+3`; not `007`, `+1` or `.5`.
    private static func isJSONNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits() -> Int {
            let run = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(run.count)
            return run.count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let leadingZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !leadingZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
