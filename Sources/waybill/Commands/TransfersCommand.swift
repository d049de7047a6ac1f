import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct TransfersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfers", abstract: "What was sent or refused, as the log has it.",
        subcommands: [
            List.self,
            Show.self,
            Explain.self,
            Stats.self,
        ])

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
