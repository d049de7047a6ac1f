import NIOCore
import Testing

@testable import WaybillProxy

@Suite struct SpecialPurposeAddressesTests {
    /// First and last of each block of the IANA registries, and their neighbours outside.
    static let special = [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0", "127.0.0.1",
        "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.170",
        "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
        "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0",
        "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "64:ff9b::808:808", "64:ff9b:1::1",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "100::1", "100:0:0:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1::1",
        "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:30::1", "2001:1ff:ffff::", "2001:db8::1", "2001:db8:ffff::",
        "2002::1", "2002:7f00:1::", "2620:4f:8000::1", "3fff::1", "3fff:fff:ffff::", "5f00::1", "fc00::1", "fdff:ffff::1", "fe80::1",
        "febf::1", "fec0::1", "ff00::1", "ff02::1",
    ]
    static let ordinary = [
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
        "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
        "198.20.0.0", "198.51.99.255", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8", "2001:200::1", "2001:4860:4860::8888",
        "2001:db7::1", "2001:db9::1", "2003::1", "2600::1", "2620:4f:8001::1", "2a00:1450::1", "3ffe:ffff::1", "4000::1", "5eff::1",
        "5f01::1",
        "64:ff9c::1", "64:ff9b:2::1", "100:0:0:2::1", "fbff::1",
    ]

    private func bytes(_ text: String) throws -> [UInt8] {
        switch try SocketAddress(ipAddress: text, port: 0) {
        case .v4(let address):
            // In network order within the structure: after family and port.
            return withUnsafeBytes(of: address.address) { Array($0[4..<8]) }
        case .v6(let address): return withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
        case .unixDomainSocket: return []
        }
    }

    @Test(arguments: special) func specialAddressesAreFound(_ text: String) throws {
        #expect(SpecialPurposeAddresses.contains(try bytes(text)))
    }

    @Test(arguments: ordinary) func ordinaryAddressesPass(_ text: String) throws {
        #expect(!SpecialPurposeAddresses.contains(try bytes(text)))
    }

    @Test func whatIsNoAddressIsSpecial() {
        for length in [0, 3, 5, 15, 17] { #expect(SpecialPurposeAddresses.contains(Array(repeating: 8, count: length))) }
    }
}
