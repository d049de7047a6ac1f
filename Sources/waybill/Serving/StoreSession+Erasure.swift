import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

extension StoreSession {
    /// An erasure touches the log too, so that without a gate its stores are opened here as a gate would open them.
    func eraseHere(_ request: ControlRequest, output: ControlOutput) async throws {
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let logKeys = try Wiring.logKeys(keys, keyring, create: false)
        let policies = try PolicyDirectory(settings.policies).loadForCommand()
        let index = SubjectIndex(fingerprintKey: keyring.fingerprints)
        let store = try Wiring.consents(settings, keyring: keyring, index: index, notices: policies.notices)
        let logStore = try Wiring.logStore(settings)
        let log = try Wiring.openLog(logStore, settings, logKeys, policies, index: index)
        defer { log.close() }
        let work = ErasureWork(
            ErasureWork.Parts(
                settings: settings, keyring: keyring, logKeys: logKeys, consents: store, logStore: logStore, log: log,
                olderLogs: try Wiring.endedLogs(settings),
                tombstones: Wiring.tombstones(settings, keyring)))
        _ = try await work.resume()
        try await ControlDispatcher([EraseCommand(work: work)]).run(request, input: .none, output: output)
    }
}

extension Wiring {
    /// For a command that holds the store, while no gate runs.
    fileprivate static func openLog(
        _ store: SQLiteLogStore, _ settings: Settings, _ keys: LogKeys, _ policies: PolicySet, index: SubjectIndex
    ) throws(CommandFailure) -> TransferLog {
        var configuration = LogConfiguration(origin: origin(settings, policies), node: Serving.node)
        configuration.lastSubjectNumber = index.tombstones.lastSightedNumber
        do {
            return try TransferLog.open(
                store: store, keys: keys, configuration: configuration, copy: FileCheckpointCopy(path: settings.log.checkpointCopy))
        } catch {
            store.close()
            throw CommandFailure(error.message.withoutFullStop)
        }
    }
}
