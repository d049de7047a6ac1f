/// A request's target taken apart, refused where two servers could read it in two ways.
struct RequestTarget {
    static let segmentsMax = 64
    static let parametersMax = 100

    struct Parameter {
        /// Still percent-encoded.
        var name: Range<Int>

        func isNamed(in allowed: [[UInt8]], _ target: [UInt8]) -> Bool {
            let raw = target[name]
            if raw.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
                guard let decoded = PercentCoding.decode(raw, plusIsSpace: true) else { return false }
                return allowed.contains(decoded)
            }
            return allowed.contains { $0.elementsEqual(raw) }
        }
    }

    var segments: [Range<Int>] = []
    var query: [Parameter] = []

    init(_ target: [UInt8]) throws(EndpointMatcher.Failure) {
        guard target.first == UInt8(ascii: "/") else { throw .malformedPath }
        for byte in target where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "#") {
            throw .malformedPath
        }
        let pathEnd = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        try readPath(target, end: pathEnd)
        if pathEnd < target.count { try readQuery(target, start: pathEnd + 1) }
    }

    private mutating func readPath(_ target: [UInt8], end: Int) throws(EndpointMatcher.Failure) {
        segments.reserveCapacity(12)
        var start = 1
        while start < end {
            var stop = start
            while stop < end, target[stop] != UInt8(ascii: "/") { stop += 1 }
            guard stop > start, segments.count < Self.segmentsMax else { throw .malformedPath }
            try check(target[start..<stop])
            segments.append(start..<stop)
            // One slash at the very end is ignored; a second one would start an empty segment.
            start = stop + 1
            if stop < end, start == end { break }
        }
    }

    private func check(_ segment: ArraySlice<UInt8>) throws(EndpointMatcher.Failure) {
        // Some servers cut off what follows a `;`, decoded or not.
        if segment.contains(UInt8(ascii: ";")) { throw .malformedPath }
        guard segment.contains(UInt8(ascii: "%")) else {
            if Self.isDots(segment) { throw .malformedPath }
            return
        }
        guard let decoded = PercentCoding.decode(segment) else { throw .malformedPath }
        for byte in decoded where byte < 0x20 || byte == 0x7F || "/\\%;".utf8.contains(byte) { throw .malformedPath }
        if Self.hidesPlainBytes(segment) { throw .malformedPath }
        if Self.isDots(decoded[...]) { throw .malformedPath }
    }

    /// `%62atch` is `batch` to whoever decodes before matching (RFC 3986, 6.2.2.2), and another path to whoever does not. Nobody has to
    /// encode a letter, a digit or `-._`.
    private static func hidesPlainBytes(_ segment: ArraySlice<UInt8>) -> Bool {
        segment.indices.contains { i in
            guard segment[i] == UInt8(ascii: "%"), let byte = PercentCoding.decode(segment[i..<(i + 3)])?.first else { return false }
            return SegmentText.isOpaque([byte]) && byte != UInt8(ascii: "~")
        }
    }

    /// `.`, `..`, and the same with parameters (`..;x`), which some servers cut off before they resolve dots.
    private static func isDots(_ segment: ArraySlice<UInt8>) -> Bool {
        let name = segment.prefix { $0 != UInt8(ascii: ";") }
        return name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    private mutating func readQuery(_ target: [UInt8], start: Int) throws(EndpointMatcher.Failure) {
        guard start < target.count else { return }
        var names: Set<[UInt8]> = []
        for part in target[start...].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            // `;` separates parameters for some servers and not for others.
            guard !part.contains(UInt8(ascii: ";")), let decoded = PercentCoding.decode(part), !decoded.contains(0) else {
                throw .malformedPath
            }
            let end = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = PercentCoding.decode(part[..<end], plusIsSpace: true) else { throw .malformedPath }
            guard !name.isEmpty, names.insert(name).inserted, query.count < Self.parametersMax else { throw .queryNotAllowed }
            query.append(Parameter(name: part.startIndex..<end))
        }
    }
}

/// Percent-decoding, strict.
enum PercentCoding {
    /// Nil for a `%` without two hexadecimal digits.
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, let high = nibble(bytes[index + 1]), let low = nibble(bytes[index + 2]) else {
                    return nil
                }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
                index += 1
            }
        }
        return decoded
    }

    /// Nil for anything but a hexadecimal digit.
    static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
