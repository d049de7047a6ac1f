/// One Swift file as the rules see it: its text, and its code with comments and string literals blanked out.
struct SourceFile: Sendable {
    /// From the root of the repository: `Sources/WaybillCore/Basics/Timestamp.swift`.
    let path: String
    let lines: [String]
    /// Line for line as `lines`; every character inside a comment or a string literal is a space.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = SourceFile.split(text)
        code = SourceFile.split(CodeBlanker.blank(text))
    }

    var isTest: Bool { path.hasPrefix("Tests/") }
    var isSource: Bool { path.hasPrefix("Sources/") }

    /// `WaybillCore` for `Sources/WaybillCore/…`; nil outside `Sources/`.
    var module: String? {
        let parts = path.split(separator: "/")
        return isSource && parts.count > 2 ? String(parts[1]) : nil
    }

    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

/// Replaces what is inside comments and string literals by spaces, so that rules look at code only.
///
/// Knows line and nested block comments, plain, raw and multi-line strings, and interpolations (blanked with their string).
/// Does not know bare regex literals: a quote inside one would confuse it.
struct CodeBlanker {
    private let characters: [UInt8]
    private var output: [UInt8] = []
    private var position = 0

    private static let newline = UInt8(ascii: "\n")

    static func blank(_ text: String) -> String {
        var blanker = CodeBlanker(text)
        while blanker.position < blanker.characters.count { blanker.step() }
        return String(decoding: blanker.output, as: UTF8.self)
    }

    private init(_ text: String) {
        characters = Array(text.utf8)
        output.reserveCapacity(characters.count)
    }

    private mutating func step() {
        if matches("//") {
            while position < characters.count, characters[position] != CodeBlanker.newline { skip(1) }
        } else if matches("/*") {
            blockComment()
        } else if let hashes = stringOpening() {
            string(hashes: hashes)
        } else {
            keep()
        }
    }

    private func matches(_ text: String) -> Bool {
        guard let first = text.utf8.first, position < characters.count, characters[position] == first else { return false }
        return position + text.utf8.count <= characters.count && characters[position..<position + text.utf8.count].elementsEqual(text.utf8)
    }

    private mutating func keep() {
        output.append(characters[position])
        position += 1
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<min(count, characters.count - position) {
            output.append(characters[position] == CodeBlanker.newline ? CodeBlanker.newline : UInt8(ascii: " "))
            position += 1
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if matches("/*") {
                depth += 1
                skip(2)
            } else if matches("*/") {
                depth -= 1
                skip(2)
            } else {
                skip(1)
            }
        } while depth > 0 && position < characters.count
    }

    /// How many `#` come before the quote that begins here, or nil if no string begins.
    private func stringOpening() -> Int? {
        var end = position
        while end < characters.count, characters[end] == UInt8(ascii: "#") { end += 1 }
        return end < characters.count && characters[end] == UInt8(ascii: "\"") ? end - position : nil
    }

    private mutating func string(hashes: Int) {
        let hash = String(repeating: "#", count: hashes)
        skip(hashes)
        let isMultiline = matches("\"\"\"")
        let quote = isMultiline ? "\"\"\"" : "\""
        skip(quote.count)
        while position < characters.count, !matches(quote + hash) {
            if !isMultiline && characters[position] == CodeBlanker.newline { return }
            if matches("\\\(hash)(") {
                skip(hashes + 2)
                interpolation()
            } else if matches("\\\(hash)") {
                skip(hashes + 2)
            } else {
                skip(1)
            }
        }
        skip(quote.count + hashes)
    }

    /// Up to and with the bracket that closes `\(`.
    private mutating func interpolation() {
        var depth = 1
        while depth > 0, position < characters.count {
            if let hashes = stringOpening() {
                string(hashes: hashes)
                continue
            }
            if characters[position] == UInt8(ascii: "(") { depth += 1 }
            if characters[position] == UInt8(ascii: ")") { depth -= 1 }
            skip(1)
        }
    }
}
