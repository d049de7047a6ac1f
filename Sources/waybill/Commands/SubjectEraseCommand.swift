import ArgumentParser
import WaybillControl
import WaybillLedger

struct SubjectEraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Who received what about a person; with --confirm, forget the person for good.",
        discussion: """
            Lists every recipient, so that they can be told, and what --confirm destroys. From then on nothing about the person leaves, but \
            what the law asks for and the vendors' own erasure calls. --confirm destroys identifiers, facts, consents and salts, takes the \
            person out of the log's side records, keeps a keyed tombstone, and enters the erasure in the log; there is no way back. Works \
            while the gate runs and without one, and goes on where it was interrupted.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions
    @Argument(help: "The subject, by any identifier, like email:anna@example.com or crm:17.")
    var subject: String
    @Flag(name: .long, help: "Destroy what is listed. There is no way back.")
    var confirm = false

    func run() async throws {
        var arguments = ["subject": subject]
        if confirm { arguments["confirm"] = "true" }
        let reply = try await StoreSession(settings: try await installation.settings())
            .run(ControlRequest(command: EraseCommand.name, arguments: arguments))
        let report = try reply.decode(ErasureReport.self)
        var table = Table(
            columns: ["vendor", "agreement", "versions", "fields", "first", "last", "transfers", "last_outcome"],
            whenEmpty: "no recipients")
        for recipient in report.recipients { table.append(Self.cells(recipient)) }
        switch format.output {
        case .json: StandardStreams.writeOutput(Self.object(report, table).pretty + "\n")
        case .ndjson, .csv: StandardStreams.writeOutput(table.text(format.output))
        case .table: StandardStreams.writeOutput(table.text(.table) + "\n" + sentence(report) + "\n")
        }
    }

    private static func cells(_ recipient: Recipient) -> [JSONText] {
        [
            .text(recipient.vendor), .text(recipient.agreement), .list(recipient.versions.map { .number(Int64($0)) }),
            .texts(recipient.fields), .text(recipient.first), .text(recipient.last), .number(Int64(recipient.transfers)),
            .text(recipient.lastOutcome),
        ]
    }

    private static func object(_ report: ErasureReport, _ table: Table) -> JSONText {
        .object([
            ("state", .text(report.state.rawValue)), ("asked_at", .text(report.askedAt)), ("erased_at", .optional(report.erasedAt)),
            ("entry", report.entry.map { .number(Int64(clamping: $0)) } ?? .null), ("recipients", .list(table.objects)),
            ("transfers", .number(Int64(report.transfers))),
            ("identifiers", .object(report.identifiers.sorted { $0.key < $1.key }.map { ($0.key, .number(Int64($0.value))) })),
            ("consent_events", .number(Int64(report.consentEvents))),
        ])
    }

    private func sentence(_ report: ErasureReport) -> String {
        let schemes = report.identifiers.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let all =
            "\(report.identifiers.values.reduce(0, +)) identifiers (\(schemes)), \(report.consentEvents) consent events, all facts, the "
            + "subject's key, and its number beside \(report.transfers) transfers"
        return switch report.state {
        case .erasing:
            "Nothing about this person leaves any more. --confirm destroys \(all). Tell the recipients first: nobody can list them afterwards."
        case .erased: "Erased: \(all)." + (report.entry.map { " The log says so in entry \($0)." } ?? "")
        }
    }
}
