import Foundation  // NFC: FoundationEssentials has no normalisation.

// How two spellings of one identifier become one. Consent imports, the gate and keyed operators all go through here: a second
// rule elsewhere would let a withdrawal miss the record it is about.

extension Field.Canonical {
    /// The canonical bytes of a value, or nil if it cannot be one.
    ///
    /// E-mail: white space around it removed, NFC, lower-cased; one `@` with text on both sides, and nothing that makes it a list, a
    /// link or a quotation, that cannot be seen, or that another reader would fold into something else (NFKC).
    /// Phone: E.164; spaces and `()-./` removed, a leading `00` is a `+`, and `(0)` behind the country is left out; then `+` and 7
    /// to 15 digits.
    package func apply(_ raw: [UInt8]) -> [UInt8]? {
        switch self {
        case .email: Self.email(raw)
        case .phone: Self.phone(raw)
        }
    }

    private static func email(_ raw: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        return appendEmail(raw, to: &bytes) ? bytes : nil
    }

    /// The canonical form behind what `output` holds; false, and something or nothing of it appended: it has none.
    fileprivate func append(_ raw: [UInt8], to output: inout [UInt8]) -> Bool {
        switch self {
        case .email: return Self.appendEmail(raw, to: &output)
        case .phone:
            guard let number = Self.phone(raw) else { return false }
            output.append(contentsOf: number)
            return true
        }
    }

    private static func appendEmail(_ raw: [UInt8], to output: inout [UInt8]) -> Bool {
        let bytes = raw.trimmingSpace
        if bytes.contains(where: { $0 >= 0x80 }) {
            let text = String(decoding: bytes, as: UTF8.self).precomposedStringWithCanonicalMapping.lowercased()
            guard text.unicodeScalars.allSatisfy(isVisible),
                text.utf8.elementsEqual(text.precomposedStringWithCompatibilityMapping.utf8)
            else { return false }
            return appendPlainEmail(Array(text.utf8)[...], to: &output)
        }
        return appendPlainEmail(bytes, to: &output)
    }

    /// One `@`, text on both sides, and no dot beside it or at the end.
    private static func appendPlainEmail(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) -> Bool {
        var at: Int?
        for i in bytes.indices {
            let byte = bytes[i]
            if byte <= 0x20 || byte == 0x7F || notInEmail.contains(byte) { return false }
            if byte == UInt8(ascii: "@") {
                if at != nil { return false }
                at = i
            }
            output.append((65...90).contains(byte) ? byte | 0x20 : byte)
        }
        guard let at, at > bytes.startIndex, at + 1 < bytes.endIndex else { return false }
        return bytes[at + 1] != UInt8(ascii: ".") && bytes[bytes.endIndex - 1] != UInt8(ascii: ".")
    }

    /// RFC 5322's specials: with one of them it is no plain address.
    private static let notInEmail = ASCIISet(",;:<>()[]\\\"")

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }

    private static func phone(_ raw: [UInt8]) -> [UInt8]? {
        var digits: [UInt8] = []
        digits.reserveCapacity(raw.count)
        let text = raw.trimmingSpace
        var next = text.startIndex
        while next < text.endIndex {
            let byte = text[next]
            if byte == UInt8(ascii: "("), !digits.isEmpty, next + 2 < text.endIndex, text[next + 1] == UInt8(ascii: "0"),
                text[next + 2] == UInt8(ascii: ")")
            {
                // The trunk prefix, which is dialled only inside the country.
                next += 3
                continue
            }
            next += 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte)
            case UInt8(ascii: "+") where digits.isEmpty: digits.append(byte)
            case UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): continue
            default: return nil
            }
        }
        if digits.count > 1, digits[0] == UInt8(ascii: "0"), digits[1] == UInt8(ascii: "0") {
            digits.replaceSubrange(0..<2, with: "+".utf8)
        }
        guard digits.first == UInt8(ascii: "+"), (7...15).contains(digits.count - 1), digits[1] != UInt8(ascii: "0") else { return nil }
        return digits
    }
}

extension Identifier {
    /// Longer values are not usable as identifiers.
    package static let valueBytesMax = 512

    /// From a value in a record; nil if the field does not identify or the value is unusable: empty, too long, not of its
    /// canonical form, no string, and no whole number either.
    package init?(field: Field, value: ScalarValue) {
        guard let scheme = field.identifierScheme else { return nil }
        self.init(IdentifierKind(scheme: scheme, canonical: field.canonical), value: value)
    }

    init?(_ kind: IdentifierKind, value: ScalarValue) {
        switch value {
        case .string(let bytes): self.init(scheme: kind.scheme, canonical: kind.canonical, raw: bytes)
        case .number(let digits):
            // `17.0` and `1.7e1` would be other spellings of one number.
            guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
            self.init(scheme: kind.scheme, canonical: kind.canonical, raw: digits)
        case .bool, .null, .emptyContainer: return nil
        }
    }

    /// From a scheme and a raw value, as imports have them; nil if the value is unusable.
    package init?(scheme: String, canonical: Field.Canonical?, raw: [UInt8]) {
        guard raw.count <= Self.valueBytesMax else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scheme.utf8.count + 1 + raw.count)
        bytes.append(contentsOf: scheme.utf8)
        bytes.append(UInt8(ascii: ":"))
        let start = bytes.count
        if let canonical {
            guard canonical.append(raw, to: &bytes) else { return nil }
        } else {
            bytes.append(contentsOf: raw.composed)
        }
        guard (1...Self.valueBytesMax).contains(bytes.count - start) else { return nil }
        self.init(bytes: bytes)
    }
}

/// What a field that identifies makes of its values.
struct IdentifierKind: Sendable {
    var scheme: String
    var canonical: Field.Canonical?
}

/// Some of the ASCII characters, a bit each: nothing is hashed to look one up.
struct ASCIISet: Sendable {
    private let low: UInt64
    private let high: UInt64

    init(_ characters: StaticString) {
        var (low, high): (UInt64, UInt64) = (0, 0)
        for i in 0..<characters.utf8CodeUnitCount {
            let byte = characters.utf8Start[i]
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
        }
        (self.low, self.high) = (low, high)
    }

    func contains(_ byte: UInt8) -> Bool {
        byte < 0x80 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }
}

extension [UInt8] {
    /// NFC, without white space around it: one spelling for what looks the same in an import and in a record.
    fileprivate var composed: [UInt8] {
        let trimmed = Array(trimmingSpace)
        guard trimmed.contains(where: { $0 >= 0x80 }) else { return trimmed }
        return Array(String(decoding: trimmed, as: UTF8.self).precomposedStringWithCanonicalMapping.utf8)
    }

    /// Without ASCII white space around it.
    fileprivate var trimmingSpace: ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let end = lastIndex { !isSpace($0) }.map { $0 + 1 } ?? startIndex
        return self[..<end].drop(while: isSpace)
    }
}
