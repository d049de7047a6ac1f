import ArgumentParser

/// Prints the reference pages of `docs/reference/` that are generated from the code.
struct ReferenceCommand: ParsableCommand {
    enum Page: String, CaseIterable, ExpressibleByArgument {
        case cli, configuration, metrics, operators
        case reasonCodes = "reason-codes"
    }
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a reference page, generated from the code.", shouldDisplay: false)

    @Argument(help: "Which page.")
    var page: Page

    func run() {
        let text =
            switch page {
            case .cli: CommandReference.text
            case .configuration: ConfigurationReference.text
            case .metrics: MetricsReference.text
            case .operators: RulesReference.operators
            case .reasonCodes: RulesReference.reasonCodes
            }
        StandardStreams.writeOutput(text)
    }
}
