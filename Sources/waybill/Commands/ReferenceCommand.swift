import ArgumentParser

/// Prints the reference pages of `docs/reference/` that are generated from the code.
struct ReferenceCommand: ParsableCommand {
    enum Page: String, CaseIterable, ExpressibleByArgument { case cli, configuration }
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a reference page, generated from the code.", shouldDisplay: false)

    @Argument(help: "Which page.")
    var page: Page

    func run() {
        StandardStreams.writeOutput(page == .cli ? CommandReference.text : ConfigurationReference.text)
    }
}
