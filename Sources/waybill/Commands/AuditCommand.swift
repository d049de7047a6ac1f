import ArgumentParser
import Crypto
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Audits of vendors: engagements, samples, evidence, findings.",
        discussion: "Every act is an entry of the log; names and words stay in the control store. See docs/audits.md.",
        subcommands: [
            Open.self,
            Sample.self,
            Evidence.self,
            Finding.self,
            Close.self,
            AuditListCommand.self,
            AuditShowCommand.self,
            AuditReconcileCommand.self,
        ])

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "open", abstract: "Open an engagement; prints its id.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var who: ActorOptions
        @Option(name: .long, help: "The vendor's id.")
        var vendor: String
        @Option(name: .long, help: ArgumentHelp("What is looked at, in words.", valueName: "text"))
        var scope: String
        @Option(name: .long, help: ArgumentHelp("From this time on: RFC 3339, or a date.", valueName: "time"))
        var from: String
        @Option(name: .long, help: ArgumentHelp("Before this time.", valueName: "time"))
        var to: String
        @Option(name: .long, help: ArgumentHelp("By which right, like \"GDPR Art. 28(3)(h)\".", valueName: "text"))
        var hook: String

        func run() async throws {
            let scope = Engagement.Scope(
                vendor: vendor, subject: scope, from: try TimeRange.required(from, "--from"), until: try TimeRange.required(to, "--to"),
                hook: hook)
            let reply = try await AuditCommand.run("audit.open", ["scope": try json(scope), "by": who.name], installation)
            StandardStreams.writeOutput(reply.id + "\n")
        }
    }

    struct Sample: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sample", abstract: "Draw transfers at random; anyone can draw them again from the seed.",
            discussion: """
                The seed and the log's present size are entered in the log before anything is drawn. A transfer's rank is \
                SHA-256(seed, leaf hash); the lowest ranks are the sample. With --again N the engagement's Nth sample is drawn again \
                and nothing is entered.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions
        @OptionGroup var who: ActorOptions
        @Argument(help: "The engagement's id.")
        var engagement: String
        @Option(name: .long, help: "How many transfers.")
        var count = 25
        @Option(name: .long, help: ArgumentHelp("Any text; default: random. Let the auditor choose it, by dice.", valueName: "text"))
        var seed: String?
        @Option(name: .long, help: ArgumentHelp("Draw an earlier sample again.", valueName: "number"))
        var again: Int?

        func run() async throws {
            let settings = try await installation.settings()
            let sample: Engagement.Sample
            if let again {
                let known = try AuditCommand.engagement(engagement, settings).samples
                guard known.indices.contains(again - 1) else {
                    throw CommandFailure("engagement \(engagement) has \(known.count) samples", remedy: "give a number among them")
                }
                sample = known[again - 1]
            } else {
                let seed = seed ?? SymmetricKey(size: .bits128).withUnsafeBytes { hex(Array($0)) }
                let arguments = ["engagement": engagement, "seed": seed, "count": String(count), "by": who.name]
                let reply = try await AuditCommand.run("audit.sample", arguments, installation)
                guard let drawn = reply.sample else { throw CommandFailure("the gate gave no sample", remedy: "run the command again") }
                sample = drawn
            }
            try draw(sample, of: try AuditCommand.engagement(engagement, settings).scope, settings)
        }

        private func draw(_ sample: Engagement.Sample, of scope: Engagement.Scope, _ settings: Settings) throws {
            let reader = try Wiring.logReader(settings)
            defer { reader.close() }
            let drawn = try reading { () -> AuditSample in
                guard try reader.identity()?.origin == sample.origin else {
                    throw CommandFailure(
                        "the sample is of the log \(sample.origin), which is not the one here", remedy: "use the copy of that log")
                }
                return try AuditSample(sample, of: scope, from: reader)
            }
            var table = Table(columns: ["index", "xid", "time", "endpoint", "leaf", "rank"], whenEmpty: "no transfer in the period")
            for draw in drawn.draws {
                table.append([
                    .number(Int64(clamping: draw.index)), .text(draw.xid), .text(draw.time), .text(draw.endpoint),
                    .text(draw.leaf.description), .text(draw.rank.description),
                ])
            }
            StandardStreams.writeOutput(table.text(format.output))
            StandardStreams.writeError(
                "waybill: \(drawn.draws.count) of \(drawn.population) transfers, seed \(sample.seed), entries below \(sample.size)\n")
        }
    }

    struct Evidence: AsyncParsableCommand {
        static let bytesMax = 4 << 30
        static let configuration = CommandConfiguration(
            commandName: "evidence", abstract: "Enter a document's digest; the document stays where it is.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var who: ActorOptions
        @Argument(help: "The engagement's id.")
        var engagement: String
        @Argument(help: "The file.", completion: .file())
        var file: String
        @Option(name: .long, help: ArgumentHelp("What it shows.", valueName: "text"))
        var note: String
        @Flag(name: .long, help: "Enter nothing: say whether this file is among the evidence.")
        var check = false

        func run() async throws {
            let settings = try await installation.settings()
            let (digest, bytes) = try failing { () throws(SystemError) in try Files.digest(file, bytesMax: Evidence.bytesMax) }
            if check {
                let known = try AuditCommand.engagement(engagement, settings).evidence.first { $0.sha256 == digest }
                guard let known else {
                    throw CommandFailure("no evidence of engagement \(engagement) has this content", status: .verificationFailed)
                }
                return StandardStreams.writeOutput("\(known.name): \(known.note)\n")
            }
            let name = file.split(separator: "/").last.map(String.init) ?? file
            let act = EngagementEvent.Act.evidence(.init(name: name, sha256: digest, bytes: bytes, note: note))
            _ = try await AuditCommand.act(act, on: engagement, by: who, installation)
            StandardStreams.writeOutput("\(digest)  \(name)\n")
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "close", abstract: "Close an engagement; every finding must be resolved or accepted.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var who: ActorOptions
        @Argument(help: "The engagement's id.")
        var engagement: String
        @Option(name: .long, help: ArgumentHelp("What came of it, in words.", valueName: "text"))
        var summary: String

        func run() async throws {
            let reply = try await AuditCommand.act(.close(summary: summary), on: engagement, by: who, installation)
            StandardStreams.writeOutput("engagement \(reply.id) \(reply.state.rawValue)\n")
        }
    }

    static func engagement(_ id: String, _ settings: Settings) throws -> Engagement {
        guard let engagement = try stored({ try Wiring.control(settings).engagement(id) }) else {
            throw CommandFailure("there is no engagement \(id)", remedy: "`waybill audit list` shows them")
        }
        return engagement
    }

    static func act(
        _ act: EngagementEvent.Act, on id: String, by who: ActorOptions, _ installation: ConfigurationOptions
    ) async throws -> EngagementReply {
        try await run("audit.act", ["engagement": id, "act": try json(act), "by": who.name], installation)
    }

    static func run(
        _ command: String, _ arguments: [String: String], _ installation: ConfigurationOptions
    ) async throws -> EngagementReply {
        let session = AdministrationSession(settings: try await installation.settings())
        return try await session.run(ControlRequest(command: command, arguments: arguments)).decode(EngagementReply.self)
    }
}

private func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }
