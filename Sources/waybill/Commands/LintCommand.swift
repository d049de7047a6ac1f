import ArgumentParser
import WaybillCore

struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check a policy set.",
        discussion: "Prints problems as file:line:column: message. Exit code 0 if the set loads (warnings do not count), 3 if not.")

    @Argument(help: "The policy directory.", completion: .directory)
    var directory: String

    @OptionGroup var format: OutputOptions

    func run() throws {
        let policies = PolicyDirectory(directory)
        var problems: [PolicyProblem]
        do {
            problems = try policies.load().warnings
        } catch let broken as PolicyProblems {
            problems = broken.all
        }
        LintCommand.print(problems, of: policies, format.output)
        if problems.contains(where: { $0.severity == .error }) { throw ExitStatus.policyInvalid.quietly }
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
