import WaybillCore

// Shapes that many operations share.

extension JSONShape {
    /// RFC 3339, any zone, nanoseconds at most; of the years that instants reach.
    package static let time = JSONShape.text(bytes: 20...35, pattern: .time)
    /// ISO 8601.
    package static let day = JSONShape.text(bytes: 10...10, pattern: .day)
    /// Of vendors, agreements, purposes, fields, callers.
    package static let id = JSONShape.text(bytes: 1...63, pattern: .id)
    /// A transfer's id.
    package static let xid = JSONShape.text(bytes: 36...36, pattern: .xid)
    package static let sha256 = JSONShape.text(bytes: 64...64, pattern: .sha256)
    /// Of entries of a log.
    package static let index = JSONShape.integer(0...Int(Int64.max))
    package static let count = JSONShape.integer(0...Int(Int64.max))
}

extension JSONShape.Pattern {
    private static let dayExpression = "(17|18|19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"

    package static let time = Self(
        "^\(dayExpression)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        format: "date-time"
    ) { text in Timestamp(rfc3339: text) != nil && isInReach(text) }

    package static let day = Self("^\(dayExpression)$", format: "date") { text in Day(iso8601: text) != nil && isInReach(text) }

    package static let id = Self("^[a-z0-9][a-z0-9._-]{0,62}$") { text in
        guard let first = text.utf8.first, isLowerOrDigit(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy { isLowerOrDigit($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0) }
    }

    package static let xid = Self("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", format: "uuid") { text in
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.utf8.allSatisfy(isLowerHex) }
    }

    package static let sha256 = Self("^[0-9a-f]{64}$") { text in text.utf8.count == 64 && text.utf8.allSatisfy(isLowerHex) }

    private static func isInReach(_ text: String) -> Bool { ["17", "18", "19", "20", "21"].contains(text.prefix(2)) }
    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) }
    private static func isLowerHex(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}
