/// Gathers every problem of one load, so that one run shows them all.
final class ProblemList {
    private(set) var errors: [PolicyProblem] = []
    private(set) var warnings: [PolicyProblem] = []

    func error(_ position: SourcePosition, _ code: String, _ message: String, _ remedy: String) {
        errors.append(PolicyProblem(severity: .error, position: position, code: code, message: message, remedy: remedy))
    }

    func warning(_ position: SourcePosition, _ code: String, _ message: String, _ remedy: String) {
        warnings.append(PolicyProblem(severity: .warning, position: position, code: code, message: message, remedy: remedy))
    }

    func add(_ problem: PolicyProblem) { errors.append(problem) }

    /// By file, line and column; problems at one place in the order found.
    static func sorted(_ problems: [PolicyProblem]) -> [PolicyProblem] {
        problems.enumerated().sorted { a, b in
            let (p, q) = (a.element.position, b.element.position)
            return (p.file, p.line, p.column, a.offset) < (q.file, q.line, q.column, b.offset)
        }.map(\.element)
    }
}

/// Finds what somebody probably meant to write.
enum Suggestion {
    /// `did you mean …` for the nearest candidate at most a third of the word away, else the candidates, else `fallback`.
    static func remedy(for word: String, among candidates: [String], else fallback: String) -> String {
        let allowed = max(1, word.count / 3)
        let near = candidates.map { ($0, distance(word, $0)) }.filter { $0.1 <= allowed }.min { ($0.1, $0.0) < ($1.1, $1.0) }
        if let near { return "did you mean `\(near.0)`? Otherwise \(fallback)" }
        return fallback
    }

    /// Damerau–Levenshtein with adjacent swaps; words beyond 64 characters count as far apart.
    static func distance(_ first: String, _ second: String) -> Int {
        let (a, b) = (Array(first.utf8), Array(second.utf8))
        guard a.count <= 64, b.count <= 64 else { return 64 }
        var beforePrevious = [Int](repeating: 0, count: b.count + 1)
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
                row.append(cost)
            }
            (beforePrevious, previous) = (previous, row)
        }
        return previous[b.count]
    }
}
