import Dispatch
import FoundationEssentials
import Logging
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

extension GateService {
    /// Of this gate; every call makes the same one.
    func subjectDesk() throws -> SubjectDesk {
        let (parts, reloader) = (parts, reloader)
        let (keys, keyring) = try Wiring.keyring(parts.settings, create: false)
        return SubjectDesk(
            try Wiring.subjects(
                parts.settings, keyring: keyring, logKeys: try Wiring.logKeys(keys, keyring, create: false),
                origin: Wiring.origin(parts.settings, set), consents: parts.consents, control: parts.control, log: parts.log,
                erasures: parts.erasures, policy: { reloader.set }))
    }

    /// Secrets and mapping files are read here, once; a source without both takes nothing.
    func webhookDesk(_ desk: SubjectDesk) throws -> WebhookDesk {
        let store = SecretStore(directory: parts.settings.secrets, environment: ProcessInfo.processInfo.environment)
        var secrets: [String: String] = [:]
        var maps: [String: ConsentMap] = [:]
        for source in ConsentSource.all {
            secrets[source.name] = try store.value("webhook_\(source.name)")
            guard secrets[source.name] != nil else { continue }
            maps[source.name] = try Wiring.consentMap(source.name, in: parts.settings)
            if maps[source.name] == nil {
                parts.logger.warning("webhooks of a source are refused: it has no mapping file", metadata: ["source": "\(source.name)"])
            }
        }
        let (known, mapped) = (secrets, maps)
        return WebhookDesk(desk, secret: { known[$0] }, map: { mapped[$0] })
    }
}

extension Wiring {
    static func subjects(
        _ settings: Settings, keyring: Keyring, logKeys: LogKeys, origin: String, consents: SQLiteConsentStore, control: ControlDatabase,
        log: TransferLog, erasures: ErasureWork, policy: @escaping @Sendable () -> PolicySet?
    ) throws -> SubjectParts {
        SubjectParts(
            records: consents, register: control, disclosures: StoredDisclosures(settings: settings), erasing: DeskErasures(work: erasures),
            ids: OpaqueIDs(key: keyring.subjectIDs), links: PersonLinks(key: keyring.personLinks), policy: policy,
            enter: { (notice) async throws(RecordError) in try await log.enter(notice) }, subjectKey: { logKeys.subjectKey(salt: $0) },
            sign: { text in
                guard let signer = try logKeys.signers(origin: origin).first else { throw LogKeyError.notThirtyTwoBytes }
                let note = try SignedNote(signing: text, by: [signer])
                return (note.signatures.first?.line ?? "", signer.verifier.vkey)
            },
            random: {
                var generator = SystemRandomNumberGenerator()
                return WaybillCore.Fingerprint(high: generator.next(), low: generator.next())
            },
            clock: { SystemWallClock().now() }, publicURL: settings.publicURL)
    }

    /// `SOURCE.yaml` of the directory of mapping files; nil: there is none.
    static func consentMap(_ source: String, in settings: Settings) throws(CommandFailure) -> ConsentMap? {
        let path = Files.resolve("\(source).yaml", against: settings.consentMaps)
        guard try failing({ () throws(SystemError) in try Files.facts(path) }) != nil else { return nil }
        return try consentMap(source, file: path).map
    }

    /// The map, and the file's text.
    static func consentMap(_ source: String, file path: String) throws(CommandFailure) -> (map: ConsentMap, text: String) {
        let bytes = try failing { () throws(SystemError) in try Files.read(path, bytesMax: 1 << 20) }
        let (map, problems) = ConsentMap.read(file: path, bytes: bytes, for: source)
        guard let map else {
            throw CommandFailure(
                problems.map(\.description).joined(separator: "\n"), remedy: "see docs/consents.md", status: .policyInvalid)
        }
        return (map, String(decoding: bytes, as: UTF8.self))
    }
}

/// Disclosures, from the log's files and index beside the gate.
struct StoredDisclosures: DisclosureFinding {
    private static let queue = DispatchQueue(label: "waybill.disclosures", attributes: .concurrent)
    let settings: Settings

    func disclosures(of identifier: Identifier, limit: Int, from cursor: ExportCursor?) async throws(ControlFailure) -> DisclosurePage {
        let settings = settings
        let result: Result<DisclosurePage, ControlFailure> = await withCheckedContinuation { continuation in
            Self.queue.async {
                do {
                    continuation.resume(returning: .success(try Self.find(identifier, limit, cursor, settings)))
                } catch let failure as CommandFailure {
                    continuation.resume(returning: .failure(ControlFailure(code: "unavailable", message: "\(failure.sentence).")))
                } catch {
                    continuation.resume(
                        returning: .failure(
                            ControlFailure(
                                code: "unavailable", message: "The log's index cannot be read; look at it with `waybill log verify`.")))
                }
            }
        }
        return try result.get()
    }

    private static func find(
        _ identifier: Identifier, _ limit: Int, _ cursor: ExportCursor?, _ settings: Settings
    ) throws -> DisclosurePage {
        let logs = try Wiring.searchedLogs(settings)
        defer { for log in logs { log.close() } }
        let text = String(decoding: identifier.bytes, as: UTF8.self)
        guard let log = logs.last, let trace = try Wiring.subjectTrace(text, settings, log: log) else { return DisclosurePage() }
        let search = try Wiring.search(settings, logs)
        let page = try search.disclosures(of: trace, limit: limit, from: cursor)
        return DisclosurePage(items: page.items, next: page.next, prunedBefore: try search.disclosuresPrunedBefore())
    }
}

/// Erasures as `waybill subject erase` carries them out.
struct DeskErasures: SubjectErasing {
    let work: ErasureWork

    func erase(_ identifier: Identifier, isConfirmed: Bool) async throws(ControlFailure) -> JSONValue {
        let report = try await work.erase(String(decoding: identifier.bytes, as: UTF8.self), isConfirmed: isConfirmed)
        do {
            var value = try JSONValue(encoding: report)
            // The one who asks knows whom; the answer goes on without the identifier.
            if case .object(var members) = value {
                members["subject"] = nil
                value = .object(members)
            }
            return value
        } catch {
            throw ControlFailure(code: "internal", message: "The erasure's report could not be written; ask for it again.")
        }
    }
}

extension StoreSession {
    /// The desk touches the log too.
    func deskHere(_ request: ControlRequest, input: ControlInput, output: ControlOutput) async throws {
        let own = try ownStores()
        defer { own.log.close() }
        let desk = SubjectDesk(
            try Wiring.subjects(
                settings, keyring: own.keyring, logKeys: own.logKeys, origin: own.origin, consents: own.consents, control: own.control,
                log: own.log, erasures: own.erasures, policy: { own.policies }))
        try await ControlDispatcher(SubjectDeskCommand.all(desk)).run(request, input: input, output: output)
    }
}
