import ArgumentParser
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger

/// Vendors, agreements and callers have the same commands.
protocol DocumentKind {
    static var kind: PolicyDocumentName.Kind { get }
}
enum VendorKind: DocumentKind { static let kind = PolicyDocumentName.Kind.vendor }
enum AgreementKind: DocumentKind { static let kind = PolicyDocumentName.Kind.agreement }
enum CallerKind: DocumentKind { static let kind = PolicyDocumentName.Kind.caller }

extension DocumentKind {
    static var word: String { kind.rawValue }

    /// What there is for every kind.
    static var commands: [any ParsableCommand.Type] {
        [
            DocumentList<Self>.self, DocumentShow<Self>.self, DocumentDraft<Self>.self, DocumentDiscard<Self>.self,
            DocumentSubmit<Self>.self,
            DocumentApprove<Self>.self, DocumentReject<Self>.self, DocumentTerminate<Self>.self, DocumentDifference<Self>.self,
            DocumentImpact<Self>.self,
        ]
    }
}

/// Who acts on the machine. Nobody names somebody else: whoever drafts does not approve.
enum Operator {
    /// `operator:anna`: who called `sudo`, else the account that runs the command.
    static var name: String {
        let caller = ProcessInfo.processInfo.environment["SUDO_USER"].flatMap { $0.isEmpty ? nil : $0 }
        return "operator:\(caller ?? ProcessInfo.processInfo.userName)"
    }
}

struct DocumentOptions: ParsableArguments {
    @OptionGroup var installation: ConfigurationOptions
    @Argument(help: "The id.")
    var id: String

    /// Does an act, through the gate if one runs.
    func act(
        _ kind: PolicyDocumentName.Kind, _ act: String, _ more: [String: String] = [:], text: [UInt8] = []
    ) async throws -> [VersionReport] { try await self.ask([VersionReport].self, kind, act, more, text: text) }

    func ask<Value: Decodable>(
        _ type: Value.Type, _ kind: PolicyDocumentName.Kind, _ act: String, _ more: [String: String] = [:], text: [UInt8] = []
    ) async throws -> Value {
        let settings = try await installation.settings()
        let arguments = ["kind": kind.rawValue, "id": id, "act": act, "by": Operator.name].merging(more) { _, new in new }
        let pieces = Pieces(text)
        let reply = try await AdministrationSession(settings: settings).run(
            ControlRequest(command: DeskCommand.commandName, arguments: arguments),
            input: { () throws(ControlFailure) in await pieces.next() })
        return try reply.decode(type)
    }

    private actor Pieces {
        private var text: [UInt8]?
        init(_ text: [UInt8]) { self.text = text.isEmpty ? nil : text }
        func next() -> [UInt8]? { exchange(&text, with: nil) }
    }
}

/// What a desk says, as a failure of the command.
func asked<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
        return try await work()
    } catch let refusal as DeskRefusal {
        throw CommandFailure(refusal.message.withoutFullStop)
    }
}

struct DocumentList<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "Every \(Kind.word), with its versions and drafts and what state they are in.")
    }
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions
    @Option(name: .long, help: "Only those in this state.")
    var state: LifeState?

    func run() async throws {
        let desk = try Wiring.readingDesk(try await installation.settings())
        let reports = try await asked { try await desk.page(Kind.kind).versions }.filter { state == nil || $0.state == state }
        StandardStreams.writeOutput(VersionTable.text(reports, format.output))
    }
}

extension LifeState: ExpressibleByArgument {}

enum VersionTable {
    static func text(_ reports: [VersionReport], _ format: OutputFormat) -> String {
        var table = Table(
            columns: ["id", "version", "state", "origin", "vendor", "from", "until", "digest", "approved_by", "stopped_by"],
            whenEmpty: "there is none")
        for report in reports {
            table.append([
                .text(report.id), report.version.map { .number(Int64($0)) } ?? .null, .text(report.state.rawValue),
                .text(report.origin.rawValue), .optional(report.vendor), .optional(report.from), .optional(report.until),
                .text(report.digest), .optional(report.approvedBy), .optional((report.terminated ?? report.stop)?.by),
            ])
        }
        return table.text(format)
    }
}

struct DocumentShow<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "show", abstract: "Everything about one \(Kind.word): versions, text, problems, history.")
    }
    @OptionGroup var options: DocumentOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let desk = try Wiring.readingDesk(try await options.installation.settings())
        let report = try await asked { try await desk.show(PolicyDocumentName(Kind.kind, options.id)) }
        guard format.output == .table else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = format.output == .json ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
            StandardStreams.writeOutput(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
            return
        }
        var text = VersionTable.text(report.versions, .table) + "\n"
        for problem in report.problems { text += "\(problem.file):\(problem.sentence)\n" }
        for line in report.history { text += "\(line.at) \(line.by) \(line.act) \(line.digest ?? "") \(line.why ?? "")\n" }
        let lines = (text + "\n" + report.text).split(separator: "\n", omittingEmptySubsequences: false)
        StandardStreams.writeOutput(lines.map { Table.visible(String($0)) + "\n" }.joined())
    }
}

struct DocumentDraft<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "draft", abstract: "Make a draft of the \(Kind.word) from a file, or change the draft there is.",
            discussion: "The file is as those of the policy set. A changed draft leaves review. Nothing is in force before it is approved.")
    }
    @OptionGroup var options: DocumentOptions
    @Argument(help: "The YAML file; - is standard input.", completion: .file(extensions: ["yaml"]))
    var file: String

    func run() async throws {
        let text = try failing { () throws(SystemError) in
            file == "-"
                ? try Files.readStandardInput(bytesMax: AgreementDesk.documentBytesMax)
                : try Files.read(file, bytesMax: AgreementDesk.documentBytesMax)
        }
        let reports = try await options.act(Kind.kind, "draft", text: text)
        for report in reports { StandardStreams.writeOutput("\(report.digest)\n") }
    }
}

struct DocumentDiscard<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "discard", abstract: "Throw the draft away; what is approved stays.")
    }
    @OptionGroup var options: DocumentOptions

    func run() async throws {
        _ = try await options.act(Kind.kind, "discard")
        StandardStreams.writeOutput("draft discarded\n")
    }
}

struct DocumentSubmit<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "submit", abstract: "Put the draft before approvers; prints the digest they approve.",
            discussion: "Refused, in lint's words, if the policies would be broken with it.")
    }
    @OptionGroup var options: DocumentOptions

    func run() async throws {
        for report in try await options.act(Kind.kind, "submit") { StandardStreams.writeOutput("\(report.digest)\n") }
    }
}

struct DocumentApprove<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "approve", abstract: "Approve what was submitted; it is in force within a second.",
            discussion: """
                Names the digest of the text that was read, so that a draft changed meanwhile is not approved. Whoever drafted or changed \
                the version cannot approve it. Under `approvals: required` an agreement of the files is approved so too.
                """)
    }
    @OptionGroup var options: DocumentOptions
    @Option(name: .long, help: ArgumentHelp("SHA-256 of the text that was read.", valueName: "sha256"))
    var digest: String

    func run() async throws {
        for report in try await options.act(Kind.kind, "approve", ["digest": digest]) {
            StandardStreams.writeOutput("\(Kind.word) \(report.id)\(report.version.map { "@\($0)" } ?? "") is \(report.state.rawValue)\n")
        }
    }
}

struct DocumentReject<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "reject", abstract: "Send what was submitted back to its authors, with words.")
    }
    @OptionGroup var options: DocumentOptions
    @Option(name: .long, help: ArgumentHelp("SHA-256 of the text that was read.", valueName: "sha256"))
    var digest: String
    @Option(name: .long, help: ArgumentHelp("Why, in words; kept in the control store.", valueName: "text"))
    var why: String

    func run() async throws {
        _ = try await options.act(Kind.kind, "reject", ["digest": digest, "why": why])
        StandardStreams.writeOutput("rejected\n")
    }
}

struct DocumentTerminate<Kind: DocumentKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "terminate", abstract: "End the \(Kind.word) for good: every version, from the next request on.")
    }
    @OptionGroup var options: DocumentOptions
    @Option(name: .long, help: ArgumentHelp("Why, in words; kept in the control store.", valueName: "text"))
    var why: String

    func run() async throws {
        let reports = try await options.act(Kind.kind, "terminate", ["why": why])
        StandardStreams.writeOutput("\(Kind.word) \(options.id) terminated, \(reports.count) version\(reports.count == 1 ? "" : "s")\n")
    }
}
