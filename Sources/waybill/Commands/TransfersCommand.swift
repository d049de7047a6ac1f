import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct TransfersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfers", abstract: "What was sent or refused, as the log has it.",
        subcommands: [List.self, Show.self, Explain.self])

    struct List: AsyncParsableCommand {
        enum Decision: String, CaseIterable, ExpressibleByArgument {
            case allow
            case allowRedacted = "allow_redacted"
            case deny
        }
        static let pageTransfers = 1_000
        static let tableTransfers = 100
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Transfers, newest first.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @Option(name: .long, help: "Only to this vendor.")
        var vendor: String?
        @Option(name: .long, help: "Only of this caller.")
        var caller: String?
        @Option(name: .long, help: "Only with this decision.")
        var decision: Decision?
        @OptionGroup var range: TimeRange
        @Option(name: .long, help: ArgumentHelp("At most so many; 0 is all. Default: 100 in a table, else all.", valueName: "count"))
        var limit: Int?

        func validate() throws {
            if let limit, limit < 0 { throw ValidationError("--limit must not be negative") }
        }

        func run() async throws {
            var filter = TransferReader.Filter()
            filter.vendor = vendor
            filter.caller = caller
            filter.decision = decision.flatMap { TransferSummary.Decision(rawValue: $0.rawValue) }
            (filter.since, filter.until) = try range.times
            let reader = try Wiring.logReader(try await installation.settings())
            defer { reader.close() }
            let transfers = TransferReader(reader: reader)
            let most = limit ?? (format.output == .table ? List.tableTransfers : 0)
            var left = most == 0 ? Int.max : most
            var cursor: UInt64?
            var printer = TransferPrinter(format: format.output)
            repeat {
                let page = try reading { try transfers.list(filter, limit: min(left, List.pageTransfers), cursor: cursor) }
                try reading { try printer.add(page.transfers) }
                left -= page.transfers.count
                cursor = page.cursor
            } while cursor != nil && left > 0
            try reading { try printer.finish() }
            if cursor != nil, limit == nil { StandardStreams.writeError("waybill: there are more; --limit 0 shows all\n") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Everything the log holds about one transfer.")
        @Argument(help: "The transfer's id, as in the header Waybill-Transfer.")
        var xid: String
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let detail = try TransfersCommand.detail(xid, try await installation.settings())
            let object = JSONText(detail.json)
            switch format.output {
            case .json: StandardStreams.writeOutput(object.pretty + "\n")
            case .ndjson: StandardStreams.writeOutput(object.compact + "\n")
            case .table, .csv:
                var table = Table(columns: ["what", "value"], whenEmpty: "")
                if case .object(let members) = object { for (name, value) in members { table.append([.text(name), value]) } }
                StandardStreams.writeOutput(table.text(format.output))
            }
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Why one transfer was sent, reduced or refused, in words.")
        @Argument(help: "The transfer's id, as in the header Waybill-Transfer.")
        var xid: String
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let settings = try await installation.settings()
            let detail = try TransfersCommand.detail(xid, settings)
            let explanation = TransferExplanation(detail, policies: try TransferExplanation.policies(of: detail, Wiring.archive(settings)))
            switch format.output {
            case .json: StandardStreams.writeOutput(explanation.json.pretty + "\n")
            case .ndjson: StandardStreams.writeOutput(explanation.json.compact + "\n")
            case .table: StandardStreams.writeOutput(explanation.text)
            case .csv: StandardStreams.writeOutput(explanation.reasons.text(.csv))
            }
        }
    }

    static func detail(_ text: String, _ settings: Settings) throws -> TransferDetail {
        guard let xid = TransferID(text) else {
            throw ValidationError(
                "`\(Table.visible(String(text.prefix(40))))` is no transfer id, which looks like 019a2b3c-4d5e-7f80-91a2-b3c4d5e6f708")
        }
        let shards = try Wiring.logShards(settings)
        for shard in shards.reversed() {
            if let detail = try reading({ try TransferReader(reader: shard.reader).show(xid) }) { return detail }
        }
        throw CommandFailure(
            "the log has no transfer \(xid)", remedy: "requests that were malformed or unauthenticated are only counted, in seals")
    }
}
