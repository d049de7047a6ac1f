import WaybillCore

/// The members of one entry, found by one scan. Valid as long as the bytes it was made from.
struct EntryReading {
    private let bytes: UnsafeRawBufferPointer
    private let members: [CanonicalScanner.Member]

    /// Nil unless the bytes are one canonical object. `scratch` is reused from entry to entry.
    init?(_ bytes: UnsafeRawBufferPointer, _ scratch: inout [CanonicalScanner.Member]) {
        guard bytes.count <= EntryForm.entryBytesMax, CanonicalScanner.scan(bytes, into: &scratch) else { return nil }
        self.bytes = bytes
        members = scratch
    }

    func value(_ name: StaticString) -> UnsafeRawBufferPointer? { value(packed: CanonicalScanner.pack(name)) }

    func value(packed: UInt64) -> UnsafeRawBufferPointer? {
        guard let member = members.first(where: { $0.name == packed }) else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[member.low..<member.high])
    }

    /// Without the quotes, escapes as they stand.
    func text(_ name: StaticString) -> UnsafeRawBufferPointer? {
        guard let value = value(name), value.count >= 2, value[0] == 0x22 else { return nil }
        return UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
    }

    /// A string without escapes; names, codes and ids never have any.
    func string(_ name: StaticString) -> String? {
        guard let text = text(name) else { return nil }
        if !text.contains(0x5c) { return String(decoding: text, as: UTF8.self) }
        guard case .string(let value) = CanonicalParser.parse(Array(value(name) ?? text)) else { return nil }
        return value
    }

    func unsigned(_ name: StaticString) -> UInt64? {
        guard let value = value(name), value.count <= 16 else { return nil }
        var number: UInt64 = 0
        for byte in value {
            guard byte &- 48 < 10 else { return nil }
            number = number * 10 + UInt64(byte - 48)
        }
        return number
    }

    func int(_ name: StaticString) -> Int? { unsigned(name).map { Int($0) } }

    var kind: EntryKind? { string("kind").flatMap { EntryKind(rawValue: $0) } }
    var xid: TransferID? { text("xid").flatMap { TransferKey($0)?.xid } }
    var time: Timestamp? { text("t").flatMap { EntryTime.parse($0) } }
}

/// Canonical JSON as a value, where speed does not matter.
package enum CanonicalParser {
    /// Nil unless `bytes` are canonical.
    package static func parse(_ bytes: [UInt8]) -> CanonicalValue? {
        guard CanonicalScanner.isCanonical(bytes) else { return nil }
        var at = 0
        return value(bytes, &at)
    }

    private static func value(_ b: [UInt8], _ at: inout Int) -> CanonicalValue {
        switch b[at] {
        case 0x22: return .string(string(b, &at))
        case 0x74:
            at += 4
            return .bool(true)
        case 0x66:
            at += 5
            return .bool(false)
        case 0x5b:
            at += 1
            var values = [CanonicalValue]()
            while b[at] != 0x5d {
                if b[at] == 0x2c { at += 1 }
                values.append(value(b, &at))
            }
            at += 1
            return .array(values)
        case 0x7b:
            at += 1
            var members = [String: CanonicalValue]()
            while b[at] != 0x7d {
                if b[at] == 0x2c { at += 1 }
                let name = string(b, &at)
                at += 1
                members[name] = value(b, &at)
            }
            at += 1
            return .object(members)
        default:
            let start = at
            while at < b.count, b[at] == 0x2d || b[at] &- 48 < 10 { at += 1 }
            return .int(Int(String(decoding: b[start..<at], as: UTF8.self)) ?? 0)
        }
    }

    private static func string(_ b: [UInt8], _ at: inout Int) -> String {
        at += 1
        var text = [UInt8]()
        while b[at] != 0x22 {
            guard b[at] == 0x5c else {
                text.append(b[at])
                at += 1
                continue
            }
            switch b[at + 1] {
            case 0x62: text.append(0x08)
            case 0x66: text.append(0x0c)
            case 0x6e: text.append(0x0a)
            case 0x72: text.append(0x0d)
            case 0x74: text.append(0x09)
            case 0x75:
                text.append(UInt8(String(decoding: b[at + 2..<at + 6], as: UTF8.self), radix: 16) ?? 0)
                at += 4
            default: text.append(b[at + 1])
            }
            at += 2
        }
        at += 1
        return String(decoding: text, as: UTF8.self)
    }
}
