import FoundationEssentials

/// Values of path variables that hold fields.
enum PathValue {
    /// The value behind a percent-encoded segment; nil for one-way encodings and for what does not decode.
    static func decode(_ segment: ArraySlice<UInt8>, _ encoding: Endpoint.PathField.Encoding) -> [UInt8]? {
        guard let text = percentDecoded(segment) else { return nil }
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
        segment.count == digits && segment.allSatisfy { hexDigit($0) != nil }
    }

    static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var i = bytes.startIndex
        while i < bytes.endIndex {
            guard bytes[i] == UInt8(ascii: "%") else {
                decoded.append(bytes[i])
                i += 1
                continue
            }
            guard i + 2 < bytes.endIndex, let high = hexDigit(bytes[i + 1]), let low = hexDigit(bytes[i + 2]) else { return nil }
            decoded.append(high << 4 | low)
            i += 3
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
