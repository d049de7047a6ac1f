import NIOCore
import WaybillCore

/// Writing heads: each piece is one check of room and one copy, and nothing becomes a `String` on the way.
extension ByteBuffer {
    @inline(__always)
    private mutating func put(copying bytes: UnsafeRawBufferPointer) {
        _ = writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { room in
            room.copyMemory(from: bytes)
            return bytes.count
        }
    }

    mutating func put(_ text: StaticString) {
        text.withUTF8Buffer { put(copying: UnsafeRawBufferPointer($0)) }
    }

    mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put(copying: $0) } }

    mutating func put(_ bytes: ByteBuffer) { bytes.withUnsafeReadableBytes { put(copying: $0) } }

    mutating func put(_ range: Range<Int>, of fields: HTTPFields) {
        fields.bytes.withUnsafeReadableBytes { put(copying: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// `Name: value` and its line's end.
    mutating func put(_ line: HTTPFields.Line, of fields: HTTPFields) {
        put(line.name, of: fields)
        put(": ")
        put(line.value, of: fields)
        put("\r\n")
    }

    mutating func put(_ line: HTTPFields.Line, of fields: HTTPFields, value: [UInt8]) {
        put(line.name, of: fields)
        put(": ")
        put(value)
        put("\r\n")
    }

    /// Decimal; what is negative is written as 0.
    mutating func put(_ number: Int) { putDigits(UInt64(max(0, number)), radix: 10) }

    mutating func put(hex number: Int) { putDigits(UInt64(max(0, number)), radix: 16) }

    private mutating func putDigits(_ number: UInt64, radix: UInt64) {
        var (digits, rest) = (1, number / radix)
        while rest > 0 { (digits, rest) = (digits + 1, rest / radix) }
        _ = writeWithUnsafeMutableBytes(minimumWritableBytes: digits) { room in
            var rest = number
            for i in stride(from: digits - 1, through: 0, by: -1) {
                room[i] = Self.hexDigit(UInt8(truncatingIfNeeded: rest % radix))
                rest /= radix
            }
            return digits
        }
    }

    /// In the 8-4-4-4-12 form.
    mutating func put(_ xid: TransferID) {
        _ = writeWithUnsafeMutableBytes(minimumWritableBytes: 36) { room in
            var at = 0
            for i in 0..<16 {
                if i == 4 || i == 6 || i == 8 || i == 10 {
                    room[at] = UInt8(ascii: "-")
                    at += 1
                }
                room[at] = Self.hexDigit(xid.bytes[i] >> 4)
                room[at + 1] = Self.hexDigit(xid.bytes[i] & 15)
                at += 2
            }
            return at
        }
    }

    static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
