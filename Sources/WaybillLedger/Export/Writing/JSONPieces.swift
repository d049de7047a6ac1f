// Pieces of JSON made of what stands in entries. Values of canonical JSON are valid in any JSON and are copied as they are.

extension [UInt8] {
    /// `name` as it goes before the value: `,"vendor":`. Nothing without a value.
    mutating func append(_ name: StaticString, json value: UnsafeRawBufferPointer?) {
        guard let value else { return }
        append(name)
        append(contentsOf: value)
    }

    mutating func append(_ name: StaticString, number value: Int64?) {
        guard let value else { return }
        append(name)
        if value < 0 { append(0x2d) }
        append(decimal: UInt(value.magnitude))
    }

    /// As a JSON string; nothing but bytes that need no escape may be in `text`.
    mutating func append(_ name: StaticString, plain text: StaticString) {
        append(name)
        append(0x22)
        append(text)
        append(0x22)
    }

    /// The bytes of valid JSON as a JSON string: controls do not occur in it.
    mutating func append(quotedJSON bytes: UnsafeRawBufferPointer) {
        append(0x22)
        var copied = 0
        for (at, byte) in bytes.enumerated() where byte == 0x22 || byte == 0x5c {
            append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[copied..<at]))
            append(0x5c)
            copied = at
        }
        append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[copied...]))
        append(0x22)
    }
}
