/// Addresses that must never be dialled because a name says so: a vendor's name that resolves to one of them would let whoever
/// controls the name reach into the network the gate stands in (SSRF).
///
/// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates), whole, reachable or not, and besides them
/// multicast, the deprecated site-local and IPv4-compatible blocks, and the rest of class E. IPv4 inside IPv6 (mapped, NAT64, 6to4,
/// Teredo) falls under its IPv6 block.
enum SpecialPurposeAddresses {
    struct Block: Sendable {
        let prefix: [UInt8]
        let bits: Int
        let name: String
    }

    static func contains(_ address: [UInt8]) -> Bool { block(of: address) != nil }

    /// The block that holds `address` (4 or 16 bytes, network order). Other lengths are special by definition.
    static func block(of address: [UInt8]) -> Block? {
        switch address.count {
        case 4: ipv4.first { $0.holds(address) }
        case 16: ipv6.first { $0.holds(address) }
        default: Block(prefix: [], bits: 0, name: "no address")
        }
    }

    static let ipv4: [Block] = [
        Block([0], 8, "this network"), Block([10], 8, "private use"), Block([100, 64], 10, "shared address space"),
        Block([127], 8, "loopback"), Block([169, 254], 16, "link local"), Block([172, 16], 12, "private use"),
        Block([192, 0, 0], 24, "IETF protocol assignments"), Block([192, 0, 2], 24, "documentation TEST-NET-1"),
        Block([192, 31, 196], 24, "AS112-v4"), Block([192, 52, 193], 24, "AMT"), Block([192, 88, 99], 24, "6to4 relay anycast"),
        Block([192, 168], 16, "private use"), Block([192, 175, 48], 24, "direct delegation AS112"), Block([198, 18], 15, "benchmarking"),
        Block([198, 51, 100], 24, "documentation TEST-NET-2"), Block([203, 0, 113], 24, "documentation TEST-NET-3"),
        Block([224], 4, "multicast"), Block([240], 4, "reserved and limited broadcast"),
    ]

    static let ipv6: [Block] = [
        Block([], 96, "unspecified, loopback and IPv4-compatible"),
        Block([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96, "IPv4-mapped"),
        Block([0x00, 0x64, 0xff, 0x9b], 96, "NAT64"), Block([0x00, 0x64, 0xff, 0x9b, 0, 1], 48, "local NAT64"),
        Block([0x01, 0x00], 64, "discard only"), Block([0x01, 0x00, 0, 0, 0, 0, 0, 1], 64, "dummy prefix"),
        Block([0x20, 0x01, 0], 23, "IETF protocol assignments, Teredo, benchmarking, ORCHID"),
        Block([0x20, 0x01, 0x0d, 0xb8], 32, "documentation"), Block([0x20, 0x02], 16, "6to4"),
        Block([0x26, 0x20, 0x00, 0x4f, 0x80, 0x00], 48, "direct delegation AS112"), Block([0x3f, 0xff], 20, "documentation"),
        Block([0x5f, 0x00], 16, "SRv6 SIDs"), Block([0xfc], 7, "unique local"), Block([0xfe, 0x80], 10, "link local"),
        Block([0xfe, 0xc0], 10, "site local, deprecated"), Block([0xff], 8, "multicast"),
    ]
}

extension SpecialPurposeAddresses.Block {
    /// `prefix` is filled up with zeros.
    fileprivate init(_ prefix: [UInt8], _ bits: Int, _ name: String) {
        self.init(prefix: prefix + Array(repeating: 0, count: 16 - prefix.count), bits: bits, name: name)
    }

    fileprivate func holds(_ address: [UInt8]) -> Bool {
        for i in 0..<(bits / 8) where address[i] != prefix[i] { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xff00 >> rest)
        return address[bits / 8] & mask == prefix[bits / 8] & mask
    }
}
