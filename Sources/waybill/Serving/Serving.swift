import FoundationEssentials
import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillStorage

/// One run of `waybill serve`: opens everything in the order in which each part needs the one before, and closes it in the reverse.
struct Serving {
    let settings: Settings
    let logger: Logger

    static func run(_ settings: Settings, logger: Logger) async throws {
        let serving = Serving(settings: settings, logger: logger)
        try await serving.opened { try await serving.serve($0, $1) }
        logger.notice("stopped")
    }

    /// What a gate of these settings serves at its control listener. Opens everything, as `run` does, and listens nowhere.
    static func surface(_ settings: Settings, logger: Logger) async throws -> ControlSurface? {
        let serving = Serving(settings: settings, logger: logger)
        return try await serving.opened { parts, policies in
            defer { parts.log.close() }
            return try await serving.service(parts, policies).surface()
        }
    }

    /// The log is closed by `use`, or here if that throws.
    private func opened<Value>(_ use: (GateParts, LoadedPolicies) async throws -> Value) async throws -> Value {
        keepFilesPrivate()
        ignoreBrokenPipes()
        say()
        let (keys, keyring) = try Wiring.keyring(settings, create: true)
        let logKeys = try Wiring.logKeys(keys, keyring, create: true)
        let lock = try ownStore()
        let control = try Wiring.control(settings)
        let policies = try loadPolicies(control)
        let ca = try openCA(keys, policies.set)
        try Wiring.checkTrust(settings)
        let index = SubjectIndex(fingerprintKey: keyring.fingerprints)
        let consents = try Wiring.consents(settings, keyring: keyring, index: index, notices: policies.set.notices)
        let witnesses = try WitnessWork.follower(settings, control: control, logger: logger)
        let shard = try LogRollover(
            settings: settings, keys: logKeys, base: Wiring.baseOrigin(settings, policies.set), now: SystemWallClock().now(), logger: logger
        ).open()
        let logStore = shard.store
        // The store belongs to this process up to the end.
        defer { withExtendedLifetime(lock) {} }
        do {
            let history = AgreementHistory(archive: Wiring.archive(settings), log: logStore, older: earlier)
            try admit(policies, history)
            try await buildIndex(index, consents, logStore)
            let volumes = try sentToday(earlier().suffix(1) + [logStore])
            let log = try openLog(shard, logKeys, index)
            let erasures = ErasureWork(
                ErasureWork.Parts(
                    settings: settings, keyring: keyring, logKeys: logKeys, consents: consents, logStore: logStore,
                    log: log, olderLogs: try Wiring.endedLogs(settings),
                    tombstones: Wiring.tombstones(settings, keyring), register: control))
            let parts = GateParts(
                settings: settings, logger: logger, keyring: keyring, index: index, consents: consents, log: log, logStore: logStore,
                witnesses: witnesses, publication: LogPublisher(log: log, reader: logStore, witnesses: witnesses), control: control,
                access: try Wiring.access(
                    keyring, control: control, log: log, provider: try Wiring.provider(settings, proxy: WitnessWork.proxy(settings))),
                history: history,
                volumes: volumes, erasures: erasures,
                authority: CAKeeper(
                    keys: keys, leaves: InterceptionLeaves(authority: ca.authority, clock: SystemWallClock()), logger: logger),
                traces: settings.traces.map { _ in TraceQueue() })
            do {
                try await finish(erasures)
                return try await use(parts, policies)
            } catch {
                log.close()
                throw error
            }
        } catch let problems as PolicyProblems {
            logStore.close()
            throw policies.directory.failure(problems)
        }
    }

    private func say() {
        do throws(SystemError) {
            try disableCoreDumps()
        } catch {
            logger.warning("core dumps stay on", metadata: ["error": "\(error)"])
        }
        for name in settings.unknownVariables {
            logger.warning("environment variable is no configuration key", metadata: ["variable": "\(name)"])
        }
        if settings.insecure { logger.warning("plain HTTP off the loopback interface is allowed") }
    }

    private func ownStore() throws -> StoreLock {
        let directory = settings.stateDirectory
        try failing { () throws(SystemError) in try Files.makeDirectory(directory, mode: 0o700) }
        let lock: StoreLock?
        do throws(ControlFailure) {
            lock = try StoreLock.take(path: settings.lock)
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
        guard let lock else {
            throw CommandFailure(
                "another Waybill process holds the store \(settings.store)", remedy: "stop it, or give this one a store of its own")
        }
        return lock
    }

    private func loadPolicies(_ control: ControlDatabase) throws -> LoadedPolicies {
        let directory = PolicyDirectory(settings.policies, store: control)
        do {
            let (policies, warnings) = try directory.loadAll(try directory.signature())
            for warning in warnings { logger.warning("policy warning", metadata: ["problem": "\(directory.located(warning))"]) }
            return policies
        } catch let error as PolicyProblems {
            throw directory.failure(error)
        }
    }

    private func admit(_ policies: LoadedPolicies, _ history: AgreementHistory) throws {
        try history.check(policies.set)
        try history.archive.keep(policies.set, files: policies.files)
    }

    private func openCA(_ keys: KeyDirectory, _ set: PolicySet) throws -> InterceptionCA {
        if let ca = try InterceptionCA.existing(in: keys) {
            try CARotation(keys: keys).finishInterrupted()
            return ca
        }
        let permit = settings.caPermit.isEmpty ? set.hosts : settings.caPermit
        let ca = try InterceptionCA.create(in: keys, organisation: set.organisation.name, permit: permit)
        logger.notice("interception CA created", metadata: ["certificate": "\(keys.file(InterceptionCA.certificateFile))"])
        return ca
    }

    /// Imported subjects from the store, first-seen ones from the log; only then is "unknown" true.
    private func buildIndex(_ index: SubjectIndex, _ consents: SQLiteConsentStore, _ log: SQLiteLogStore) async throws {
        do {
            try await consents.load(now: SystemWallClock().now())
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
        do {
            var row: Int64 = 0
            while true {
                let sightings = try log.sightings(after: row, limit: 10_000)
                for sighting in sightings { index.learn(sighting) }
                guard let last = sightings.last else { break }
                row = last.row
            }
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
        index.open()
    }

    private func earlier() throws -> [any LogReader] { try Wiring.logShards(settings).filter { !$0.isLive }.map(\.reader) }

    /// Daily limits hold over a restart.
    private func sentToday(_ logs: [any LogReader]) throws -> VolumeBudget {
        let volumes = VolumeBudget()
        let now = SystemWallClock().now()
        var sent: [String: DailyVolume] = [:]
        for log in logs {
            let today = try reading { try TransferReader(reader: log).recordsToday(now: now) }
            sent.merge(today) { DailyVolume(records: $0.records + $1.records, subjects: $0.subjects.union($1.subjects)) }
        }
        for (agreement, volume) in sent {
            volumes.restore(day: now.day, agreement: agreement, records: volume.records, subjects: volume.subjects)
        }
        return volumes
    }

    private func openLog(_ shard: LogRollover.Opening, _ keys: LogKeys, _ index: SubjectIndex) throws -> TransferLog {
        let store = shard.store
        var configuration = LogConfiguration(origin: shard.origin, node: Serving.node)
        configuration.lastSubjectNumber = index.tombstones.lastSightedNumber
        configuration.previous = shard.previous
        configuration.checkpointEveryMilliseconds = settings.log.checkpointEveryMilliseconds
        let logger = logger
        let copy = settings.log.checkpointCopy
        try failing { () throws(SystemError) in try Files.makeDirectory(Files.parent(of: copy), mode: 0o700) }
        do {
            return try TransferLog.open(
                store: store, keys: keys, configuration: configuration, copy: FileCheckpointCopy(path: copy),
                observer: LogObserver(
                    sighted: { sightings in for sighting in sightings { index.learn(sighting) } },
                    told: { sentence in logger.error("transfer log", metadata: ["state": "\(sentence)"]) }))
        } catch {
            store.close()
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    /// Before anybody can ask: whom a restored store brought back is erased again.
    private func finish(_ erasures: ErasureWork) async throws(CommandFailure) {
        do {
            if try await !erasures.resume() {
                logger.warning("erasures", metadata: ["state": "\(ErasureWork.stillRead.message)"])
            }
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    private func service(_ parts: GateParts, _ policies: LoadedPolicies) throws -> GateService {
        let state = try parts.state(policies.set)
        try parts.suspend(in: state)
        try parts.put(standingOf: policies.set, in: state)
        let reloader = PolicyReloader(
            policies, now: SystemWallClock().now(), logger: logger, accept: { try await parts.accept($0, insteadOf: $1, in: state) },
            renew: {
                try parts.renew(state, $0)
                try parts.put(standingOf: $0, in: state)
            })
        return GateService(parts: parts, state: state, set: policies.set, reloader: reloader)
    }

    private func serve(_ parts: GateParts, _ policies: LoadedPolicies) async throws {
        let gate = try service(parts, policies)
        let reloader = gate.reloader
        parts.warnUncovered(policies)
        let works = try parts.backgroundWork() + [parts.reminder.work(parts, set: { reloader.set })]
        let background = works.map { work in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: work, successTerminationBehavior: .ignore, failureTerminationBehavior: .ignore)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: gate, successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .cancelGroup),
                    .init(service: reloader, successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup),
                    .init(
                        service: parts.authority, successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup),
                ] + background,
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        try await group.run()
        parts.log.close()
    }

    /// The group tells the life of its services at length; ours say what matters.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .error)
        return logger
    }

    /// One process owns a SQLite store, so its node needs no other name.
    static let node = "1"
}
