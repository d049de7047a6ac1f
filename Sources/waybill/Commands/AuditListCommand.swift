import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct AuditListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Engagements, with open and overdue findings.")
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try await installation.settings()
        let today = SystemWallClock().now().day
        var table = Table(
            columns: ["id", "vendor", "state", "from", "until", "samples", "evidence", "findings", "open", "overdue"],
            whenEmpty: "no engagements")
        for engagement in try stored({ try Wiring.control(settings).engagements() }) {
            let open = engagement.findings.count { $0.state == .open }
            table.append([
                .text(engagement.id), .text(engagement.scope.vendor), .text(engagement.state.rawValue),
                .text(engagement.scope.from.rfc3339), .text(engagement.scope.until.rfc3339), .number(Int64(engagement.samples.count)),
                .number(Int64(engagement.evidence.count)), .number(Int64(engagement.findings.count)), .number(Int64(open)),
                .number(Int64(engagement.overdue(on: today))),
            ])
        }
        StandardStreams.writeOutput(table.text(format.output))
    }
}

struct AuditShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Everything about one engagement.")
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions
    @Argument(help: "The engagement's id.")
    var engagement: String

    func run() async throws {
        let found = try AuditCommand.engagement(engagement, try await installation.settings())
        let today = SystemWallClock().now().day
        let object = JSONText.object([
            ("id", .text(found.id)), ("vendor", .text(found.scope.vendor)), ("state", .text(found.state.rawValue)),
            ("scope", .text(found.scope.subject)), ("from", .text(found.scope.from.rfc3339)), ("until", .text(found.scope.until.rfc3339)),
            ("hook", .text(found.scope.hook)), ("opened", .text(found.opened.at.rfc3339)), ("opened_by", .text(found.opened.by)),
            ("closed", .optional(found.closed?.at.rfc3339)), ("closed_by", .optional(found.closed?.by)),
            ("samples", .list(found.samples.map(Self.sample))), ("evidence", .list(found.evidence.map(Self.evidence))),
            ("findings", .list(found.findings.enumerated().map { Self.finding($0 + 1, $1, today) })),
        ])
        switch format.output {
        case .json: StandardStreams.writeOutput(object.pretty + "\n")
        case .ndjson: StandardStreams.writeOutput(object.compact + "\n")
        case .table, .csv:
            var table = Table(columns: ["what", "value"], whenEmpty: "")
            guard case .object(let members) = object else { return }
            for (name, value) in members {
                guard case .list(let items) = value else {
                    table.append([.text(name), value])
                    continue
                }
                for item in items { table.append([.text(name), item]) }
            }
            StandardStreams.writeOutput(table.text(format.output))
        }
    }

    private static func sample(_ sample: Engagement.Sample) -> JSONText {
        .object([
            ("seed", .text(sample.seed)), ("count", .number(Int64(sample.count))), ("log", .text(sample.origin)),
            ("size", .number(Int64(clamping: sample.size))),
        ])
    }

    private static func evidence(_ item: Engagement.Evidence) -> JSONText {
        .object([
            ("name", .text(item.name)), ("sha256", .text(item.sha256)), ("bytes", .number(Int64(item.bytes))), ("note", .text(item.note)),
        ])
    }

    private static func finding(_ number: Int, _ finding: Engagement.Finding, _ today: Day) -> JSONText {
        .object([
            ("number", .number(Int64(number))), ("severity", .text(finding.severity.rawValue)), ("title", .text(finding.title)),
            ("owner", .text(finding.owner)), ("due", .text(finding.due.iso8601)), ("effect", .text(finding.effect.rawValue)),
            ("agreements", .texts(finding.agreements)), ("state", .text(finding.state.rawValue)),
            ("overdue", .bool(finding.isOverdue(on: today))), ("answer", .text(finding.answer)),
        ])
    }
}
