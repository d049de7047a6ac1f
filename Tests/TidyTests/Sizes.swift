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

    private let bytes: [UInt8]
    /// Of each byte.
    private let lines: [Int]

    init(code: [String]) {
        var bytes: [UInt8] = []
        var lines: [Int] = []
        for (number, line) in code.enumerated() {
            bytes += line.utf8
            bytes.append(UInt8(ascii: "\n"))
            lines += repeatElement(number, count: line.utf8.count + 1)
        }
        self.bytes = bytes
        self.lines = lines
    }

    var functions: [Function] {
        var found: [Function] = []
        var position = 0
        while position < bytes.count {
            let word = word(at: position)
            if isDeclaration(word, endingAt: position + word.utf8.count), let body = bodyRange(from: position + word.utf8.count) {
                let name = word == "func" ? "func" + signatureName(from: position + word.utf8.count) : word
                found.append(Function(name: name, first: lines[position], last: lines[body.upperBound]))
            }
            position += max(word.utf8.count, 1)
        }
        return found
    }

    private func isDeclaration(_ word: String, endingAt end: Int) -> Bool {
        switch word {
        case "func": true
        // `init` of a type, not a call such as `self.init(…)` or `.init(…)`, which has no body of its own in braces either.
        case "init", "deinit", "subscript": end < bytes.count && previous(before: end - word.utf8.count) != UInt8(ascii: ".")
        default: false
        }
    }

    private func previous(before position: Int) -> UInt8? { position > 0 ? bytes[position - 1] : nil }

    private func word(at position: Int) -> String {
        guard isWordByte(bytes[position]), position == 0 || !isWordByte(bytes[position - 1]) else { return "" }
        return String(decoding: bytes[position...].prefix(while: isWordByte), as: UTF8.self)
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: byte >= 0x80
        }
    }

    private func signatureName(from position: Int) -> String {
        String(decoding: bytes[position...].prefix { $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// From the `{` that opens the body to the `}` that closes it; nil for a requirement, which has none.
    private func bodyRange(from start: Int) -> ClosedRange<Int>? {
        var position = start
        var depth = 0
        while position < bytes.count {
            switch Character(UnicodeScalar(bytes[position])) {
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
        let rest = bytes[(newline + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.prefix(8)
        let text = String(decoding: rest, as: UTF8.self)
        return ["{", "->", "where ", "throws", "async ", "rethrows", "("].contains { text.hasPrefix($0) }
    }

    private func closing(from open: Int) -> Int? {
        var depth = 0
        for position in open..<bytes.count {
            if bytes[position] == UInt8(ascii: "{") { depth += 1 }
            if bytes[position] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }
}
