import WaybillCore

// Restricted RFC 8785: objects with sorted ASCII keys, arrays, strings, booleans, and integers up to 2⁵³−1. No floats, no nulls.

package enum CanonicalValue: Sendable, Equatable {
    case int(Int)
    case string(String)
    case bool(Bool)
    case array([CanonicalValue])
    case object([String: CanonicalValue])

    /// The largest integer every JSON reader keeps exactly.
    package static let intMax = 1 << 53 - 1

    package var bytes: [UInt8] {
        var bytes = [UInt8]()
        bytes.append(self)
        return bytes
    }
}

extension [UInt8] {
    mutating func append(_ value: CanonicalValue) {
        switch value {
        case .int(let value): append(json: value)
        case .string(let value): append(json: value)
        case .bool(let value): append(value ? "true" : "false")
        case .array(let values):
            append(0x5b)
            for (i, value) in values.enumerated() {
                if i > 0 { append(0x2c) }
                append(value)
            }
            append(0x5d)
        case .object(let members):
            append(0x7b)
            for (i, member) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }).enumerated() {
                if i > 0 { append(0x2c) }
                append(json: member.key)
                append(0x3a)
                append(member.value)
            }
            append(0x7d)
        }
    }

    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Clamped to ±(2⁵³−1), so that no count can ever make an entry that readers understand differently.
    mutating func append(json value: Int) {
        let clamped = Swift.min(Swift.max(value, -CanonicalValue.intMax), CanonicalValue.intMax)
        if clamped < 0 { append(0x2d) }
        append(decimal: clamped.magnitude)
    }

    mutating func append(decimal value: UInt) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = value
        var at = 20
        repeat {
            at -= 1
            digits[at] = UInt8(truncatingIfNeeded: rest % 10) + 48
            rest /= 10
        } while rest > 0
        Swift.withUnsafeBytes(of: digits) { append(contentsOf: $0[at...]) }
    }

    /// A string with RFC 8785's escapes and no others.
    mutating func append(json text: String) {
        append(0x22)
        var text = text
        text.withUTF8 { utf8 in
            if !utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) { return append(contentsOf: utf8) }
            for byte in utf8 { append(escaped: byte) }
        }
        append(0x22)
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5c: append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0a: append("\\n")
        case 0x0c: append("\\f")
        case 0x0d: append("\\r")
        case 0..<0x20:
            append("\\u00")
            append(hexPair: byte)
        default: append(byte)
        }
    }

    mutating func append(json texts: [String]) {
        append(0x5b)
        for (i, text) in texts.enumerated() {
            if i > 0 { append(0x2c) }
            append(json: text)
        }
        append(0x5d)
    }

    /// The 8-4-4-4-12 form, without quotes.
    mutating func append(xid: TransferID) {
        var text = InlineArray<36, UInt8>(repeating: 0x2d)
        let digits = InlineArray<4, UInt64> { i in
            Swift.withUnsafeBytes(of: xid.bytes) {
                HexDigits.of(UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)))
            }
        }
        // Where the halves of each word's digits begin.
        let places: InlineArray<8, Int> = [0, 4, 9, 14, 19, 24, 28, 32]
        Swift.withUnsafeMutableBytes(of: &text) { text in
            for half in 0..<8 {
                let four = UInt32(truncatingIfNeeded: digits[half >> 1] >> (half & 1 == 0 ? 32 : 0))
                text.storeBytes(of: four.bigEndian, toByteOffset: places[half], as: UInt32.self)
            }
        }
        Swift.withUnsafeBytes(of: text) { append(contentsOf: $0) }
    }

    mutating func append(hex hash: TreeHash) {
        append(0x22)
        append(hexDigits: hash)
        append(0x22)
    }

    /// Without quotes.
    mutating func append(hexDigits hash: TreeHash) {
        let digits = InlineArray<8, UInt64> { i in
            hash.withBytes { HexDigits.of(UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))).bigEndian }
        }
        Swift.withUnsafeBytes(of: digits) { append(contentsOf: $0) }
    }
}
