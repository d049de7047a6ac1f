import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

extension TransferStatistics.Step: ExpressibleByArgument {}

extension TransfersCommand {
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stats", abstract: "What transfers come to: per vendor and period.",
            discussion: """
                A transfer counts once for each of its purposes, fields and agreements. `refused` are whole requests that were denied; \
                `denied` are records. Periods are days and months in UTC.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @OptionGroup var which: TransferFilterOptions
        @Option(name: .long, help: "A line for each of these.")
        var by: TransferStatistics.Step = .all

        func run() async throws {
            let settings = try await installation.settings()
            let logs = try Wiring.searchedLogs(settings)
            defer { for log in logs { log.close() } }
            let search = try Wiring.search(settings, logs)
            let statistics = try reading { try search.statistics(try which.filter, by: by) }
            StandardStreams.writeOutput(text(statistics))
        }

        private func text(_ statistics: TransferStatistics) -> String {
            let periods = statistics.periods.map { JSONText($0.counts, period: by == .all ? nil : $0.name) }
            switch format.output {
            case .json: return JSONText.object([("periods", .list(periods))]).pretty + "\n"
            case .ndjson: return periods.map { $0.compact + "\n" }.joined()
            case .table where by == .all: return statistics.periods.first.map { whole($0.counts) } ?? "no transfers\n"
            case .table, .csv:
                var table = Table(
                    columns: ["period", "transfers", "records", "bytes", "refused", "denied", "ok", "failed", "unknown"],
                    whenEmpty: "no transfers")
                for (name, counts) in statistics.periods {
                    let failed = (counts.results["vendor_error"] ?? 0) + (counts.results["partial"] ?? 0) + (counts.results["aborted"] ?? 0)
                    let unknown = (counts.results["unknown"] ?? 0) + (counts.results["open"] ?? 0)
                    let numbers = [
                        counts.transfers, counts.records, counts.bytes, counts.refused, counts.denied, counts.results["ok"] ?? 0, failed,
                        unknown,
                    ]
                    table.append([.text(name.isEmpty ? "all" : name)] + numbers.map { .number(Int64($0)) })
                }
                return table.text(format.output)
            }
        }

        /// One period as a list of what was counted.
        private func whole(_ counts: TransferStatistics.Counts) -> String {
            var table = Table(columns: ["what", "which", "count"], whenEmpty: "no transfers")
            let totals = [
                ("transfers", counts.transfers), ("records", counts.records), ("bytes", counts.bytes), ("refused", counts.refused),
                ("denied", counts.denied),
            ]
            for (name, count) in totals { table.append([.text(name), .text(""), .number(Int64(count))]) }
            for (name, values) in counts.groups {
                for (value, count) in values.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                    table.append([.text(name), .text(value), .number(Int64(count))])
                }
            }
            return table.text(.table)
        }
    }
}

extension TransferStatistics.Counts {
    fileprivate var groups: [(String, [String: Int])] {
        [
            ("result", results), ("decision", decisions), ("field", fields), ("purpose", purposes), ("country", countries),
            ("agreement", agreements), ("mechanism", mechanisms), ("caller", callers), ("reason", reasons),
        ]
    }
}

extension JSONText {
    fileprivate init(_ counts: TransferStatistics.Counts, period: String?) {
        let totals = [
            ("transfers", counts.transfers), ("records", counts.records), ("bytes", counts.bytes), ("refused", counts.refused),
            ("denied", counts.denied),
        ]
        let groups = counts.groups.map { name, values in
            (name, JSONText.object(values.sorted { $0.key < $1.key }.map { ($0.key, .number(Int64($0.value))) }))
        }
        self = .object((period.map { [("period", .text($0))] } ?? []) + totals.map { ($0.0, .number(Int64($0.1))) } + groups)
    }
}
