/// Why one line of an import was refused, or a warning about it. Names the line and the member, never a value.
package struct LineProblem: Error, Sendable, Hashable, Codable {
    /// From 1; 0: the whole import.
    package var line: Int
    /// Nil: the line as a whole.
    package var member: String?
    /// One sentence, with the remedy.
    package var message: String

    package init(line: Int, member: String?, message: String) {
        self.line = line
        self.member = member
        self.message = message
    }

    package var text: String { "line \(line): " + (member.map { "\($0): " } ?? "") + message }
}
