import ArgumentParser
import FoundationEssentials
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogWitnessesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witnesses", abstract: "The witnesses of the log, and what each cosigned last.",
        discussion: "What stands in the store; a running gate's own view, with the reason for each failure, is in its log and metrics.")
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try await installation.settings()
        var table = Table(columns: ["witness", "url", "entries", "cosigned", "stale"], whenEmpty: "No witness is configured.")
        let records = settings.log.witnesses.isEmpty ? [] : try reading { try WitnessWork.memory(settings).read().records }
        let now = SystemWallClock().now()
        for witness in settings.log.witnesses {
            let record = records.first { $0.vkey == witness.verifier.vkey }
            let isStale =
                record.map { now.milliseconds - $0.time.milliseconds > Int64(settings.log.witnessPacing.staleMilliseconds) } ?? true
            table.append([
                .text(witness.name), .text(witness.url), .number(Int64(clamping: record?.size ?? 0)),
                record.map { .text($0.time.rfc3339) } ?? .null, .bool(isStale),
            ])
        }
        StandardStreams.writeOutput(table.text(format.output))
    }
}
