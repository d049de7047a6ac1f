import ArgumentParser
import WaybillControl
import WaybillCore

struct ConsentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent", abstract: "Consents of subjects.", 
        subcommands: [Import.self, Show.self, History.self, Give.self, Withdraw.self, Receipt.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Import consent events, NDJSON, one a line.",
            discussion: """
                Works while the gate runs, and the next send sees it. Good lines are imported, bad ones are named by line and member, \
                never by value; exit code 1 if any was refused. Importing a file twice changes nothing.

                {"subject":"email:anna@example.com","purpose":"newsletter","state":"given","recipients":["hubspot"],\
                "event_time":"2026-05-01T00:00:00Z","notice":"n-7","proof":"web-form"}
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var options: ImportOptions
        @OptionGroup var who: ActorOptions
        @Option(
            name: .long,
            help: ArgumentHelp("The system that exported the file: hubspot, salesforce, sugar, braze or csv.", valueName: "source"))
        var from: String?
        @Option(
            name: .long,
            help: ArgumentHelp("Which list or field is which purpose. Default: SOURCE.yaml of the directory `consent_maps`.", valueName: "file"))
        var map: String?

        func validate() throws {
            if from == nil, map != nil { throw ValidationError("--map goes with --from.") }
            if from != nil, options.strict { throw ValidationError("--strict is for files without --from.") }
        }

        func run() async throws {
            let settings = try await installation.settings()
            guard let from else { return try await options.run("consent.import", settings) }
            try await ConsentSourceImport(file: options.file, source: from, map: map, format: options.format.output, by: who.name)
                .run(settings)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "What a subject's consents say at one moment.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @Argument(help: "The subject, like email:anna@example.com or crm:17.")
        var subject: String
        @Option(name: .long, help: ArgumentHelp("The moment, RFC 3339; default now.", valueName: "time"))
        var at: String?

        func run() async throws {
            var arguments = ["subject": subject]
            arguments["at"] = at
            let reply = try await StoreSession(settings: try await installation.settings())
                .run(ControlRequest(command: "consent.show", arguments: arguments))
            let found = try reply.decode(ConsentStandings.self)
            var table = Table(
                columns: ["purpose", "recipient", "controller", "state", "notice", "proof", "explicit"], whenEmpty: "no consents")
            for standing in found.standings {
                table.append([
                    .optional(standing.purpose), .optional(standing.recipient), .optional(standing.controller), .text(standing.state),
                    .optional(standing.notice), .bool(standing.proof), .bool(standing.explicit),
                ])
            }
            StandardStreams.writeOutput(table.text(format.output))
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history", abstract: "Every consent event of a subject, in order of receipt.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @Argument(help: "The subject, like email:anna@example.com or crm:17.")
        var subject: String

        func run() async throws {
            let reply = try await StoreSession(settings: try await installation.settings())
                .run(ControlRequest(command: "consent.history", arguments: ["subject": subject]))
            let found = try reply.decode(ConsentHistory.self)
            var table = Table(
                columns: [
                    "sequence", "event_time", "state", "purpose", "recipients", "controller", "notice", "proof", "expires", "explicit",
                    "actor",
                ], whenEmpty: "no events")
            for event in found.events {
                table.append([
                    .number(event.sequence), .text(event.eventTime), .text(event.state), .optional(event.purpose), .texts(event.recipients),
                    .optional(event.controller), .optional(event.notice), .optional(event.proof), .optional(event.expires),
                    .bool(event.explicit), .optional(event.actor),
                ])
            }
            StandardStreams.writeOutput(table.text(format.output))
        }
    }
}
