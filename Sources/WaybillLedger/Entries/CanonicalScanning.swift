/// Reads restricted RFC 8785 and refuses every byte string the encoder could not have written.
package enum CanonicalScanner {
    package static let depthMax = 8

    /// One member of the outermost object: up to eight bytes of its name, packed, and where its value lies.
    struct Member {
        var name: UInt64
        var low: Int
        var high: Int
    }

    /// Scans one entry. Nil if it is not exactly one canonical object. Reuses `members`.
    static func scan(_ bytes: UnsafeRawBufferPointer, into members: inout [Member]) -> Bool {
        members.removeAll(keepingCapacity: true)
        var at = 0
        return object(bytes, &at, depth: 1, &members) && at == bytes.count
    }

    package static func isCanonical(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var at = 0
            var members = [Member]()
            return value(bytes, &at, depth: 0, &members) && at == bytes.count
        }
    }

    /// A name as `Member.name` holds it. Names longer than eight bytes are packed to 0, which no known name is.
    static func pack(_ name: StaticString) -> UInt64 {
        name.utf8CodeUnitCount > 8
            ? 0 : pack(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), 0, name.utf8CodeUnitCount)
    }

    private static func pack(_ bytes: UnsafeRawBufferPointer, _ low: Int, _ high: Int) -> UInt64 {
        guard high - low <= 8 else { return 0 }
        var packed: UInt64 = 0
        for i in low..<high { packed = packed << 8 | UInt64(bytes[i]) }
        return packed
    }

    private static func object(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, depth: Int, _ top: inout [Member]) -> Bool {
        guard depth <= depthMax, at < bytes.count, bytes[at] == 0x7b else { return false }
        at += 1
        if at < bytes.count, bytes[at] == 0x7d {
            at += 1
            return true
        }
        var previous: Range<Int>?
        while true {
            let low = at + 1
            guard string(bytes, &at, isName: true) else { return false }
            let name = low..<at - 1
            if let previous, !precedes(bytes, previous, name) { return false }
            previous = name
            guard at < bytes.count, bytes[at] == 0x3a else { return false }
            at += 1
            let start = at
            guard value(bytes, &at, depth: depth, &top) else { return false }
            if depth == 1 { top.append(Member(name: pack(bytes, name.lowerBound, name.upperBound), low: start, high: at)) }
            guard at < bytes.count else { return false }
            at += 1
            if bytes[at - 1] == 0x7d { return true }
            guard bytes[at - 1] == 0x2c else { return false }
        }
    }

    private static func array(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, depth: Int, _ top: inout [Member]) -> Bool {
        guard depth <= depthMax else { return false }
        at += 1
        if at < bytes.count, bytes[at] == 0x5d {
            at += 1
            return true
        }
        while true {
            guard value(bytes, &at, depth: depth, &top), at < bytes.count else { return false }
            at += 1
            if bytes[at - 1] == 0x5d { return true }
            guard bytes[at - 1] == 0x2c else { return false }
        }
    }

    private static func value(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, depth: Int, _ top: inout [Member]) -> Bool {
        guard at < bytes.count else { return false }
        switch bytes[at] {
        case 0x22: return string(bytes, &at, isName: false)
        case 0x7b: return object(bytes, &at, depth: depth + 1, &top)
        case 0x5b: return array(bytes, &at, depth: depth + 1, &top)
        case 0x74: return literal(bytes, &at, "true")
        case 0x66: return literal(bytes, &at, "false")
        default: return integer(bytes, &at)
        }
    }

    private static func literal(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == text.utf8Start[$0] }) else { return false }
        at += count
        return true
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
        let negative = bytes[at] == 0x2d
        if negative { at += 1 }
        let start = at
        var value = 0
        while at < bytes.count, bytes[at] &- 48 < 10, at - start < 17 {
            value = value * 10 + Int(bytes[at] - 48)
            at += 1
        }
        guard at > start, value <= CanonicalValue.intMax else { return false }
        return bytes[start] != 48 || (at == start + 1 && !negative)
    }

    /// Names must be ASCII; texts valid UTF-8; escapes only where RFC 8785 writes them.
    private static func string(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, isName: Bool) -> Bool {
        guard at < bytes.count, bytes[at] == 0x22 else { return false }
        at += 1
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case 0x22:
                at += 1
                return true
            case 0x5c: guard escape(bytes, &at) else { return false }
            case 0..<0x20: return false
            case 0x20..<0x80: at += 1
            default: guard !isName, multibyte(bytes, &at) else { return false }
            }
        }
        return false
    }

    private static func escape(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
        guard at + 1 < bytes.count else { return false }
        switch bytes[at + 1] {
        case 0x22, 0x5c, 0x62, 0x66, 0x6e, 0x72, 0x74:
            at += 2
            return true
        case 0x75:
            guard at + 6 <= bytes.count, bytes[at + 2] == 48, bytes[at + 3] == 48, bytes[at + 4] == 48 || bytes[at + 4] == 49 else {
                return false
            }
            let digit = bytes[at + 5]
            guard digit &- 48 < 10 || digit &- 97 < 6 else { return false }
            // Those with a short form of their own: \b \t \n \f \r.
            if bytes[at + 4] == 48, [56, 57, 97, 99, 100].contains(digit) { return false }
            at += 6
            return true
        default: return false
        }
    }

    /// One character of UTF-8 beyond ASCII (Unicode, table 3-7).
    private static func multibyte(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
        let first = bytes[at]
        let count = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        guard first >= 0xc2, first <= 0xf4, at + count <= bytes.count else { return false }
        let second = bytes[at + 1]
        let low: UInt8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80
        let high: UInt8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf
        guard second >= low, second <= high else { return false }
        for i in 2..<count where bytes[at + i] & 0xc0 != 0x80 { return false }
        at += count
        return true
    }

    private static func precedes(_ bytes: UnsafeRawBufferPointer, _ a: Range<Int>, _ b: Range<Int>) -> Bool {
        var i = 0
        while i < a.count, i < b.count {
            let (x, y) = (bytes[a.lowerBound + i], bytes[b.lowerBound + i])
            if x != y { return x < y }
            i += 1
        }
        return a.count < b.count
    }
}
