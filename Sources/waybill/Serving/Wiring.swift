import Crypto
import FoundationEssentials
import Logging
import SwiftASN1
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillStorage
import X509

/// Builds the parts of an installation, each out of the ones before it. What commands without a gate need too stands here;
/// `Serving` adds what only `waybill serve` runs.
enum Wiring {
    static let trustBytesMax = 16 << 20

    /// Vendors' credentials for this policy set.
    static func secrets(_ settings: Settings, _ set: PolicySet) throws(CommandFailure) -> [String: String] {
        let proxy = settings.upstreamProxy?.password.map { [(who: "`upstream_proxy`", template: $0)] } ?? []
        return try SecretStore(directory: settings.secrets, environment: ProcessInfo.processInfo.environment)
            .values(for: set.vendors, others: proxy)
    }

    /// The SHA-256 of a token that the control listener asks for: `metrics_token`, `log_token`; nil: none is configured.
    static func token(_ name: String, _ settings: Settings) throws(CommandFailure) -> [UInt8]? {
        let store = SecretStore(directory: settings.secrets, environment: ProcessInfo.processInfo.environment)
        guard let token = try store.value(name) else { return nil }
        guard token.utf8.count >= 16 else {
            throw CommandFailure("the secret \(name) is shorter than 16 bytes", remedy: "use a long random one")
        }
        return Array(SHA256.hash(data: Array(token.utf8)))
    }

    /// `secrets`: of the policy set in force at start.
    static func upstreamProxy(_ settings: Settings, secrets: [String: String]) -> UpstreamProxy? {
        settings.upstreamProxy.map { proxy in
            let password = proxy.password.flatMap { SecretStore.names(in: $0).first }.flatMap { secrets[$0] }
            return UpstreamProxy(
                host: proxy.address.host, port: proxy.address.port, isTLS: proxy.isTLS, username: proxy.username, password: password ?? "")
        }
    }

    static func vendorTrust(_ settings: Settings) -> VendorTrust { VendorTrust(files: settings.trust, directory: settings.directory) }

    /// Each file of `trust` must hold certificates.
    static func checkTrust(_ settings: Settings) throws(CommandFailure) {
        for path in settings.trust {
            let bytes = try failing { () throws(SystemError) in try Files.read(path, bytesMax: trustBytesMax) }
            do {
                let documents = try PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self))
                for document in documents { _ = try Certificate(pemDocument: document) }
                guard documents.isEmpty else { continue }
            } catch {
                throw CommandFailure("\(path) of `trust` holds something that is no certificate", remedy: "put PEM certificates into it")
            }
            throw CommandFailure("\(path) of `trust` holds no certificate", remedy: "put PEM certificates into it")
        }
    }

    static func keyring(_ settings: Settings, create: Bool) throws(CommandFailure) -> (keys: KeyDirectory, keyring: Keyring) {
        let keys = try KeyDirectory(settings.keys, create: create)
        return (keys, Keyring(master: try keys.masterKey(create: create)))
    }

    static func consents(
        _ settings: Settings, keyring: Keyring, index: SubjectIndex, notices: [String: Notice]
    ) throws(CommandFailure) -> SQLiteConsentStore {
        try InterruptedRestore.check(settings)
        let file = tombstones(settings, keyring)
        do {
            let lines = try file.read()
            let store = try SQLiteConsentStore(
                path: settings.store, keyring: keyring, index: index, notices: notices, tombstones: lines)
            // Whichever was lost is made whole by the other.
            let written = Set(lines.compactMap { if case .tombstone(let tombstone) = $0 { tombstone.id } else { nil } })
            try file.append(index.tombstones.all.filter { !written.contains($0.id) }.map { .tombstone($0) })
            return store
        } catch let problem as TombstoneFile.Problem {
            throw CommandFailure(problem.message.withoutFullStop)
        } catch let error as ConsentStoreError {
            throw CommandFailure(storeSentence(settings.store, error.message))
        } catch {
            throw CommandFailure("the store \(settings.store) cannot be used")
        }
    }

    static func tombstones(_ settings: Settings, _ keyring: Keyring) -> TombstoneFile {
        TombstoneFile(path: settings.tombstones, keys: TombstoneKeys(key: keyring.tombstones))
    }

    static func logStore(_ settings: Settings) throws(CommandFailure) -> SQLiteLogStore {
        try InterruptedRestore.check(settings)
        do {
            return try SQLiteLogStore(path: settings.logStore)
        } catch {
            throw CommandFailure(storeSentence(settings.logStore, error.message))
        }
    }

    /// Beside the gate, or when none runs.
    static func logReader(_ settings: Settings) throws(CommandFailure) -> SQLiteLogReader {
        guard try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil else {
            throw CommandFailure("there is no transfer log at \(settings.logStore) yet", remedy: "start `waybill serve` to create it")
        }
        do {
            return try SQLiteLogReader(path: settings.logStore)
        } catch {
            throw CommandFailure(storeSentence(settings.logStore, error.message))
        }
    }

    static func logKeys(_ keys: KeyDirectory, _ keyring: Keyring, create: Bool) throws(CommandFailure) -> LogKeys {
        let present = try keys.logKey(create: create)
        let rotation = LogKeyRotation(keys: keys)
        let (old, retired) = (try rotation.overlapping(present), try rotation.retired())
        do {
            return try LogKeys(
                keyring: keyring, signingSeed: SymmetricKey(data: present.rawRepresentation),
                overlapping: old.map { SymmetricKey(data: $0.rawRepresentation) }, retired: retired)
        } catch {
            throw CommandFailure("\(keys.file(KeyDirectory.logKeyFile)) cannot be used", remedy: "restore it from a backup")
        }
    }

    /// Under which origin the log's store is opened: its shard's own, unless `log.origin` was changed.
    static func origin(_ settings: Settings, _ set: PolicySet) -> String {
        let base = baseOrigin(settings, set)
        var stored: LogIdentity?
        do {
            if try Files.facts(settings.logStore) != nil { stored = try SQLiteLogReader(path: settings.logStore).identity() }
        } catch {
            // Opening the store says what is wrong with it.
            stored = nil
        }
        return LogRollover.origin(base: base, stored: stored, settings, now: SystemWallClock().now())
    }

    /// `log.origin`.
    static func baseOrigin(_ settings: Settings, _ set: PolicySet) -> String {
        settings.log.origin.replacing("{organisation.id}", with: set.organisation.id)
    }

    static func archive(_ settings: Settings) -> PolicyArchive {
        PolicyArchive(path: Files.resolve("policy-sets", against: settings.stateDirectory))
    }

    private static func storeSentence(_ path: String, _ message: String) -> String {
        let text = message.hasSuffix(".") ? String(message.dropLast()) : message
        return text.contains(path) ? text : "the store \(path) cannot be used: \(text)"
    }
}
