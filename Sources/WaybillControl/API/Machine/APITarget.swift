/// A request's path and query, taken apart. Percent-encoding is undone once, within a segment or a value, so that what is encoded never
/// becomes a separator.
struct APITarget: Sendable, Equatable {
    static let bytesMax = 8_192
    static let queryNamesMax = 64

    /// Behind the first slash.
    var segments: [String]
    /// In the order in which they came.
    var query: [(name: String, value: String)]

    init(_ target: String) throws(APIProblem) {
        guard target.utf8.count <= Self.bytesMax, target.utf8.first == UInt8(ascii: "/"), !target.utf8.contains(UInt8(ascii: "#")) else {
            throw APIProblem(.pathUnknown, "the path is longer than \(Self.bytesMax) bytes, or is none")
        }
        let halves = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        segments = []
        for piece in halves[0].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = Self.decoded(piece, isQuery: false) else { throw Self.malformed }
            segments.append(segment)
        }
        query = []
        guard halves.count > 1, !halves[1].isEmpty else { return }
        for piece in halves[1].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let pair = piece.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pair[0], isQuery: true), query.count < Self.queryNamesMax,
                let value = pair.count > 1 ? Self.decoded(pair[1], isQuery: true) : ""
            else { throw Self.malformed }
            query.append((name, value))
        }
    }

    static func == (a: APITarget, b: APITarget) -> Bool {
        a.segments == b.segments && a.query.elementsEqual(b.query) { $0 == $1 }
    }

    private static let malformed = APIProblem(
        .parameterMalformed, "the path or the query is not percent-encoded UTF-8, or has more than \(queryNamesMax) variables")

    /// Nil: not percent-encoded UTF-8.
    private static func decoded(_ text: Substring.UTF8View, isQuery: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where isQuery: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// For a `Link`: all but unreserved characters encoded.
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
