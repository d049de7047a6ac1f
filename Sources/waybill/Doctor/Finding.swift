/// What an examination found: one sentence, and what to do about it.
struct Finding: Sendable, Equatable {
    enum Level: String, Sendable, Comparable {
        case ok, warning, error
        private var rank: Int { self == .ok ? 0 : self == .warning ? 1 : 2 }
        static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
    }
    var level: Level
    /// Without a full stop; never personal data.
    var what: String
    /// Nil only of `ok`.
    var remedy: String?

    static func ok(_ what: String) -> Finding { Finding(level: .ok, what: what, remedy: nil) }
    static func warning(_ what: String, _ remedy: String) -> Finding { Finding(level: .warning, what: what, remedy: remedy) }
    static func error(_ what: String, _ remedy: String) -> Finding { Finding(level: .error, what: what, remedy: remedy) }
}

/// One place to look for what is wrong with an installation. Changes nothing.
struct Examination: Sendable {
    var area: String
    /// What it throws is an error in its area.
    var look: @Sendable (Settings) async throws -> [Finding]

    /// Every one, in the order in which a person would go.
    static let all: [Examination] = [
        .configuration, .gate, .files, .disk, .openFiles, .clock, .log, .index, .certificates, .witnesses, .sinks,
    ]

    func findings(_ settings: Settings) async -> [Finding] {
        do {
            return try await look(settings)
        } catch let failure as CommandFailure {
            return [.error(failure.message, failure.remedy ?? "as it says")]
        } catch {
            return [.error(BackgroundWork.sentence(error), "look into the gate's own log")]
        }
    }
}
