import Logging
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

extension StoreSession {
    /// What touches the log too, opened here as a gate would open it, because none runs.
    struct OwnStores {
        var policies: PolicySet
        var keyring: Keyring
        var logKeys: LogKeys
        var consents: SQLiteConsentStore
        var control: ControlDatabase
        var origin: String
        /// To be closed.
        var log: TransferLog
        var erasures: ErasureWork
    }

    func ownStores() throws -> OwnStores {
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let logKeys = try Wiring.logKeys(keys, keyring, create: false)
        let control = try Wiring.control(settings)
        let policies = try PolicyDirectory(settings.policies, store: control).loadForCommand()
        let index = SubjectIndex(fingerprintKey: keyring.fingerprints)
        let store = try Wiring.consents(settings, keyring: keyring, index: index, notices: policies.notices)
        // A shard that is due begins when the gate starts.
        let shard = try LogRollover(
            settings: settings, keys: logKeys, base: Wiring.baseOrigin(settings, policies), now: SystemWallClock().now(),
            logger: Logger(label: "waybill")
        ).open(mayRoll: false)
        let older = try Wiring.endedLogs(settings)
        let log = try Wiring.openLog(shard, settings, logKeys, index: index)
        let erasures = ErasureWork(
            ErasureWork.Parts(
                settings: settings, keyring: keyring, logKeys: logKeys, consents: store, logStore: shard.store, log: log, olderLogs: older,
                tombstones: Wiring.tombstones(settings, keyring), register: control))
        return OwnStores(
            policies: policies, keyring: keyring, logKeys: logKeys, consents: store, control: control, origin: shard.origin, log: log,
            erasures: erasures)
    }

    func eraseHere(_ request: ControlRequest, output: ControlOutput) async throws {
        let own = try ownStores()
        defer { own.log.close() }
        _ = try await own.erasures.resume()
        try await ControlDispatcher([EraseCommand(work: own.erasures)]).run(request, input: .none, output: output)
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
