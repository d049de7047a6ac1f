import ArgumentParser
import FoundationEssentials
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

/// `waybill diff OLD NEW`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What changes between two policy sets, in words.",
        discussion: "OLD and NEW are policy directories. Both may be broken: what they say is compared, not whether it is right.")
    @Argument(help: "The set before.", completion: .directory)
    var old: String
    @Argument(help: "The set after.", completion: .directory)
    var new: String
    @OptionGroup var format: OutputOptions

    func run() throws {
        let changes = PolicyDifference.between(try PolicyDirectory(old).read(), try PolicyDirectory(new).read())
        StandardStreams.writeOutput(ChangeTable.text(changes, format.output))
    }
}

enum ChangeTable {
    static func text(_ changes: [PolicyDifference.Change], _ format: OutputFormat) -> String {
        guard format != .table else {
            var (text, document) = ("", "")
            for change in changes {
                if change.document != document { text += "\(text.isEmpty ? "" : "\n")\(Table.visible(change.document))\n" }
                document = change.document
                let mark = change.weight == .wider ? "+" : change.weight == .narrower ? "-" : "·"
                text += "  \(mark) \(Table.visible(change.sentence))\n"
            }
            return text.isEmpty ? "no difference\n" : text
        }
        var table = Table(columns: ["document", "path", "weight", "sentence"], whenEmpty: "")
        for change in changes {
            table.append([.text(change.document), .text(change.path), .text(change.weight.rawValue), .text(change.sentence)])
        }
        return table.text(format)
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

struct DocumentImpact<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "impact", abstract: "What the draft of the \(Kind.word) would have changed of the last 30 days' transfers.",
            discussion: Impact.caveat)
    }
    @OptionGroup var options: DocumentOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let impact = try await options.ask(Impact.self, Kind.kind, "impact")
        guard format.output == .table else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = format.output == .json ? [.sortedKeys, .prettyPrinted] : [.sortedKeys]
            StandardStreams.writeOutput(String(decoding: try encoder.encode(impact), as: UTF8.self) + "\n")
            return
        }
        var table = Table(
            columns: ["caller", "endpoint", "purposes", "records", "denied", "passes", "more", "fewer", "sample"],
            whenEmpty: "nothing would change")
        for line in impact.lines {
            table.append([
                .text(line.caller), .text(line.endpoint), .texts(line.purposes), .number(Int64(line.records)), .optional(line.newlyDenied),
                .bool(line.newlyPermitted), .text(line.fieldsMore.joined(separator: "; ")), .text(line.fieldsFewer.joined(separator: "; ")),
                .optional(line.samples.first),
            ])
        }
        let summary = """
            \(impact.records) records of \(impact.transfers) transfers\(impact.isWhole ? "" : ", the newest"): \
            \(impact.recordsNewlyDenied) newly denied, \(impact.recordsNewlyPermitted) newly pass

            """
        StandardStreams.writeOutput(table.text(.table) + summary + Impact.caveat + "\n")
    }
}
