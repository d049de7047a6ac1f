import Logging
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

extension StoreSession {
    /// An erasure touches the log too, so that without a gate its stores are opened here as a gate would open them.
    func eraseHere(_ request: ControlRequest, output: ControlOutput) async throws {
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let logKeys = try Wiring.logKeys(keys, keyring, create: false)
        let policies = try Wiring.policies(settings).loadForCommand()
        let index = SubjectIndex(fingerprintKey: keyring.fingerprints)
        let store = try Wiring.consents(settings, keyring: keyring, index: index, notices: policies.notices)
        // A shard that is due begins when the gate starts.
        let shard = try LogRollover(
            settings: settings, keys: logKeys, base: Wiring.baseOrigin(settings, policies), now: SystemWallClock().now(),
            logger: Logger(label: "waybill")
        ).open(mayRoll: false)
        let log = try Wiring.openLog(shard, settings, logKeys, index: index)
        defer { log.close() }
        let work = ErasureWork(
            ErasureWork.Parts(
                settings: settings, keyring: keyring, logKeys: logKeys, consents: store, logStore: shard.store,
                log: log, olderLogs: try Wiring.endedLogs(settings),
                tombstones: Wiring.tombstones(settings, keyring)))
        _ = try await work.resume()
        try await ControlDispatcher([EraseCommand(work: work)]).run(request, input: .none, output: output)
    }
}

extension Wiring {
    /// For a command that holds the store, while no gate runs.
    static func openLog(
        _ shard: LogRollover.Opening, _ settings: Settings, _ keys: LogKeys, index: SubjectIndex
    ) throws(CommandFailure) -> TransferLog {
        var configuration = LogConfiguration(origin: shard.origin, node: Serving.node)
        configuration.previous = shard.previous
        configuration.lastSubjectNumber = index.tombstones.lastSightedNumber
        do {
            return try TransferLog.open(
                store: shard.store, keys: keys, configuration: configuration, copy: FileCheckpointCopy(path: settings.log.checkpointCopy))
        } catch {
            shard.store.close()
            throw CommandFailure(error.message.withoutFullStop)
        }
    }
}
