import Testing

/// One thing that every file keeps. Pure: a file in, findings out, so that each rule can be shown to fail.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    let check: @Sendable (SourceFile) -> [Finding]

    var testDescription: String { name }

    static let all: [Rule] = Sizes.rules + Imports.rules + Bans.rules + Leftovers.rules
}

struct Finding: Equatable, CustomStringConvertible, Sendable {
    var path: String
    var line: Int
    var message: String

    var description: String { "\(path):\(line): \(message)" }
}
