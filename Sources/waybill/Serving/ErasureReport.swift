import WaybillControl
import WaybillLedger

/// What `waybill subject erase` tells: to whom something was sent, and what is destroyed.
struct ErasureReport: Codable, Sendable {
    enum State: String, Codable { case erasing, erased }
    /// As the operator typed it.
    var subject: String
    var state: State
    var askedAt: String
    var erasedAt: String?
    /// Index of the log's `erasure` entry.
    var entry: UInt64?
    var recipients: [Recipient]
    /// Intents that named the subject.
    var transfers: Int
    /// How many of each scheme.
    var identifiers: [String: Int]
    var consentEvents: Int

    private enum CodingKeys: String, CodingKey {
        case subject, state, entry, recipients, transfers, identifiers
        case askedAt = "asked_at"
        case erasedAt = "erased_at"
        case consentEvents = "consent_events"
    }
}

/// `subject.erase`, in the gate or beside the stores.
struct EraseCommand: ControlCommand {
    static let name = "subject.erase"
    var name: String { Self.name }
    let argumentNames: Set<String> = ["subject", "confirm"]
    let work: ErasureWork

    func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        guard let subject = arguments["subject"] else {
            throw ControlFailure(code: "subject_missing", message: "Name a subject as scheme:value, like crm:17.")
        }
        return try await work.erase(subject, isConfirmed: arguments["confirm"] == "true")
    }
}
