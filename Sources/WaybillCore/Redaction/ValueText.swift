extension ScalarValue {
    /// The value as text, for operators that work on characters: strings unescaped, numbers as written. Nil for the rest.
    var text: String? {
        switch self {
        case .string(let bytes), .number(let bytes): String(decoding: bytes, as: UTF8.self)
        case .bool, .null, .emptyContainer: nil
        }
    }

    /// Null and empty containers carry nothing to reduce.
    var isVoid: Bool {
        switch self {
        case .null, .emptyContainer: true
        case .string, .number, .bool: false
        }
    }

    /// What keyed digests are taken of: the canonical form where the field has one, else the text. Nil: not usable.
    func digestInput(_ field: Field) -> [UInt8]? {
        switch self {
        case .string(let bytes), .number(let bytes):
            guard let canonical = field.canonical else { return bytes }
            return canonical.apply(bytes)
        case .bool, .null, .emptyContainer: return nil
        }
    }
}

/// Writing JSON text.
enum JSONText {
    /// Appends `bytes` (valid UTF-8) as a string with quotes, escaping what RFC 8259 requires and nothing else.
    static func append(string bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x08: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "b")])
            case 0x09: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            case 0x0A: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0x0C: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "f")])
            case 0x0D: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 15))
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }
}
