import ArgumentParser
import WaybillControl
import WaybillLedger

struct FieldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "field", abstract: "Stop a field of personal data, for one vendor or all, and let it go again.",
        subcommands: [Suspend.self, Resume.self, Suspended.self])

    struct Options: ParsableArguments {
        @OptionGroup var options: SuspendOptions
        @Option(name: .long, help: ArgumentHelp("Only in what goes to this vendor. Default: to anybody.", valueName: "id"))
        var vendor: String?

        func run(stop: Bool) async throws { try await options.run("field", vendor: vendor, stop: stop) }
    }
    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspend", abstract: "The field stays behind from the next request on.",
            discussion: "A record for which an agreement requires the field is refused.")
        @OptionGroup var options: Options
        func run() async throws { try await options.run(stop: true) }
    }
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "resume", abstract: "Lift the stop.")
        @OptionGroup var options: Options
        func run() async throws { try await options.run(stop: false) }
    }
    struct Suspended: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "suspended", abstract: "Which fields are stopped, by whom, and why.")
        @OptionGroup var options: SuspensionList
        func run() async throws {
            try await options.run { target in
                guard case .field(let name, let vendor) = target else { return nil }
                return vendor.map { "\(name) of \($0)" } ?? name
            }
        }
    }
}
