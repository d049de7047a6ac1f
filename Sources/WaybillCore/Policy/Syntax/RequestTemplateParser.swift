/// Reads `POST /crm/v3/objects/contacts/{id}`.
struct RequestTemplateParser {
    static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    static let segmentsMax = 32

    private let text: String
    private var variables: Set<String> = []

    static func parse(_ text: String) throws(SyntaxError) -> RequestTemplate {
        var parser = RequestTemplateParser(text: text)
        return try parser.parse()
    }

    private init(text: String) { self.text = text }

    private mutating func parse() throws(SyntaxError) -> RequestTemplate {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw SyntaxError(
                offset: 0, message: "the request is not a method and a path", remedy: "write it like `POST /v3/contacts/{id}`")
        }
        let method = String(parts[0])
        guard Self.methods.contains(method) else {
            let remedy = method == "HEAD" ? "write GET: HEAD matches it" : "use one of \(Self.methods.joined(separator: ", "))"
            throw SyntaxError(offset: 0, message: "`\(method.prefix(20))` is not a method an endpoint can have", remedy: remedy)
        }
        let path = String(parts[1])
        var offset = method.count + 1
        guard path.hasPrefix("/") else {
            throw SyntaxError(offset: offset, message: "the path does not start with `/`", remedy: "write it like `/v3/contacts`")
        }
        var segments: [RequestTemplate.Segment] = []
        let pieces = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if path != "/" {
            for (index, piece) in pieces.enumerated() {
                offset += 1
                segments.append(try segment(String(piece), offset: offset, isLast: index == pieces.count - 1))
                offset += piece.unicodeScalars.count
            }
        }
        guard segments.count <= Self.segmentsMax else {
            throw SyntaxError(
                offset: method.count + 1, message: "the path has more than \(Self.segmentsMax) segments", remedy: "shorten it")
        }
        return RequestTemplate(method: method, segments: segments, text: path)
    }

    private mutating func segment(_ piece: String, offset: Int, isLast: Bool) throws(SyntaxError) -> RequestTemplate.Segment {
        guard !piece.isEmpty, piece != ".", piece != ".." else {
            throw SyntaxError(
                offset: offset, message: "empty and dot segments are refused",
                remedy: "write the path without them and without a trailing `/`")
        }
        guard let open = piece.firstIndex(of: "{") else { return .literal(try literal(piece, offset: offset)) }
        guard let close = piece[open...].firstIndex(of: "}") else {
            throw SyntaxError(offset: offset, message: "a `{` is not closed", remedy: "write `{name}`")
        }
        let prefix = try literal(String(piece[..<open]), offset: offset)
        let suffixStart = piece.index(after: close)
        let suffixOffset = offset + piece[..<suffixStart].unicodeScalars.count
        let suffix = try literal(String(piece[suffixStart...]), offset: suffixOffset)
        let nameOffset = offset + prefix.unicodeScalars.count + 1
        var name = String(piece[piece.index(after: open)..<close])
        let isRest = name.hasSuffix("*")
        if isRest { name.removeLast() }
        guard ScalarType<String>.name.parse(name) != nil else {
            throw SyntaxError(
                offset: nameOffset, message: "`{\(name.prefix(20))}` is not a variable", remedy: "name it with a-z, 0-9 and `_`")
        }
        guard variables.insert(name).inserted else {
            throw SyntaxError(offset: nameOffset, message: "the variable `\(name)` stands twice", remedy: "give each its own name")
        }
        guard isRest else { return .variable(name: name, prefix: prefix, suffix: suffix) }
        guard isLast, prefix.isEmpty, suffix.isEmpty else {
            throw SyntaxError(offset: nameOffset, message: "`{\(name)*}` is not the whole last segment", remedy: "put it last, alone")
        }
        return .rest(name: name)
    }

    private func literal(_ piece: String, offset: Int) throws(SyntaxError) -> String {
        for (index, character) in piece.unicodeScalars.enumerated() where !Self.isPlain(character) {
            throw SyntaxError(
                offset: offset + index, message: "`\(character)` cannot stand in a literal part of the path",
                remedy: "use letters, digits and `-._~!$'()*+,=:@`; one `{variable}` a segment")
        }
        return piece
    }

    /// Path characters of RFC 3986 without `%` and without `;` and `&`, which servers read in different ways.
    private static func isPlain(_ character: Unicode.Scalar) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: "-._~!$'()*+,=:@".unicodeScalars.contains(character)
        }
    }
}
