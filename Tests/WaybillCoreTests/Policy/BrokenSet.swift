import Testing

/// A way to break the base set, and what must be said about it.
struct BrokenSet: Sendable, CustomTestStringConvertible {
    var name: String
    var edits: [Edit]
    var code: String
    /// `file:line:column` of the problem.
    var place: String
    var testDescription: String { name }

    init(_ name: String, _ code: String, _ place: String, _ edits: Edit...) {
        (self.name, self.code, self.place, self.edits) = (name, code, place, edits)
    }
}
