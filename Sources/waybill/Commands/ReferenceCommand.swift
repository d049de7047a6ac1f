import ArgumentParser

/// Prints the reference pages of `docs/reference/` that are generated from the code.
struct ReferenceCommand: AsyncParsableCommand {
    enum Page: String, CaseIterable, ExpressibleByArgument {
        case cli, configuration, metrics, openapi, operators, permissions
        case reasonCodes = "reason-codes"
    }
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a reference page, generated from the code.", shouldDisplay: false)

    @Argument(help: "Which page.")
    var page: Page

    func run() async throws {
        let text =
            switch page {
            case .cli: CommandReference.text
            case .configuration: ConfigurationReference.text
            case .metrics: MetricsReference.text
            case .openapi: try await SurfaceReference.read().openAPI()
            case .operators: RulesReference.operators
            case .permissions: try await SurfaceReference.read().permissions
            case .reasonCodes: RulesReference.reasonCodes
            }
        StandardStreams.writeOutput(text)
    }
}
