import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

extension TransfersCommand {
    struct List: AsyncParsableCommand {
        enum Decision: String, CaseIterable, ExpressibleByArgument {
            case allow
            case allowRedacted = "allow_redacted"
            case deny
        }
        enum Result: String, CaseIterable, ExpressibleByArgument {
            case ok
            case vendorError = "vendor_error"
            case partial, aborted, unknown, open
        }
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Transfers, newest first.",
            discussion: """
                Found by the index beside the log; what it does not hold yet is read from the log itself. A list that was cut short \
                names the cursor that goes on: on standard error, or as `next` in JSON. It stays good while new transfers come.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @OptionGroup var which: TransferFilterOptions
        @Option(name: .long, help: "Only with this decision.")
        var decision: Decision?
        @Option(name: .long, help: ArgumentHelp("Only where a record got this reason code.", valueName: "code"))
        var reason: String?
        @Option(name: .long, help: "Only those that ended so.")
        var result: Result?
        @Option(name: .long, help: "Only those that disclosed something about this subject, like email:anna@example.com.")
        var subject: String?
        @OptionGroup var pages: PageOptions

        func run() async throws {
            let settings = try await installation.settings()
            var filter = try which.filter
            filter.decision = decision.flatMap { TransferSummary.Decision(rawValue: $0.rawValue) }
            filter.reason = reason
            filter.state = result.flatMap { TransferState(name: $0.rawValue) }
            let logs = try Wiring.searchedLogs(settings)
            defer { for log in logs { log.close() } }
            let search = try Wiring.search(settings, logs)
            let trace = try subject.map { try Wiring.knownSubject($0, settings, logs) }
            var printer = TransferPrinter(format: format.output)
            let next = try pages.forEachPage(format.output, of: search) { limit, from -> TransferSearch.Page<IndexedTransfer> in
                guard let trace else { return try search.list(filter, limit: limit, from: from) }
                let page = try search.disclosures(of: trace, filter, limit: limit, from: from)
                return TransferSearch.Page(items: page.items.map(\.transfer), next: page.next)
            } print: {
                try printer.add($0.map(\.summary))
            }
            try reading { try printer.finish(next: next) }
            pages.tell(next: next, format.output)
        }
    }
}
