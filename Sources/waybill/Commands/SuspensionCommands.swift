import ArgumentParser
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Who acts: the account that runs the command, or whom it names.
struct ActorOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Who does it. Default: the account that runs the command.", valueName: "name"))
    var by: String?

    var name: String { by ?? ProcessInfo.processInfo.userName }
    /// Of a stop: who called `sudo`, so that everywhere the same person stands.
    var operatorName: String { by ?? Operator.name }
}

/// `suspend`, `resume`, `list` of vendors and of agreements.
struct SuspendOptions: ParsableArguments {
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var who: ActorOptions
    @Argument(help: "The id, as in the policies.")
    var id: String
    @Option(name: .long, help: ArgumentHelp("Why, in words; kept in the control store.", valueName: "text"))
    var why: String

    func run(_ kind: String, vendor: String? = nil, stop: Bool) async throws {
        let settings = try await installation.settings()
        var arguments = ["kind": kind, "id": id, "stop": String(stop), "why": why, "by": who.operatorName]
        arguments["vendor"] = vendor
        _ = try await AdministrationSession(settings: settings).run(ControlRequest(command: "suspension.set", arguments: arguments))
        StandardStreams.writeOutput("\(kind) \(id) \(stop ? "suspended" : "resumed")\n")
    }
}

/// Lifts a stop by the desk, which knows who drafted what is stopped.
struct ResumeOptions: ParsableArguments {
    @OptionGroup var document: DocumentOptions
    @Option(name: .long, help: ArgumentHelp("Why, in words; kept in the control store.", valueName: "text"))
    var why: String

    func run(_ kind: PolicyDocumentName.Kind) async throws {
        _ = try await document.act(kind, "resume", ["why": why])
        StandardStreams.writeOutput("\(kind.rawValue) \(document.id) resumed\n")
    }
}

struct SuspensionList: ParsableArguments {
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func run(_ isWanted: (SuspensionEvent.Target) -> String?) async throws {
        let settings = try await installation.settings()
        let events = try stored { try Wiring.control(settings).suspensionEvents() }
        let stops = Suspensions(events).stops
        var table = Table(columns: ["id", "since", "by", "why"], whenEmpty: "nothing is suspended")
        for (target, event) in stops.sorted(by: { $0.key < $1.key }) {
            guard let id = isWanted(target) else { continue }
            table.append([.text(id), .text(event.stamp.at.rfc3339), .text(event.stamp.by), .text(event.why)])
        }
        StandardStreams.writeOutput(table.text(format.output))
    }
}

struct VendorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vendor", abstract: "Vendors: draft, approve, stop, end.",
        subcommands: VendorKind.commands + [Suspend.self, Resume.self, Suspended.self])

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspend", abstract: "Nothing goes to the vendor any more, from the next request on.")
        @OptionGroup var options: SuspendOptions
        func run() async throws { try await options.run("vendor", stop: true) }
    }
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume", abstract: "Lift the stop.", discussion: "Whoever drafted the vendor does not resume it.")
        @OptionGroup var options: ResumeOptions
        func run() async throws { try await options.run(.vendor) }
    }
    struct Suspended: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "suspended", abstract: "Which vendors are stopped, by whom, and why.")
        @OptionGroup var options: SuspensionList
        func run() async throws { try await options.run { if case .vendor(let id) = $0 { id } else { nil } } }
    }
}

struct AgreementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement", abstract: "Agreements: draft, approve, stop, end, and what is due.",
        subcommands: AgreementKind.commands + [AgreementDueCommand.self, Suspend.self, Resume.self, Suspended.self])

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspend", abstract: "Nothing goes under any version of the agreement, from the next request on.")
        @OptionGroup var options: SuspendOptions
        func run() async throws { try await options.run("agreement", stop: true) }
    }
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume", abstract: "Lift the stop.", discussion: "Whoever drafted the agreement does not resume it.")
        @OptionGroup var options: ResumeOptions
        func run() async throws { try await options.run(.agreement) }
    }
    struct Suspended: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspended", abstract: "Which agreements are stopped, by whom, and why.")
        @OptionGroup var options: SuspensionList
        func run() async throws { try await options.run { if case .agreement(let id) = $0 { id } else { nil } } }
    }
}

struct CallerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caller", abstract: "Callers: draft, approve, end.", subcommands: CallerKind.commands)
}

/// What the control store says, as a failure of the command.
func stored<Value>(_ work: () throws -> Value) throws -> Value {
    do {
        return try work()
    } catch let failure as CommandFailure {
        throw failure
    } catch {
        throw CommandFailure("\(error)".withoutFullStop)
    }
}
