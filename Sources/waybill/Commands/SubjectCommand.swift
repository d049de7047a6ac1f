import ArgumentParser
import WaybillControl
import WaybillCore

struct SubjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subject", abstract: "Facts about subjects, and what was disclosed of them.",
        subcommands: [
            Import.self,
            Show.self,
            SubjectEraseCommand.self,
            Disclosures.self,
            Restrict.self,
            Object.self,
            Preference.self,
            Signal.self,
            Export.self,
            Link.self,
        ])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Import facts about subjects, NDJSON, one a line.",
            discussion: """
                Works while the gate runs, and the next send sees it. A member that a line does not mention stays as it is; \
                objections and signals are only added.

                {"ids":["email:anna@example.com","crm:17"],"kind":"consumer","countries":["DE"],"born":"1984-03-07","preference":1,\
                "objections":[{"scope":"direct_marketing","at":"2026-05-01T00:00:00Z"}]}
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var options: ImportOptions

        func run() async throws { try await options.run("subject.import", try await installation.settings()) }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "The facts about one subject.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @Argument(help: "The subject, like email:anna@example.com or crm:17.")
        var subject: String

        func run() async throws {
            let reply = try await StoreSession(settings: try await installation.settings())
                .run(ControlRequest(command: "subject.show", arguments: ["subject": subject]))
            let found = try reply.decode(SubjectReport.self)
            var table = Table(columns: ["fact", "value"], whenEmpty: "no facts")
            let facts: [(String, JSONText)] = [
                ("kind", .optional(found.kind)), ("countries", .texts(found.countries)), ("country_source", .optional(found.countrySource)),
                ("born", .optional(found.born)), ("preference", found.preference.map { .number(Int64($0)) } ?? .null),
                ("restricted", .bool(found.restricted)), ("objections", .list(found.objections.map { .text("\($0.what) \($0.at)") })),
                ("signals", .list(found.signals.map { .text("\($0.what) \($0.at)") })),
                ("identifiers", .object(found.identifiers.sorted { $0.key < $1.key }.map { ($0.key, .number(Int64($0.value))) })),
                ("consent_events", .number(Int64(found.consentEvents))),
            ]
            for (fact, value) in facts { table.append([.text(fact), value]) }
            let object = JSONText.object(facts)
            switch format.output {
            case .json: StandardStreams.writeOutput(object.pretty + "\n")
            case .ndjson: StandardStreams.writeOutput(object.compact + "\n")
            case .table, .csv: StandardStreams.writeOutput(table.text(format.output))
            }
        }
    }
}
