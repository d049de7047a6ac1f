/// IP addresses as text, read strictly: no leading zeros, no zone, no port.
enum AddressText {
    /// The network's address: IPv4 with its last octet zero (/24), IPv6 with its last 80 bits zero (/48). Nil: not an address.
    static func network(of bytes: [UInt8]) -> [UInt8]? {
        if let octets = ipv4(bytes[...]) { return Array("\(octets[0]).\(octets[1]).\(octets[2]).0".utf8) }
        guard let groups = ipv6(bytes) else { return nil }
        if groups[0..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
            // An IPv4 address in IPv6 clothes (RFC 4291, 2.5.5.2): /48 would leave nothing of it.
            return Array("::ffff:\(groups[6] >> 8).\(groups[6] & 255).\(groups[7] >> 8).0".utf8)
        }
        var kept = groups[0..<3]
        while kept.last == 0 { kept.removeLast() }
        return Array((kept.map { String($0, radix: 16) }.joined(separator: ":") + "::").utf8)
    }

    static func ipv4(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (48...57).contains($0) }), part.count == 1 || part.first != 48,
                let octet = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    /// Eight groups; `::` once, for at least one group; an IPv4 tail allowed.
    static func ipv6(_ bytes: [UInt8]) -> [UInt16]? {
        guard bytes.count <= 45 else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard let head = halves.first, halves.count <= 2, let front = groups(head, isLast: halves.count == 1) else { return nil }
        guard halves.count == 2 else { return front.count == 8 ? front : nil }
        guard let back = groups(halves[1], isLast: true), front.count + back.count <= 7 else { return nil }
        return front + [UInt16](repeating: 0, count: 8 - front.count - back.count) + back
    }

    private static func groups(_ text: Substring, isLast: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (i, part) in parts.enumerated() {
            if isLast, i == parts.count - 1, part.contains("."), let octets = ipv4(Array(part.utf8)[...]) {
                groups.append(UInt16(octets[0]) << 8 | UInt16(octets[1]))
                groups.append(UInt16(octets[2]) << 8 | UInt16(octets[3]))
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}
