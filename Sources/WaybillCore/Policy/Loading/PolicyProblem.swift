/// What is wrong with a policy set, where, and how to mend it. Never quotes personal data (policy files hold none).
package struct PolicyProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable { case error, warning }
    package var severity: Severity
    package var position: SourcePosition
    /// Stable name for machines, e.g. `unknown_key`.
    package var code: String
    /// What is wrong, one sentence.
    package var message: String
    /// What to do, one sentence.
    package var remedy: String
    package init(severity: Severity, position: SourcePosition, code: String, message: String, remedy: String) {
        self.severity = severity
        self.position = position
        self.code = code
        self.message = message
        self.remedy = remedy
    }
    package var description: String { "\(position): \(severity == .warning ? "warning: " : "")\(message); \(remedy)" }
}
