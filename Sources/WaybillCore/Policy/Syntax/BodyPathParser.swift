/// Where a path's text goes wrong: `offset` characters into it.
struct SyntaxError: Error {
    var offset: Int
    var message: String
    var remedy: String
}

/// Reads paths as policies.md ("Paths") writes them.
struct BodyPathParser {
    static let stepsMax = 32
    static let indexMax = 9_999

    private let text: [Unicode.Scalar]
    private var at = 0
    private var steps: [BodyPath.Step] = []

    /// Relative to a record: `properties.email`, `['a.b'].c`, `tags[*]`; `name.**` as a whole subtree.
    static func relative(_ text: String) throws(SyntaxError) -> StructurePath {
        var parser = BodyPathParser(text)
        return try parser.parse(rooted: false)
    }

    /// From the body: `$`, `$.inputs[*]`.
    static func rooted(_ text: String) throws(SyntaxError) -> StructurePath {
        var parser = BodyPathParser(text)
        return try parser.parse(rooted: true)
    }

    private init(_ text: String) { self.text = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private mutating func parse(rooted: Bool) throws(SyntaxError) -> StructurePath {
        if rooted {
            guard next == "$" else { throw error("the path must start at the body", "begin with `$`, as in `$.inputs[*]`") }
            at += 1
        } else if next != "[" {
            try name()
        }
        while let character = next {
            switch character {
            case ".":
                at += 1
                if next == "*" { return try subtree() }
                try name()
            case "[": try bracket()
            default: throw error("a `.` or `[` is expected here", "join names by `.`")
            }
            guard steps.count <= Self.stepsMax else {
                throw error("the path has more than \(Self.stepsMax) steps", "shorten it")
            }
        }
        guard rooted || !steps.isEmpty else { throw error("the path is empty", "name a member of the record") }
        return StructurePath(path: BodyPath(steps: steps), subtree: false)
    }

    private mutating func subtree() throws(SyntaxError) -> StructurePath {
        guard !steps.isEmpty else { throw error("`**` needs a name before it", "write `name.**`") }
        guard at + 2 == text.count, text[at + 1] == "*" else {
            throw error("`*` stands only in `[*]` and in a final `.**`", "write `['*']` for a member named `*`")
        }
        return StructurePath(path: BodyPath(steps: steps), subtree: true)
    }

    private mutating func name() throws(SyntaxError) {
        let start = at
        while let character = next, character != ".", character != "[" {
            guard character != "*", character != "'", character != "\"", character != "]", character.value >= 0x20 else {
                throw error("`\(character)` cannot stand in a plain name", "write the name as `['…']`")
            }
            at += 1
        }
        guard at > start else { throw error("a name is expected here", "write a member's name, or `['…']`") }
        steps.append(.name(String(String.UnicodeScalarView(text[start..<at]))))
    }

    private mutating func bracket() throws(SyntaxError) {
        at += 1
        switch next {
        case "*":
            at += 1
            steps.append(.each)
        case "'", "\"": try quotedName()
        case let digit? where ("0"..."9").contains(digit):
            let start = at
            while let digit = next, ("0"..."9").contains(digit) { at += 1 }
            guard let index = Int(String(String.UnicodeScalarView(text[start..<at]))), index <= Self.indexMax else {
                at = start
                throw error("the index is larger than \(Self.indexMax)", "pick a smaller one")
            }
            steps.append(.index(index))
        default: throw error("`[` is followed by neither `*`, an index nor a quoted name", "write `[*]`, `[0]` or `['a.b']`")
        }
        guard next == "]" else { throw error("`]` is missing", "close the bracket") }
        at += 1
    }

    private mutating func quotedName() throws(SyntaxError) {
        let (quote, start) = (text[at], at)
        at += 1
        while let character = next, character != quote { at += 1 }
        guard next == quote, at > start + 1 else {
            at = start
            throw error("the quoted name is empty or not closed", "write `['a.b']`")
        }
        steps.append(.name(String(String.UnicodeScalarView(text[(start + 1)..<at]))))
        at += 1
    }

    private func error(_ message: String, _ remedy: String) -> SyntaxError { SyntaxError(offset: at, message: message, remedy: remedy) }
}
