package import WaybillCore

/// `consent.show`, `consent.history` and `subject.show`: what the store knows about one identifier.
package struct ShowCommand: ControlCommand {
    package enum Kind: String, Sendable, CaseIterable {
        case standings = "consent.show"
        case history = "consent.history"
        case subject = "subject.show"
    }

    private let kind: Kind
    private let store: any ConsentStore
    private let clock: @Sendable () -> Timestamp

    package var name: String { kind.rawValue }
    package var argumentNames: Set<String> { kind == .standings ? ["subject", "at"] : ["subject"] }

    package init(_ kind: Kind, store: any ConsentStore, clock: @escaping @Sendable () -> Timestamp) {
        self.kind = kind
        self.store = store
        self.clock = clock
    }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        guard let subject = arguments["subject"] else {
            throw ControlFailure(code: "subject_missing", message: "Name a subject as scheme:value, like crm:17.")
        }
        let identifier: Identifier
        let stored: StoredSubject?
        do {
            identifier = try Identifier(importText: subject)
        } catch {
            throw ControlFailure(code: "subject_malformed", message: "The subject \(error.rawValue).")
        }
        do {
            stored = try await store.subject(of: identifier)
        } catch {
            throw ControlFailure(code: error.code.rawValue, message: error.message)
        }
        guard let stored else {
            throw ControlFailure(
                code: "subject_unknown", message: "The store knows nothing about this subject; import its consents or facts first.")
        }
        switch kind {
        case .standings:
            return ConsentStandings(subject: subject, history: stored.history, notices: store.notices, at: try moment(arguments["at"]))
        case .history: return ConsentHistory(subject: subject, history: stored.history)
        case .subject: return SubjectReport(subject: subject, stored: stored)
        }
    }

    private func moment(_ text: String?) throws(ControlFailure) -> Timestamp {
        guard let text else { return clock() }
        guard let at = Timestamp(rfc3339: text) ?? Day(iso8601: text)?.start else {
            throw ControlFailure(code: "time_malformed", message: "That is not a time; write 2026-05-01T00:00:00Z.")
        }
        return at
    }
}
