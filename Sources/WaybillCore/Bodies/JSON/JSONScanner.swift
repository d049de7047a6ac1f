/// One pass over a body: checks all of it, and marks the places its shape reaches.
///
/// Functions take where a value begins and return where it ends. `depth` counts the containers around the value.
struct JSONScanner {
    let tree: ShapeTree
    let limits: BodyLimits
    /// False for a proof: where a record was left out of an object, it is rightly missing.
    let requiresRecords: Bool
    /// False for a proof: only reducing walks the marks.
    let marksPlaces: Bool
    /// The node of the whole document: not the tree's own root where the document stands inside a form.
    let root: Int32
    var names = NameTable()
    /// The unescaped form of the last name that has escapes.
    var unescapedName: [UInt8] = []
    /// Per name of each open object that the shape describes: seen, and seen as the shape writes it.
    var folds: [FoldState] = []
    var marks: [JSONMark] = []
    var placeCount = 0
    var records: [ScannedBody.Record] = []
    var hits: [ScannedBody.Hit] = []
    var shared: [ScannedBody.Hit] = []
    var unclassified = 0
    var isInRecord = false
    /// The records of one body are mostly alike.
    var hitCountOfLastRecord = 16
    /// Of the record being scanned: members of `only` that are as required, and how many other members there are.
    var onlySeen: [Bool] = []
    var othersCount = 0

    struct FoldState: OptionSet {
        let rawValue: UInt8
        static let seen = FoldState(rawValue: 1)
        static let named = FoldState(rawValue: 2)
    }

    init(tree: ShapeTree, limits: BodyLimits, requiresRecords: Bool = true, marksPlaces: Bool = true, root: Int32 = 0) {
        self.tree = tree
        self.limits = limits
        self.requiresRecords = requiresRecords
        self.marksPlaces = marksPlaces
        self.root = root
    }

    /// Offsets are 32 bits wide.
    private static let bodyBytesMax = Int(Int32.max)

    mutating func scan(_ bytes: Span<UInt8>) throws(BodyError) -> ScannedBody {
        guard bytes.count <= Self.bodyBytesMax else { throw BodyError(.tooLarge) }
        let start = try Self.checkEncoding(bytes)
        let value = JSONLexer.space(bytes, start)
        guard value < bytes.count else { throw BodyError(.empty, offset: value) }
        // Enough for usual bodies; growing step by step would cost more than the scan of a small one.
        if marksPlaces { marks.reserveCapacity(min(bytes.count / 32 + 8, limits.placesMax)) }
        names.reserve()
        folds.reserveCapacity(32)
        records.reserveCapacity(bytes.count / 1_024 + 1)
        let root = JSONMemberPlace(start: start, value: value, child: root, admitsRest: false, isPositional: false)
        let end = JSONLexer.space(bytes, try element(bytes, root, depth: 0))
        guard end == bytes.count else { throw BodyError(.invalidSyntax, offset: end) }
        guard tree.isUsable else { throw BodyError(.shapeMismatch, offset: start) }
        return ScannedBody(records: records, shared: shared, unclassifiedOutside: unclassified, start: start, marks: marks)
    }

    /// UTF-8 only; where its text begins.
    static func checkEncoding(_ bytes: Span<UInt8>) throws(BodyError) -> Int {
        if bytes.count >= 2, (bytes[0] == 0xFE && bytes[1] == 0xFF) || (bytes[0] == 0xFF && bytes[1] == 0xFE) {
            throw BodyError(.unsupportedEncoding, offset: 0)
        }
        for i in 0..<min(4, bytes.count) where bytes[i] == 0 { throw BodyError(.unsupportedEncoding, offset: i) }
        return bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    // MARK: values the shape does not reach into

    mutating func skipValue(_ bytes: Span<UInt8>, _ start: Int, depth: Int) throws(BodyError) -> Int {
        guard start < bytes.count else { throw BodyError(.invalidSyntax, offset: bytes.count) }
        switch bytes[start] {
        case UInt8(ascii: "\""): return try JSONLexer.string(bytes, start, isName: false).end
        case UInt8(ascii: "{"): return try skipObject(bytes, start, depth: depth &+ 1)
        case UInt8(ascii: "["): return try skipArray(bytes, start, depth: depth &+ 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try JSONLexer.number(bytes, start, charactersMax: limits.numberCharactersMax)
        default: return try JSONLexer.literal(bytes, start)
        }
    }

    private mutating func skipObject(_ bytes: Span<UInt8>, _ open: Int, depth: Int) throws(BodyError) -> Int {
        guard depth <= limits.depthMax else { throw BodyError(.tooDeep, offset: open) }
        let mark = names.mark
        var i = JSONLexer.space(bytes, open &+ 1)
        if i < bytes.count, bytes[i] == UInt8(ascii: "}") { return i &+ 1 }
        while true {
            i = try name(bytes, i, mark: mark).value
            i = JSONLexer.space(bytes, try skipValue(bytes, i, depth: depth))
            guard try hasNext(bytes, i, close: UInt8(ascii: "}")) else { break }
            i = JSONLexer.space(bytes, i &+ 1)
        }
        try names.close(mark, in: bytes, hashing: tree.hashing)
        return i &+ 1
    }

    private mutating func skipArray(_ bytes: Span<UInt8>, _ open: Int, depth: Int) throws(BodyError) -> Int {
        guard depth <= limits.depthMax else { throw BodyError(.tooDeep, offset: open) }
        var i = JSONLexer.space(bytes, open &+ 1)
        if i < bytes.count, bytes[i] == UInt8(ascii: "]") { return i &+ 1 }
        while true {
            i = JSONLexer.space(bytes, try skipValue(bytes, i, depth: depth))
            guard try hasNext(bytes, i, close: UInt8(ascii: "]")) else { return i &+ 1 }
            i = JSONLexer.space(bytes, i &+ 1)
        }
    }

    // MARK: pieces

    struct Name {
        /// Between the quotes.
        var start: Int
        var end: Int
        var hash: UInt64
        var isEscaped: Bool
        var isASCII: Bool
        /// Where the member's value begins.
        var value: Int
    }

    /// A name with its colon, entered in the table.
    @inline(__always)
    mutating func name(_ bytes: Span<UInt8>, _ start: Int, mark: Int) throws(BodyError) -> Name {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { throw BodyError(.invalidSyntax, offset: start) }
        let string = try JSONLexer.string(bytes, start, isName: true)
        let hash: UInt64
        if string.isEscaped {
            unescapedName.removeAll(keepingCapacity: true)
            JSONLexer.unescape(bytes, from: start &+ 1, to: string.end &- 1, into: &unescapedName)
            hash = tree.hashing.hash(unescapedName.span, from: 0, to: unescapedName.count)
        } else {
            hash = tree.hashing.hash(bytes, from: start &+ 1, to: string.end &- 1)
        }
        guard names.mark &- mark < limits.membersMax else { throw BodyError(.tooManyMembers, offset: start) }
        names.push(hash: hash, from: start &+ 1, to: string.end &- 1, isEscaped: string.isEscaped)
        let colon = JSONLexer.space(bytes, string.end)
        guard colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { throw BodyError(.invalidSyntax, offset: colon) }
        return Name(
            start: start &+ 1, end: string.end &- 1, hash: hash, isEscaped: string.isEscaped, isASCII: string.isASCII,
            value: JSONLexer.space(bytes, colon &+ 1))
    }

    /// A comma (true) or the closing bracket (false) stands at `i`.
    @inline(__always)
    func hasNext(_ bytes: Span<UInt8>, _ i: Int, close: UInt8) throws(BodyError) -> Bool {
        guard i < bytes.count else { throw BodyError(.invalidSyntax, offset: bytes.count) }
        if bytes[i] == UInt8(ascii: ",") { return true }
        guard bytes[i] == close else { throw BodyError(.invalidSyntax, offset: i) }
        return false
    }
}
