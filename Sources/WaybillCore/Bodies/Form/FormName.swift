/// Where a name leads in the shape.
struct FormPlace {
    /// The last node reached.
    var node: Int32 = 0
    /// The shape goes all the way.
    var isReached = true
    /// If it does not: the last node admits what it does not name.
    var admitsRest = false
    /// -1: outside the records.
    var record: Int32
    /// Has a `[]`.
    var isOpen = false
    /// Of the decoded name, where it leads to a slot.
    var hash: UInt64 = 0

    init(record: Int32) { self.record = record }
}

/// One step of a name: what stands before the first bracket, or between two.
struct FormSegment {
    enum Kind: Equatable {
        case name
        /// Digits in brackets, without a leading zero: a position where the shape has positions, a name elsewhere.
        case index(Int)
        /// `[]`
        case open
    }
    var kind: Kind
    var start: Int
    var textEnd: Int
    /// Behind the closing bracket.
    var end: Int
}

/// Takes a decoded name apart.
struct FormSegments {
    private var at: Int
    private let end: Int
    private var isFirst = true
    private static let indexDigitsMax = 6

    init(start: Int, end: Int) {
        at = start
        self.end = end
    }

    /// Nil at the end. PHP reads `a[b` as `a_b` and ignores what stands behind `]`, Rack strips brackets at the beginning, others take all
    /// of it for a plain name: such names are refused.
    mutating func next(_ name: Span<UInt8>, offset: Int) throws(BodyError) -> FormSegment? {
        let start = at
        if isFirst {
            isFirst = false
            while at < end, name[at] != UInt8(ascii: "[") {
                if name[at] == UInt8(ascii: "]") { throw BodyError(.invalidSyntax, offset: offset) }
                at &+= 1
            }
            guard at > start else { throw BodyError(.invalidSyntax, offset: offset) }
            return FormSegment(kind: .name, start: start, textEnd: at, end: at)
        }
        guard at < end else { return nil }
        guard name[at] == UInt8(ascii: "[") else { throw BodyError(.invalidSyntax, offset: offset) }
        at &+= 1
        while at < end, name[at] != UInt8(ascii: "]") {
            if name[at] == UInt8(ascii: "[") { throw BodyError(.invalidSyntax, offset: offset) }
            at &+= 1
        }
        guard at < end else { throw BodyError(.invalidSyntax, offset: offset) }
        at &+= 1
        return FormSegment(kind: Self.kind(name, start &+ 1, at &- 1), start: start &+ 1, textEnd: at &- 1, end: at)
    }

    private static func kind(_ name: Span<UInt8>, _ start: Int, _ end: Int) -> FormSegment.Kind {
        if start == end { return .open }
        guard end &- start <= indexDigitsMax, name[start] != UInt8(ascii: "0") || end &- start == 1 else { return .name }
        var index = 0
        for i in start..<end {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(name[i]) else { return .name }
            index = index * 10 + Int(name[i] &- 48)
        }
        return .index(index)
    }

    /// `_charset_`, with which browsers say how the rest is encoded.
    static func isCharset(_ name: Span<UInt8>, _ segment: FormSegment) -> Bool {
        guard segment.textEnd &- segment.start == charset.count, name[segment.start] == UInt8(ascii: "_") else { return false }
        return charset.indices.allSatisfy { NameFolding.lowerCased(name[segment.start + $0]) == charset[$0] }
    }
    private static let charset = Array("_charset_".utf8)
}

/// Finds identifying fields that stand twice at one place: one server takes the first, another the last, and the record must not be
/// decided for one person and sent about another.
struct IdentifyingNames {
    private var closed: [(hash: UInt64, node: Int32, offset: Int)] = []
    /// Nodes reached through `[]`, each once.
    private var open: [Int32] = []

    mutating func note(_ place: FormPlace, offset: Int) {
        if !place.isOpen {
            closed.append((place.hash, place.node, offset))
        } else if !open.contains(place.node) {
            open.append(place.node)
        }
    }

    /// An array's elements may be given by `[]` or by position, not by both: PHP lets one overwrite the other. The hash is keyed, so two
    /// names with one hash are one name.
    func refuseRepeated() throws(BodyError) {
        for name in closed where open.contains(name.node) { throw BodyError(.duplicateName, offset: name.offset) }
        guard closed.count > 1 else { return }
        let sorted = closed.sorted { $0.hash < $1.hash }
        for (a, b) in zip(sorted, sorted.dropFirst()) where a.hash == b.hash {
            throw BodyError(.duplicateName, offset: max(a.offset, b.offset))
        }
    }
}
