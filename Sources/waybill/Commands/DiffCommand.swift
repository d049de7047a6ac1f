import ArgumentParser
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger

/// `waybill diff OLD NEW`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What changes between two policy sets, in words.",
        discussion: """
            OLD and NEW are policy directories. Both may be broken: what they say is compared, not whether it is right. With --replay both \
            must be right, and past transfers are decided again under each: what would have been denied, what would have passed, which \
            fields would have gone. \(Impact.caveat)
            """)
    @Argument(help: "The set before.", completion: .directory)
    var old: String
    @Argument(help: "The set after.", completion: .directory)
    var new: String
    @Option(
        name: .long,
        help: ArgumentHelp("Decide the transfers of so many days again under both, like 30d; reads the log of --config.", valueName: "days")
    )
    var replay: String?
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard let replay else { return }
        guard let days = AgreementDueCommand.days(replay), days > 0 else {
            throw ValidationError("--replay needs days like 30d, at most 3650d")
        }
        guard format.output == .table || format.output == .json else {
            throw ValidationError("--replay prints as table or json; choose one with --output")
        }
    }

    func run() async throws {
        let changes = PolicyDifference.between(try PolicyDirectory(old).read(), try PolicyDirectory(new).read())
        guard let days = replay.flatMap(AgreementDueCommand.days) else {
            return StandardStreams.writeOutput(ChangeTable.text(changes, format.output))
        }
        let impact = try replayed(Int64(days), try await installation.settings())
        if format.output == .json {
            return StandardStreams.writeOutput(
                try ImpactReport.json(DiffReport(changes: changes.map(DiffReport.Line.init), replay: impact)))
        }
        StandardStreams.writeOutput(ChangeTable.text(changes, .table) + "\n" + ImpactReport.text(impact))
    }

    private func replayed(_ days: Int64, _ settings: Settings) throws -> Impact {
        let (before, after) = (try PolicyDirectory(old).loadForCommand(), try PolicyDirectory(new).loadForCommand())
        var progress = Progress("days of vendors")
        defer { progress.clear() }
        return try reading {
            try Impact.work(
                vendors: Set((before.vendors + after.vendors).map(\.id)), before: before, after: after, now: SystemWallClock().now(),
                days: days, reached: { progress.update(done: Int(clamping: $1), total: Int(clamping: $2)) },
                each: { try Wiring.transfers(settings, $0, $1) })
        }
    }
}

/// `waybill diff --replay --output json`.
private struct DiffReport: Encodable {
    struct Line: Encodable {
        var document: String
        var path: String
        var weight: String
        var sentence: String
        init(_ change: PolicyDifference.Change) {
            (document, path, weight, sentence) = (change.document, change.path, change.weight.rawValue, change.sentence)
        }
    }
    var changes: [Line]
    var replay: Impact
}

/// An impact as commands print it.
enum ImpactReport {
    static func text(_ impact: Impact) -> String {
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
            \(impact.records) records: \(impact.recordsNewlyDenied) newly denied, \(impact.recordsNewlyPermitted) newly pass. \
            \(impact.coverage)

            """
        return table.text(.table) + summary + Impact.caveat + "\n"
    }

    static func json(_ value: some Encodable, isPretty: Bool = true) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = isPretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
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
        StandardStreams.writeOutput(
            format.output == .table ? ImpactReport.text(impact) : try ImpactReport.json(impact, isPretty: format.output == .json))
    }
}
