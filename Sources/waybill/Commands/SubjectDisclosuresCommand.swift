import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

extension SubjectCommand {
    struct Disclosures: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disclosures", abstract: "Who received what about one person: when, why, under which agreement.",
            discussion: """
                Newest first. Fields, basis and reasons are those of the records that were about the person. A transfer without an \
                outcome, or with an unknown one, counts as disclosed. What was denied disclosed nothing and is not shown.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @Argument(help: "The subject, like email:anna@example.com or crm:17.")
        var subject: String
        @OptionGroup var which: TransferFilterOptions
        @OptionGroup var pages: PageOptions

        func run() async throws {
            let settings = try await installation.settings()
            let filter = try which.filter
            let logs = try Wiring.searchedLogs(settings)
            defer { for log in logs { log.close() } }
            let search = try Wiring.search(settings, logs)
            let trace = try Wiring.knownSubject(subject, settings, logs)
            let pruned = try reading { try search.disclosuresPrunedBefore() }
            var printer = DisclosurePrinter(format: format.output, subject: subject, prunedBefore: pruned)
            let next = try pages.forEachPage(format.output, of: search) { limit, from in
                try search.disclosures(of: trace, filter, limit: limit, from: from)
            } print: {
                try printer.add($0)
            }
            try reading { try printer.finish(next: next) }
            pages.tell(next: next, format.output)
            if let pruned, format.output != .json {
                StandardStreams.writeError("waybill: not complete: who was in transfers before \(pruned.rfc3339) is not kept any more\n")
            }
        }
    }
}

extension Wiring {
    /// `logs`: oldest first. The last one has every first-seen subject.
    static func knownSubject(_ subject: String, _ settings: Settings, _ logs: [SQLiteLogReader]) throws -> SubjectTrace {
        guard let log = logs.last, let trace = try subjectTrace(subject, settings, log: log) else {
            throw CommandFailure(
                "nobody is known by this identifier", remedy: "try another one of the person's; an erased person is not found any more")
        }
        return trace
    }
}
