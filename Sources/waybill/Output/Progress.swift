/// How far a long command is, on a terminal: count, rate, and time left where the total is known. Silent in a pipe.
struct Progress {
    private let label: String
    private let isShown: Bool
    private let started = monotonicSeconds()
    private var lastShown = 0.0
    private static let secondsBetween = 0.2

    init(_ label: String, isShown: Bool = StandardStreams.errorIsTerminal) {
        self.label = label
        self.isShown = isShown
    }

    mutating func update(done: Int, total: Int? = nil) {
        guard isShown else { return }
        let now = monotonicSeconds()
        guard now - lastShown >= Progress.secondsBetween else { return }
        lastShown = now
        StandardStreams.writeError("\r\u{1b}[K" + Progress.line(label, done: done, total: total, seconds: now - started))
    }

    /// Leaves the line as it was before.
    func clear() {
        if isShown && lastShown > 0 { StandardStreams.writeError("\r\u{1b}[K") }
    }

    static func line(_ label: String, done: Int, total: Int?, seconds: Double) -> String {
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var line = "\(label): \(done)"
        if let total { line += " of \(total)" }
        if rate >= 1 { line += ", \(Int(rate))/s" }
        if let total, rate > 0, total > done { line += ", \(Int((Double(total - done) / rate).rounded(.up))) s left" }
        return line
    }
}
