import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillStorage

/// Everything a running gate is made of, once it is open.
struct GateParts: Sendable {
    let settings: Settings
    let logger: Logger
    let keyring: Keyring
    let index: SubjectIndex
    let consents: SQLiteConsentStore
    let log: TransferLog
    /// The live shard's.
    let logStore: SQLiteLogStore
    /// Nil: none are configured.
    let witnesses: WitnessFollower?
    let publication: LogPublisher
    let control: ControlDatabase
    let access: AccessDesk
    let history: AgreementHistory
    let volumes: VolumeBudget
    /// Of salts for subjects seen for the first time.
    let random = RandomPool()
    let erasures: ErasureWork
    /// The forward proxy's.
    let authority: CAKeeper
    /// Nil: nobody collects them.
    let traces: TraceQueue?
    let standing = StandingKeeper()
    /// What comes due.
    let reminder = DueReminder()
    let jobs = RunningJobs()
    /// How each sink does.
    let sinks = SinkBoard()

    func gate(_ set: PolicySet) -> Gate {
        let keys = GateKeys(keyring: keyring, makeSalt: { [random] in random.bytes() })
        return Gate(policy: set, subjects: index, keys: keys, limits: settings.limits.body)
    }

    func state(_ set: PolicySet) throws -> GateState {
        let secrets = try Wiring.secrets(settings, set)
        do {
            return try GateState(
                gate: gate(set), recorder: log, refresher: StoreRefresher(store: consents), clock: SystemWallClock(),
                volumes: volumes, secrets: secrets, trust: Wiring.vendorTrust(settings), traces: traces)
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    /// What people stopped binds from the first request on.
    func suspend(in state: GateState) throws {
        do {
            put(Suspensions(try control.suspensionEvents()), in: state)
        } catch let error as ControlDatabaseError {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    func put(_ suspensions: Suspensions, in state: GateState) {
        state.updateStanding {
            $0.vendorsSuspended = suspensions.vendors
            $0.agreementsSuspended = suspensions.agreements
            $0.fieldsSuspended = suspensions.fields
            $0.vendorFieldsSuspended = suspensions.vendorFields
        }
    }

    /// Which agreements of the set are approved or ended, and which vendors and callers are. Nil: of the set there is.
    func put(standingOf set: PolicySet?, in state: GateState) throws(CommandFailure) {
        try standing.put(standingOf: set, control, in: state)
    }

    /// Puts another set in force, or throws and leaves the one before.
    func accept(_ policies: LoadedPolicies, insteadOf set: PolicySet, in state: GateState) async throws {
        try history.check(policies.set)
        try history.archive.keep(policies.set, files: policies.files, like: set.digest)
        let before = consents.notices
        let now = SystemWallClock().now()
        let secrets = try Wiring.secrets(settings, policies.set)
        do {
            try await consents.rebuild(notices: policies.set.notices, now: now)
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
        // Before the set: an agreement that is not approved as it reads now is refused in both.
        try put(standingOf: policies.set, in: state)
        do {
            try state.replace(gate: gate(policies.set), secrets: secrets)
        } catch {
            try put(standingOf: set, in: state)
            do {
                try await consents.rebuild(notices: before, now: now)
            } catch {
                // Folded by notices that are not in force: nothing may be decided on them.
                index.suspend()
                throw CommandFailure(error.message.withoutFullStop, remedy: "restart the gate")
            }
            throw CommandFailure(error.message.withoutFullStop)
        }
        warnUncovered(policies)
    }

    /// Reads again what files outside the set hold: vendors' certificates and secrets.
    func renew(_ state: GateState, _ set: PolicySet) throws {
        let secrets = try Wiring.secrets(settings, set)
        do {
            try state.renew(secrets: secrets)
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    /// Destinations that the forward proxy will refuse.
    func warnUncovered(_ policies: LoadedPolicies) {
        if settings.proxy != nil { authority.warnUncovered(policies.set, directory: policies.directory) }
    }

    /// Listeners in the order in which `GateService` names their addresses.
    func proxyConfiguration(_ set: PolicySet) throws(CommandFailure) -> ProxyConfiguration {
        let listeners = [(ProxyConfiguration.Listener.Kind.gate, settings.gate)] + (settings.proxy.map { [(.proxy, $0)] } ?? [])
        let resolve = Dictionary(uniqueKeysWithValues: settings.resolve.map { ($0.key.description, $0.value.description) })
        return ProxyConfiguration(
            listeners: listeners.map { kind, listener in
                ProxyConfiguration.Listener(
                    kind: kind, host: listener.address.host, port: listener.address.port,
                    tls: listener.tls.map {
                        ProxyConfiguration.Listener.TLS(certificatePath: $0.certificate, keyPath: $0.key, clientCAPath: $0.clientCA)
                    }, insecure: settings.insecure)
            }, resolve: resolve, trust: settings.trust, limits: settings.limits.proxy, leaves: authority.leaves,
            upstreamProxy: Wiring.upstreamProxy(settings, secrets: try Wiring.secrets(settings, set)))
    }
}

/// Lets event loops have stale subjects folded again.
struct StoreRefresher: SubjectRefresher {
    let store: SQLiteConsentStore

    func refresh(_ ids: [Identifier], completion: @escaping @Sendable (Bool) -> Void) {
        store.refresh(ids, now: SystemWallClock().now()) { failure in completion(failure == nil) }
    }
}

extension SubjectIndex {
    /// A first-seen subject, once its intent is durable.
    func learn(_ sighting: Sighting) {
        for fingerprint in sighting.fingerprints {
            let bytes = (0..<16).map { fingerprint.bytes[$0] }
            if let fingerprint = WaybillCore.Fingerprint(bytes: bytes) {
                learnSighted(fingerprint, number: sighting.number, salt: sighting.salt)
            }
        }
    }

    /// The same as it stands in the log's store.
    func learn(_ sighting: StoredSighting) {
        guard sighting.salt.count == 16 else { return }
        var salt = InlineArray<16, UInt8>(repeating: 0)
        for (position, byte) in sighting.salt.enumerated() { salt[position] = byte }
        for start in stride(from: 0, to: sighting.fingerprints.count - 15, by: 16) {
            if let fingerprint = WaybillCore.Fingerprint(bytes: sighting.fingerprints[start..<start + 16]) {
                learnSighted(fingerprint, number: sighting.number, salt: salt)
            }
        }
    }
}
