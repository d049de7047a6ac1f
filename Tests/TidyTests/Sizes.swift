/// How long files and functions may be.
enum Sizes {
    static let sourceLinesMax = 500
    static let testLinesMax = 800
    /// A function has fewer lines than this, its signature's and its closing brace's included.
    static let functionLinesLimit = 70

    static let rules = [
        Rule(name: "files are short enough to read in one sitting") { file in
            let max = file.isTest ? testLinesMax : sourceLinesMax
            guard file.lines.count > max else { return [] }
            return [Finding(path: file.path, line: max + 1, message: "\(file.lines.count) lines; the limit is \(max)")]
        },
        Rule(name: "functions fit a screen") { file in
            FunctionFinder(code: file.code).functions.compactMap { function in
                let length = function.last - function.first + 1
                guard length >= functionLinesLimit else { return nil }
                let message = "`\(function.name)` has \(length) lines; the limit is below \(functionLinesLimit)"
                return Finding(path: file.path, line: function.first + 1, message: message)
            }
        },
    ]
}

/// Finds functions and where they end by counting brackets in blanked code. Nested functions count on their own, and within the outer one.
struct FunctionFinder {
    struct Function: Equatable {
        var name: String
        /// Lines, from 0.
        var first: Int
        var last: Int
    }

    private let characters: [(character: Character, line: Int)]

    init(code: [String]) {
        characters = code.enumerated().flatMap { number, line in (line + "\n").map { ($0, number) } }
    }

    var functions: [Function] {
        var found: [Function] = []
        var position = 0
        while position < characters.count {
            let word = word(at: position)
            if isDeclaration(word, endingAt: position + word.count), let body = bodyRange(from: position + word.count) {
                let name = word == "func" ? "func" + signatureName(from: position + word.count) : word
                found.append(Function(name: name, first: characters[position].line, last: characters[body.upperBound].line))
            }
            position += max(word.count, 1)
        }
        return found
    }

    private func isDeclaration(_ word: String, endingAt end: Int) -> Bool {
        switch word {
        case "func": true
        // `init` of a type, not a call such as `self.init(…)` or `.init(…)`, which has no body of its own in braces either.
        case "init", "deinit", "subscript": end < characters.count && previous(before: end - word.count) != "."
        default: false
        }
    }

    private func previous(before position: Int) -> Character? { position > 0 ? characters[position - 1].character : nil }

    private func word(at position: Int) -> String {
        guard position == 0 || !isWordCharacter(characters[position - 1].character) else { return "" }
        return String(characters[position...].prefix { isWordCharacter($0.character) }.map(\.character))
    }

    private func isWordCharacter(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }

    private func signatureName(from position: Int) -> String {
        String(characters[position...].prefix { $0.character != "(" && $0.character != "\n" }.map(\.character))
    }

    /// From the `{` that opens the body to the `}` that closes it; nil for a requirement, which has none.
    private func bodyRange(from start: Int) -> ClosedRange<Int>? {
        var position = start
        var depth = 0
        while position < characters.count {
            switch characters[position].character {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return closing(from: position).map { position...$0 }
            case "}" where depth == 0: return nil
            case "\n" where depth == 0 && !continues(after: position): return nil
            default: break
            }
            if depth < 0 { return nil }
            position += 1
        }
        return nil
    }

    /// A signature goes on in the next line only with one of these.
    private func continues(after newline: Int) -> Bool {
        let rest = characters[(newline + 1)...].drop { $0.character.isWhitespace }.prefix(8)
        let text = String(rest.map(\.character))
        return ["{", "->", "where ", "throws", "async ", "rethrows", "("].contains { text.hasPrefix($0) }
    }

    private func closing(from open: Int) -> Int? {
        var depth = 0
        for position in open..<characters.count {
            if characters[position].character == "{" { depth += 1 }
            if characters[position].character == "}" { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }
}
