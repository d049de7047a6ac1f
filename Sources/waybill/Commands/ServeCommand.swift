import ArgumentParser
import FoundationEssentials
import Logging
import WaybillCore

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the gate.",
        discussion: """
            Runs in the foreground. Standard output carries one line, {"event":"ready","gate":"127.0.0.1:8080",…}, when the gate \
            accepts; logs go to standard error as JSON. A missing store, key or CA is created. SIGTERM stops cleanly, SIGHUP reads the \
            policies again; changed policy files are read within a second.
            """)

    @OptionGroup var installation: ConfigurationOptions

    @Flag(name: .long, help: "Check configuration, policies, secrets and keys; create and start nothing.")
    var check = false

    @Option(name: .long, help: ArgumentHelp("Where to listen, over the configuration.", valueName: "host:port"))
    var gate: String?

    @Option(name: .long, help: ArgumentHelp("The policy directory, over the configuration.", valueName: "dir"), completion: .directory)
    var policies: String?

    func run() async throws {
        do {
            let settings = try await installation.settings(flags)
            let logger = ServeCommand.logger(settings.logLevel)
            if check {
                try InstallationCheck(settings: settings).run()
                StandardStreams.writeOutput("\(settings.file) and what it names are valid\n")
            } else {
                try await Serving.run(settings, logger: logger)
            }
        } catch {
            try end(error)
        }
    }

    private var flags: [String: String] {
        var flags: [String: String] = [:]
        if let gate { flags["listen.gate"] = gate }
        // A path on the command line is relative to where the user is, not to the configuration file.
        if let policies {
            flags["policies"] = policies.hasPrefix("/") ? policies : FileManager.default.currentDirectoryPath + "/" + policies
        }
        return flags
    }

    /// Standard error carries JSON, for the machine that collects it; a person at a terminal gets the sentence.
    private func end(_ error: any Error) throws {
        guard let failure = error as? CommandFailure, !StandardStreams.errorIsTerminal, !check else { throw error }
        let lines = failure.message.split(separator: "\n").map(String.init)
        var metadata: Logger.Metadata = ["error": "\(lines.first ?? "")"]
        if let remedy = failure.remedy { metadata["remedy"] = "\(remedy)" }
        if lines.count > 1 { metadata["problems"] = .array(lines.dropFirst().map { .string($0) }) }
        ServeCommand.logger("info").critical("waybill cannot serve", metadata: metadata)
        throw failure.status.quietly
    }

    static func logger(_ level: String) -> Logger {
        Logger(label: "waybill") { JSONLogHandler(label: $0, level: Logger.Level(rawValue: level) ?? .info) }
    }
}
