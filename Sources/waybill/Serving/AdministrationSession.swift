import Logging
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Runs an administrative act: through the gate that owns the store, or on the store itself, with an epoch of the log of its own.
struct AdministrationSession {
    let settings: Settings

    func run(
        _ request: ControlRequest,
        input: @escaping @Sendable () async throws(ControlFailure) -> [UInt8]? = { () throws(ControlFailure) in nil }
    ) async throws -> ControlReply {
        keepFilesPrivate()
        let directories = [settings.stateDirectory, Files.parent(of: settings.log.checkpointCopy)]
        try failing { () throws(SystemError) in
            for directory in directories { try Files.makeDirectory(directory, mode: 0o700) }
        }
        do {
            let access = try await StoreAccess.open(lock: settings.lock, socket: try settings.reachableSocket())
            switch consume access {
            case .gate(let client):
                return try await client.run(request, input: input, onReply: { _ in })
            case .owned(let lock):
                let reply = try await runHere(request, input: ControlInput(next: input))
                lock.release()
                return reply
            }
        } catch let failure as ControlFailure {
            throw CommandFailure(failure.message.withoutFullStop)
        }
    }

    private func runHere(_ request: ControlRequest, input: ControlInput) async throws -> ControlReply {
        let isNew = try settings.isNew
        let (keys, keyring) = try Wiring.keyring(settings, create: isNew)
        let control = try Wiring.control(settings)
        let directory = PolicyDirectory(settings.policies, store: control)
        let set = try directory.loadForCommand()
        let logKeys = try Wiring.logKeys(keys, keyring, create: isNew)
        // A shard that is due begins when the gate starts.
        let shard = try LogRollover(
            settings: settings, keys: logKeys, base: Wiring.baseOrigin(settings, set), now: SystemWallClock().now(),
            logger: Logger(label: "waybill")
        ).open(mayRoll: false)
        var configuration = LogConfiguration(origin: shard.origin, node: Serving.node)
        configuration.previous = shard.previous
        let log: TransferLog
        do throws(LogOpenError) {
            log = try TransferLog.open(
                store: shard.store, keys: logKeys, configuration: configuration,
                copy: FileCheckpointCopy(path: settings.log.checkpointCopy))
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
        defer { log.close() }
        let history = AgreementHistory(
            archive: Wiring.archive(settings), log: shard.store,
            older: { [settings] in try Wiring.logShards(settings).filter { !$0.isLive }.map(\.reader) })
        let administration = Wiring.administration(
            settings, control: control, log: log, known: { Administration.Known(set) }, putInForce: { _ in })
        let desk = Wiring.desk(
            settings, directory, control: control, administration: administration, set: { set },
            check: {
                // What the next start would refuse is not approved now.
                try history.check($0)
                try Wiring.check($0, settings)
            },
            enter: { (notice) async throws(RecordError) in try await log.enter(notice) })
        let access = try Wiring.access(keyring, control: control, log: log)
        let command = request.command
        let commands = Wiring.administrationCommands(administration) + Wiring.accessCommands(access) + [DeskCommand(desk)]
        guard let act = commands.first(where: { $0.name == command }) else {
            throw CommandFailure("no command \(command)")
        }
        return try ControlReply(.result, AnyEncodable(try await act.run(request.arguments, input: input, output: ControlOutput { _ in })))
    }
}

private struct AnyEncodable: Encodable {
    let value: any Encodable
    init(_ value: any Encodable) { self.value = value }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension Settings {
    /// Never served: nothing was written with keys yet, so that they may be made as the first start would make them.
    var isNew: Bool {
        get throws(CommandFailure) {
            for store in [store, logStore] where try failing({ () throws(SystemError) in try Files.facts(store) }) != nil {
                return false
            }
            return true
        }
    }
}

extension Wiring {
    static func control(_ settings: Settings) throws(CommandFailure) -> ControlDatabase {
        do {
            return try ControlDatabase(path: settings.controlStore)
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    static func administration(
        _ settings: Settings, control: ControlDatabase, log: TransferLog, known: @escaping @Sendable () -> Administration.Known,
        putInForce: @escaping @Sendable (Suspensions) -> Void
    ) -> Administration {
        Administration(
            engagements: control, suspensions: control, known: known,
            enter: { (notice) async throws(RecordError) in try await log.enter(notice) },
            log: {
                let reader = try Wiring.logReader(settings)
                defer { reader.close() }
                return (try reader.identity()?.origin ?? "", log.size)
            },
            putInForce: putInForce, clock: { SystemWallClock().now() })
    }

    static func administrationCommands(_ administration: Administration) -> [any ControlCommand] {
        AdministrationCommand.Kind.allCases.map { AdministrationCommand($0, administration) }
    }
}
