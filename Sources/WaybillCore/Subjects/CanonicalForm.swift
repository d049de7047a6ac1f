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
        var bytes = Array(raw.trimmingSpace)
        if bytes.contains(where: { $0 >= 0x80 }) {
            let text = String(decoding: bytes, as: UTF8.self).precomposedStringWithCanonicalMapping.lowercased()
            guard text.unicodeScalars.allSatisfy(isVisible),
                text.utf8.elementsEqual(text.precomposedStringWithCompatibilityMapping.utf8)
            else { return nil }
            bytes = Array(text.utf8)
        } else {
            for i in bytes.indices where (65...90).contains(bytes[i]) { bytes[i] |= 0x20 }
        }
        guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || notInEmail.contains($0) }) else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let first = parts[1].first, let last = parts[1].last,
            first != UInt8(ascii: "."), last != UInt8(ascii: ".")
        else { return nil }
        return bytes
    }

    /// RFC 5322's specials: with one of them it is no plain address.
    private static let notInEmail = Set(",;:<>()[]\\\"".utf8)

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }

    private static func phone(_ raw: [UInt8]) -> [UInt8]? {
        var digits: [UInt8] = []
        var rest = raw.trimmingSpace
        while let byte = rest.first {
            if !digits.isEmpty, rest.starts(with: "(0)".utf8) {
                // The trunk prefix, which is dialled only inside the country.
                rest = rest.dropFirst(3)
                continue
            }
            rest = rest.dropFirst()
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte)
            case UInt8(ascii: "+") where digits.isEmpty: digits.append(byte)
            case UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): continue
            default: return nil
            }
        }
        if digits.starts(with: "00".utf8) { digits.replaceSubrange(0..<2, with: "+".utf8) }
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
        switch value {
        case .string(let bytes): self.init(scheme: scheme, canonical: field.canonical, raw: bytes)
        case .number(let digits):
            // `17.0` and `1.7e1` would be other spellings of one number.
            guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
            self.init(scheme: scheme, canonical: field.canonical, raw: digits)
        case .bool, .null, .emptyContainer: return nil
        }
    }

    /// From a scheme and a raw value, as imports have them; nil if the value is unusable.
    package init?(scheme: String, canonical: Field.Canonical?, raw: [UInt8]) {
        guard raw.count <= Self.valueBytesMax, let value = canonical.map({ $0.apply(raw) }) ?? raw.composed, !value.isEmpty,
            value.count <= Self.valueBytesMax
        else { return nil }
        self.init(bytes: Array(scheme.utf8) + [UInt8(ascii: ":")] + value)
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
