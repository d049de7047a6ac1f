import ArgumentParser
import WaybillCore

/// The `waybill` command. Its own `main` only maps every way of ending to the documented exit codes.
@main
struct Waybill: AsyncParsableCommand {
    static let version = "\(Product.version)"

    static let configuration = CommandConfiguration(
        commandName: "waybill",
        abstract: "The outbound gate for customer data.",
        discussion: """
            Waybill stands between a CRM and its vendors. Every record is checked against agreement and consent, reduced to the \
            agreed fields, and entered in a tamper-evident log before it leaves.

            Exit codes: 0 done, 1 failed, 2 usage, 3 policy invalid, 4 policy test failed, 5 verification failed, 6 denied.

            Shell completions: waybill --generate-completion-script bash|zsh|fish
            """,
        version: "waybill \(version)",
        subcommands: [
            ServeCommand.self, InitCommand.self, LintCommand.self, TestCommand.self, DecideCommand.self, ConsentCommand.self,
            SubjectCommand.self, TransfersCommand.self, LogCommand.self, CACommand.self,
            VendorCommand.self,
            AgreementCommand.self,
            DiffCommand.self,
            CallerCommand.self,
            FieldCommand.self,
            AuditCommand.self,
            TokenCommand.self,
            AccountCommand.self,
            KeysCommand.self,
            BackupCommand.self,
            RestoreCommand.self,
            DoctorCommand.self,
            ReferenceCommand.self,
        ])

    // `@concurrent`: commands wait on files and sockets, and must not do so on the main actor.
    @concurrent
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        if let failure = error as? CommandFailure {
            StandardStreams.writeError("waybill: \(failure.sentence)\n")
            exitProcess(failure.status.rawValue)
        }
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if !text.isEmpty {
            if code == .success { StandardStreams.writeOutput(text + "\n") } else { StandardStreams.writeError(text + "\n") }
        }
        exitProcess(code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue)
    }
}
