import ArgumentParser
import FoundationEssentials
import WaybillCore

struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check a policy set.",
        discussion: "Prints problems as file:line:column: message. Exit code 0 if the set loads (warnings do not count), 3 if not.")

    @Argument(help: "The policy directory.", completion: .directory)
    var directory: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With what this installation has approved beside the files, and compared with its interception CA.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @OptionGroup var format: OutputOptions

    func run() async throws {
        var policies = PolicyDirectory(directory)
        if let config {
            let settings = try await SettingsReader.read(file: config, flags: [:], environment: ProcessInfo.processInfo.environment)
            policies = PolicyDirectory(directory, store: try Wiring.policies(settings).store)
        }
        var problems: [PolicyProblem]
        do {
            let (set, warnings) = try policies.load()
            problems = warnings
            if let config { problems += try await uncovered(set, config) }
        } catch let broken as PolicyProblems {
            problems = broken.all
        }
        LintCommand.print(problems, of: policies, format.output)
        if problems.contains(where: { $0.severity == .error }) { throw ExitStatus.policyInvalid.quietly }
    }

    private func uncovered(_ set: PolicySet, _ config: String) async throws -> [PolicyProblem] {
        let settings = try await SettingsReader.read(file: config, flags: [:], environment: ProcessInfo.processInfo.environment)
        return try InterceptionCA.existing(in: try KeyDirectory(settings.keys, create: false))?.uncovered(set) ?? []
    }

    static func print(_ problems: [PolicyProblem], of policies: PolicyDirectory, _ format: OutputFormat) {
        guard format != .table else {
            let lines = problems.map { Table.visible(policies.located($0)) + "\n" }.joined()
            let errors = problems.count { $0.severity == .error }
            let summary =
                "\(errors) error\(errors == 1 ? "" : "s"), \(problems.count - errors) warning\(problems.count - errors == 1 ? "" : "s")\n"
            StandardStreams.writeOutput(lines + summary)
            return
        }
        var table = Table(columns: ["file", "line", "column", "severity", "code", "message", "remedy"], whenEmpty: "")
        for problem in problems {
            table.append([
                .text(Files.resolve(problem.position.file, against: policies.path)), .number(Int64(problem.position.line)),
                .number(Int64(problem.position.column)), .text(problem.severity.rawValue), .text(problem.code), .text(problem.message),
                .text(problem.remedy),
            ])
        }
        StandardStreams.writeOutput(table.text(format))
    }
}
