import NIOCore
import WaybillCore

/// Scheme, host and port that a caller addresses itself, in proxy form.
struct Origin: Hashable, Sendable {
    var isTLS: Bool
    /// Lower case; an IPv6 address in its brackets.
    var host: String
    var port: Int

    var standardPort: Int { isTLS ? 443 : 80 }

    /// The authorities by which requests may name it: with the port, and without it where it is the scheme's own. Lower case.
    var authorities: [[UInt8]] {
        let full = Array("\(host):\(port)".utf8)
        return port == standardPort ? [Array(host.utf8), full] : [full]
    }

    init(_ destination: Vendor.Destination) {
        isTLS = destination.scheme == "https"
        host = destination.host
        port = destination.port
    }

    /// `host:port`, or `host` alone where `needsPort` is false. Nil for anything else: no user, no empty port, no second reading.
    init?(authority: [UInt8], isTLS: Bool, needsPort: Bool) {
        let hostEnd: Int
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")), close > 1,
                authority[1..<close].allSatisfy({ HTTPBytes.hexValue($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return nil }
            hostEnd = close + 1
        } else {
            hostEnd = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.count
            guard hostEnd > 0, authority[..<hostEnd].allSatisfy(Self.isNameByte) else { return nil }
        }
        self.isTLS = isTLS
        host = String(decoding: authority[..<hostEnd].map(HTTPBytes.lowercased), as: UTF8.self)
        guard hostEnd < authority.count else {
            guard !needsPort else { return nil }
            port = isTLS ? 443 : 80
            return
        }
        guard authority[hostEnd] == UInt8(ascii: ":"), let number = Self.port(authority[(hostEnd + 1)...]) else { return nil }
        port = number
    }

    /// 1 to 65535 in digits, without leading zeros.
    private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
        var number = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int(digit)
        }
        return number <= 65_535 ? number : nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch HTTPBytes.lowercased(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Origin {
    /// What `CONNECT` names: `host:port`, TLS, the same as Host. Nil if it names it otherwise or announces a body.
    init?(connect head: CallerHead) {
        let fields = head.fields
        self.init(authority: fields.array(head.target), isTLS: true, needsPort: true)
        guard !fields.contains(.contentLength), !fields.contains(.transferEncoding) else { return nil }
        // HTTP/1.0 knew no Host, and clients that speak it (Python's up to 3.11) send none; whoever sends it must mean the same.
        guard let host = fields.first(.host) else { return }
        guard isNamed(by: host, in: fields) else { return nil }
    }

    /// What an absolute-form target names. Its authority equals Host already.
    init?(absolute head: CallerHead) {
        guard head.isAbsoluteForm, let named = head.fields.text((head.method.upperBound + 1)..<head.target.lowerBound),
            let mark = named.firstRange(of: "://")
        else { return nil }
        self.init(
            authority: Array(named[mark.upperBound...].utf8), isTLS: named[..<mark.lowerBound].lowercased() == "https", needsPort: false)
    }

    func isNamed(by value: Range<Int>, in fields: HTTPFields) -> Bool {
        let bytes = fields.bytes.readableBytesUInt8Span
        return authorities.contains { bytes.matches(value, $0) }
    }
}
