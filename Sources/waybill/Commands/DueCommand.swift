import ArgumentParser
import WaybillControl
import WaybillCore
import WaybillLedger

/// `waybill agreement due`: for people, and for a timer that reminds them.
struct AgreementDueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "due", abstract: "Reviews, ends, due diligence and certifications, the next first.",
        discussion: "With --within, exit code 1 if something is due by then or overdue: for cron and monitoring.")
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions
    @Option(name: .long, help: ArgumentHelp("Only what is due within so many days, like 30d.", valueName: "days"))
    var within: String?

    func validate() throws {
        if let within, Self.days(within) == nil { throw ValidationError("--within needs days like 30d, at most 3650d") }
    }

    func run() async throws {
        let desk = try Wiring.readingDesk(try await installation.settings())
        let dates = try await asked { try await desk.due(within: within.flatMap(Self.days)) }
        var table = Table(
            columns: ["kind", "id", "version", "what", "date", "days_left", "stops", "owner", "consequence"], whenEmpty: "nothing is due")
        for date in dates {
            table.append([
                .text(date.kind.rawValue), .text(date.id), date.version.map { .number(Int64($0)) } ?? .null, .text(date.what.rawValue),
                .text(date.date), .number(Int64(date.daysLeft)), .bool(date.stops), .optional(date.owner), .text(date.consequence),
            ])
        }
        StandardStreams.writeOutput(table.text(format.output))
        if within != nil, !dates.isEmpty { throw ExitStatus.failed.quietly }
    }

    static func days(_ text: String) -> Int? {
        guard let days = Int(text.hasSuffix("d") ? String(text.dropLast()) : text), (0...3_650).contains(days) else { return nil }
        return days
    }
}

struct DocumentDifference<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "diff", abstract: "What the draft of the \(Kind.word) changes of what is in force, in words.",
            discussion: "Without a draft: what the newest version changed of the one before.")
    }
    @OptionGroup var options: DocumentOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let desk = try Wiring.readingDesk(try await options.installation.settings())
        let changes = try await asked { try await desk.difference(PolicyDocumentName(Kind.kind, options.id)) }
        StandardStreams.writeOutput(ChangeTable.text(changes, format.output))
    }
}
