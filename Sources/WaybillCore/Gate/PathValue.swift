import FoundationEssentials

/// Values of path variables that hold fields.
enum PathValue {
    /// The value behind a percent-encoded segment; nil for one-way encodings and for what does not decode.
    static func decode(_ segment: ArraySlice<UInt8>, _ encoding: Endpoint.PathField.Encoding) -> [UInt8]? {
        guard let text = PercentCoding.decode(segment) else { return nil }
        switch encoding {
        case .plain: return text
        case .base64: return Data(base64Encoded: Data(text)).map(Array.init)
        case .md5Lowercase, .sha256Lowercase: return nil
        }
    }

    /// Whether a segment is what its encoding says, and names somebody where the field does: what cannot be read back matches no stop.
    static func isSound(_ segment: ArraySlice<UInt8>, _ encoding: Endpoint.PathField.Encoding, _ field: Field) -> Bool {
        switch encoding {
        case .plain, .base64:
            guard let value = decode(segment, encoding) else { return false }
            return field.identifierScheme == nil || Identifier(field: field, value: .string(value)) != nil
        case .md5Lowercase: return isDigest(segment, digits: 32)
        case .sha256Lowercase: return isDigest(segment, digits: 64)
        }
    }

    private static func isDigest(_ segment: ArraySlice<UInt8>, digits: Int) -> Bool {
        segment.count == digits && segment.allSatisfy { PercentCoding.nibble($0) != nil }
    }
}
