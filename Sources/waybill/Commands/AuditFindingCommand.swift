import ArgumentParser
import WaybillControl
import WaybillCore
import WaybillLedger

extension Engagement.Finding.Severity: ExpressibleByArgument {}
extension Engagement.Finding.Effect: ExpressibleByArgument {}

extension AuditCommand {
    struct Finding: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "finding", abstract: "Enter what was found, or what became of it.",
            discussion: """
                A new finding needs --severity, --title, --owner and --due. A critical one suspends the vendor's agreements (or those of \
                --agreement) at once, on the next request; another one does with --effect suspend. `waybill agreement resume` lifts that.

                --resolve N and --accept N settle finding N; critical ones cannot be accepted.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var who: ActorOptions
        @Argument(help: "The engagement's id.")
        var engagement: String
        @Option(name: .long, help: "How bad it is.")
        var severity: Engagement.Finding.Severity?
        @Option(name: .long, help: ArgumentHelp("What was found, in words.", valueName: "text"))
        var title: String?
        @Option(name: .long, help: ArgumentHelp("Who has to mend it.", valueName: "name"))
        var owner: String?
        @Option(name: .long, help: ArgumentHelp("Until when, like 2026-12-31.", valueName: "date"))
        var due: String?
        @Option(name: .long, help: "What it does to traffic.")
        var effect = Engagement.Finding.Effect.none
        @Option(name: .long, help: ArgumentHelp("An agreement that the effect is on; default: all with the vendor.", valueName: "id"))
        var agreement: [String] = []
        @Option(name: .long, help: ArgumentHelp("This finding is mended.", valueName: "number"))
        var resolve: Int?
        @Option(name: .long, help: ArgumentHelp("The risk of this finding is borne.", valueName: "number"))
        var accept: Int?
        @Option(name: .long, help: ArgumentHelp("What was done, or why it is borne.", valueName: "text"))
        var answer: String?

        func validate() throws { _ = try act }

        private var act: EngagementEvent.Act {
            get throws {
                if let number = resolve ?? accept {
                    guard resolve == nil || accept == nil, severity == nil, let answer else {
                        throw ValidationError("--resolve or --accept goes alone, with --answer")
                    }
                    return .settle(number: number, how: resolve == nil ? .accepted : .resolved, answer: answer)
                }
                guard let severity, let title, let owner, let day = due.flatMap({ Day(iso8601: $0) }) else {
                    throw ValidationError("a finding needs --severity, --title, --owner and --due YYYY-MM-DD")
                }
                return .finding(
                    .init(severity: severity, title: title, owner: owner, due: day, effect: effect, agreements: agreement))
            }
        }

        func run() async throws {
            let reply = try await AuditCommand.act(try act, on: engagement, by: who, installation)
            guard resolve == nil, accept == nil else {
                return StandardStreams.writeOutput("engagement \(reply.id) \(reply.state.rawValue)\n")
            }
            let suspended = reply.suspended.isEmpty ? "" : ", suspended: \(reply.suspended.joined(separator: " "))"
            StandardStreams.writeOutput("finding \(reply.findings) of engagement \(reply.id)\(suspended)\n")
        }
    }
}
