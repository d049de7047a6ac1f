import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillProxy

/// Listens, says when it does, and takes everything down in order when told to stop.
struct GateService: Service {
    /// How long exchanges under way may take to finish at stop.
    static let stopSeconds: Int64 = 10
    let parts: GateParts
    let state: GateState
    let set: PolicySet
    let reloader: PolicyReloader
    /// One of each, however people reach them: two that put stops in force would undo one another's.
    let administration: Administration
    let agreements: AgreementDesk

    func run() async throws {
        let settings = parts.settings
        let threads = settings.threads > 0 ? settings.threads : ProcessInfo.processInfo.activeProcessorCount
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let server = GateServer(configuration: try parts.proxyConfiguration(set), state: state, logger: parts.logger, group: group)
        let addresses: [BoundAddress]
        do {
            addresses = try await server.start()
        } catch let error as ProxyError {
            throw CommandFailure(error.message.withoutFullStop)
        }
        let control = ControlServer(
            socketPath: try settings.reachableSocket(), commands: commands(try subjectDesk()), group: group, logger: parts.logger)
        do throws(ControlFailure) {
            try await control.start()
        } catch {
            await server.stop(grace: .zero)
            throw CommandFailure(error.message.withoutFullStop)
        }
        let watch = GateWatch(parts: parts, server: server, reloader: reloader)
        let probes: ProbeListener?
        do {
            probes = try await ProbeListener.start(
                settings, watch: watch, publication: parts.publication, surface: try await surface(), logger: parts.logger)
        } catch {
            await server.stop(grace: .zero)
            await control.stop()
            throw error
        }
        ready(addresses, control: probes?.address)
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // Another service failed: stop all the same.
        }
        watch.drain()
        await parts.jobs.stop()
        parts.witnesses?.stop()
        parts.logger.notice("stopping")
        await server.stop(grace: .seconds(GateService.stopSeconds))
        await control.stop()
        // Last, so that it can be asked while the others stop.
        await probes?.stop()
        // Nobody asks any more: what was refused and only counted is entered before the log is closed.
        await parts.access.tellRefusals(isLast: true)
        try await group.shutdownGracefully()
    }

    /// The only line of standard output. Every listener is named by its configuration key.
    private func ready(_ addresses: [BoundAddress], control: HostPort?) {
        let names = ["gate"] + (parts.settings.proxy == nil ? [] : ["proxy"])
        let listening = zip(names, addresses).map { ($0, $1.description) } + (control.map { [("control", $0.description)] } ?? [])
        let line = JSONText.object(
            [("event", .text("ready"))] + listening.map { ($0, .text($1)) } + [
                ("pid", .number(Int64(processID()))), ("policy", .text(set.digest)),
            ])
        StandardStreams.writeOutput(line.compact + "\n")
        var metadata: Logger.Metadata = ["policy": "\(set.digest)"]
        for (name, address) in listening { metadata[name] = "\(address)" }
        parts.logger.notice("ready", metadata: metadata)
    }

    private func commands(_ subjects: SubjectDesk) -> [any ControlCommand] {
        let (parts, reloader) = (parts, reloader)
        return StoreSession.commands(parts.consents, purposes: { reloader.purposes }) + Wiring.administrationCommands(administration)
            + Wiring.accessCommands(parts.access) + SubjectDeskCommand.all(subjects) + [
                DeskCommand(agreements),
                EraseCommand(work: parts.erasures),
                ReplyCommand("status") { () async throws(ControlFailure) in
                    let policy = await reloader.status
                    return GateStatus(policy: policy, log: parts.log, index: parts.index, witnesses: parts.witnesses?.standings ?? [])
                },
                ReplyCommand("policy.reload") { () async throws(ControlFailure) in
                    await reloader.reload()
                    return GateStatus(
                        policy: await reloader.status, log: parts.log, index: parts.index, witnesses: parts.witnesses?.standings ?? [])
                },
                ReplyCommand("ca.reload") { () async throws(ControlFailure) in
                    do throws(CommandFailure) {
                        return try parts.authority.reload()
                    } catch {
                        throw ControlFailure(code: "ca_unreadable", message: "\(error.sentence).")
                    }
                },
            ]
    }
}

/// What a running gate says about itself.
struct GateStatus: Codable, Sendable {
    var policy: String
    var policyLoadedAt: String
    /// Why newer files are not in force; nil: they are.
    var policyFailure: String?
    /// `open`, or why nothing can be recorded.
    var log: String
    var logEntries: UInt64
    var identifiers: Int
    var witnesses: [WitnessStatus]

    init(policy: PolicyStatus, log: TransferLog, index: SubjectIndex, witnesses: [WitnessFollower.Standing]) {
        self.policy = policy.digest
        policyLoadedAt = policy.loadedAt.rfc3339
        policyFailure = policy.failure
        switch log.state {
        case .open: self.log = "open"
        case .refusing(let why), .closed(let why): self.log = why
        }
        logEntries = log.size
        identifiers = index.memory.identifiers
        self.witnesses = witnesses.map(WitnessStatus.init)
    }
}
