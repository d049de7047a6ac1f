import NIOCore
import WaybillCore

/// Writes one head, or part of one, into room that was made before: each piece is one check and one copy, and nothing becomes a `String`
/// on the way.
struct HeadWriter: ~Copyable {
    private let room: UnsafeMutableRawBufferPointer
    private var count = 0
    /// More was written than there was room for; nothing of it counts then.
    private var isShort = false

    private init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

    /// Appends what `write` writes; where `bytes` is not room enough it is asked again with more.
    static func append(to out: inout ByteBuffer, room bytes: Int, _ write: (inout HeadWriter) -> Void) {
        var room = bytes
        while true {
            let isWritten = out.writeWithUnsafeMutableBytesOnce(room) { memory in
                var writer = HeadWriter(memory)
                write(&writer)
                return writer.isShort ? nil : writer.count
            }
            if isWritten { return }
            room *= 2
        }
    }

    @inline(__always)
    private mutating func put(copying bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= room.count - count else {
            isShort = true
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func put(_ text: StaticString) { text.withUTF8Buffer { put(copying: UnsafeRawBufferPointer($0)) } }

    mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put(copying: $0) } }

    mutating func put(_ range: Range<Int>, of fields: HTTPFields) {
        fields.bytes.withUnsafeReadableBytes { put(copying: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// What becomes of one field.
    enum Passage {
        case pass, drop
        /// With another value.
        case replace([UInt8])
    }

    /// Every field as `passage` says, each on its line: `Name: value`.
    mutating func put(_ fields: HTTPFields, _ passage: (HTTPFields.Line, borrowing Span<UInt8>) -> Passage) {
        let span = fields.bytes.readableBytesUInt8Span
        span.withUnsafeBufferPointer { received in
            let bytes = UnsafeRawBufferPointer(received)
            for line in fields.lines {
                switch passage(line, span) {
                case .drop: continue
                case .pass: put(bytes, line.name, UnsafeRawBufferPointer(rebasing: bytes[line.value]))
                case .replace(let value): value.withUnsafeBytes { put(bytes, line.name, $0) }
                }
            }
        }
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>, _ value: UnsafeRawBufferPointer) {
        put(copying: UnsafeRawBufferPointer(rebasing: bytes[name]))
        put(": ")
        put(copying: value)
        put("\r\n")
    }

    /// Decimal; what is negative is written as 0.
    mutating func put(_ number: Int) { putDigits(UInt64(max(0, number)), radix: 10) }

    /// Hexadecimal, `digits` of them at least.
    mutating func put(hex number: UInt64, digits: Int = 1) { putDigits(number, radix: 16, atLeast: digits) }

    private mutating func putDigits(_ number: UInt64, radix: UInt64, atLeast: Int = 1) {
        var (digits, rest) = (1, number / radix)
        while rest > 0 || digits < atLeast { (digits, rest) = (digits + 1, rest / radix) }
        guard digits <= room.count - count else {
            isShort = true
            return
        }
        rest = number
        for i in stride(from: count + digits - 1, through: count, by: -1) {
            room[i] = Self.hexDigit(UInt8(truncatingIfNeeded: rest % radix))
            rest /= radix
        }
        count += digits
    }

    /// In the 8-4-4-4-12 form.
    mutating func put(_ xid: TransferID) {
        guard room.count - count >= 36 else {
            isShort = true
            return
        }
        for i in 0..<16 {
            if i == 4 || i == 6 || i == 8 || i == 10 {
                room[count] = UInt8(ascii: "-")
                count += 1
            }
            room[count] = Self.hexDigit(xid.bytes[i] >> 4)
            room[count + 1] = Self.hexDigit(xid.bytes[i] & 15)
            count += 2
        }
    }

    static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}

extension ByteBuffer {
    /// False, and nothing written, if `write` returns nil.
    @inline(__always)
    fileprivate mutating func writeWithUnsafeMutableBytesOnce(
        _ room: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int?
    ) -> Bool {
        var isWritten = true
        _ = writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
            guard let count = write(memory) else {
                isWritten = false
                return 0
            }
            return count
        }
        return isWritten
    }

    mutating func put(_ bytes: [UInt8]) { writeBytes(bytes.span.bytes) }

    mutating func put(_ bytes: ByteBuffer) { writeBytes(bytes.readableBytesSpan) }
}
