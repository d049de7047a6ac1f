import Dispatch
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Carries out erasures: one at a time, each step durable before the next, and what a crash or a failure left is finished first.
actor ErasureWork {
    /// How long readers in other processes may keep old pages from being overwritten.
    static let scrubMillisecondsMax = 10_000
    static let scrubPauseMilliseconds = 100

    /// Everything an erasure touches.
    struct Parts: Sendable {
        var settings: Settings
        var keyring: Keyring
        var logKeys: LogKeys
        var consents: SQLiteConsentStore
        /// The one that takes entries.
        var logStore: any LogStore
        var log: TransferLog
        /// Shards that have ended, oldest first.
        var olderLogs: [any ErasableLog] = []
        var tombstones: TombstoneFile
        /// Links to the person's page, and what they asked for there.
        var register: any SubjectRegister
    }

    private let parts: Parts
    private let book: TombstoneBook
    private let queue = DispatchQueue(label: "waybill.erasure")
    private let clock: any WallClock = SystemWallClock()
    private var isAtWork = false

    init(_ parts: Parts) {
        self.parts = parts
        book = parts.consents.index.tombstones
    }

    /// Finishes what is past return, and erases again whom a restored store brought back. Does nothing while the log refuses.
    ///
    /// False: all is done but for old pages, which another process reads.
    func resume() async throws(ControlFailure) -> Bool {
        try await alone { () throws(ControlFailure) in
            guard parts.log.state == .open else { return true }
            try await repeatLost()
            return try await finish()
        }
    }

    /// The recipients, and what will be destroyed; nothing about the person leaves from here on. With `isConfirmed` it is destroyed.
    func erase(_ subject: String, isConfirmed: Bool) async throws(ControlFailure) -> ErasureReport {
        let identifier: Identifier
        do {
            identifier = try Identifier(importText: subject)
        } catch {
            throw ControlFailure(code: "subject_malformed", message: "The subject \(error.rawValue).")
        }
        return try await alone { () throws(ControlFailure) in
            guard parts.log.state == .open else {
                throw ControlFailure(code: "log_unavailable", message: "The transfer log takes no entries now; see `waybill log verify`.")
            }
            _ = try await finish()
            let trace = try await blocking { [parts] in try parts.trace(identifier) }
            let begun = try await storing { [parts, clock] () throws(ConsentStoreError) in
                try await parts.consents.beginErasure(
                    of: identifier, parts: trace?.parts.map { SubjectIdentity(number: $0.number, salt: $0.salt) } ?? [],
                    identifiers: trace?.identifiers ?? [], now: clock.now())
            }
            guard let begun else {
                throw ControlFailure(
                    code: "subject_unknown", message: "Nobody is known by this identifier, so there is nothing to erase.")
            }
            guard let sealed = try await run(begun) else { throw Self.lost }
            return try await report(subject, sealed, isConfirmed: isConfirmed)
        }
    }

    private func report(_ subject: String, _ erasure: StoredErasure, isConfirmed: Bool) async throws(ControlFailure) -> ErasureReport {
        let trace = try await completed(erasure)
        let stored = try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.stored(erasure.number) }
        let found = try await blocking { [parts] in try RecipientScan(parts.olderLogs + [parts.logStore]).recipients(of: trace.numbers) }
        var report = ErasureReport(
            subject: subject, state: .erasing, askedAt: erasure.askedAt.rfc3339, recipients: found.recipients, transfers: found.transfers,
            identifiers: stored?.schemes ?? [:], consentEvents: stored?.history.events.count ?? 0)
        guard isConfirmed else { return report }
        let now = clock.now()
        let confirmed = try await storing { [parts] () throws(ConsentStoreError) in
            try await parts.consents.confirmErasure(erasure.id, transfers: found.transfers, logSize: parts.log.size, now: now)
        }
        guard let confirmed else { throw Self.lost }
        report.state = .erased
        report.erasedAt = now.rfc3339
        report.entry = try await finished(confirmed)
        return report
    }

    // MARK: Steps

    /// All that wait for nobody.
    private func finish() async throws(ControlFailure) -> Bool {
        var isClean = true
        let erasures = try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.erasures() }
        for erasure in erasures where erasure.step != .sealed {
            do {
                _ = try await run(erasure)
            } catch {
                guard error.code == Self.stillRead.code else { throw error }
                isClean = false
            }
        }
        return isClean
    }

    /// To the end; where its entry stands.
    private func finished(_ erasure: StoredErasure) async throws(ControlFailure) -> UInt64? {
        _ = try await run(erasure)
        return book.entry(of: erasure.id)
    }

    /// As far as it goes; nil: nothing is left of it.
    private func run(_ begun: StoredErasure) async throws(ControlFailure) -> StoredErasure? {
        var erasure = begun
        while true {
            switch erasure.step.next {
            case .awaitConfirmation: return erasure
            case .blankSightings: try await blankSightings(erasure)
            case .entomb: try await entomb(erasure)
            case .enter: try await enter(erasure)
            case .sweep: try await sweep(erasure)
            case .destroy: try await destroy(erasure)
            case .scrub:
                try await removePackages()
                try await scrub()
                let id = erasure.id
                try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.forgetErasure(id) }
                return nil
            }
            guard let step = erasure.step.following else { return nil }
            let id = erasure.id
            let next = try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.advanceErasure(id, to: step) }
            guard let next else { return nil }
            erasure = next
        }
    }

    private func blankSightings(_ erasure: StoredErasure) async throws(ControlFailure) {
        let trace = try await completed(erasure)
        let wanted = Set(trace.fingerprints.map { WaybillLedger.Fingerprint($0) })
        _ = try await blocking { [parts] in
            for log in parts.erasures { try log.blankSightings(of: trace.numbers) { wanted.contains($0) } }
        }
        // The salts may stand in old pages until a reader elsewhere is done; what is destroyed later waits for that.
        _ = try await scrubbed()
    }

    private func entomb(_ erasure: StoredErasure) async throws(ControlFailure) {
        guard book[id: erasure.id] == nil else { return }
        let tombstone = try await tombstone(of: erasure)
        do {
            try parts.tombstones.append([.tombstone(tombstone)])
        } catch {
            throw ControlFailure(code: "tombstones", message: error.message)
        }
        book.add(.tombstone(tombstone))
    }

    private func enter(_ erasure: StoredErasure) async throws(ControlFailure) {
        guard let tombstone = book[id: erasure.id] else { throw Self.lost }
        let trace = try await completed(erasure)
        // What was prepared before must not name the subject in a commit behind the entry; what is committed before it is swept.
        parts.log.forget(numbers: trace.numbers, fingerprints: trace.fingerprints.map { WaybillLedger.Fingerprint($0) })
        let mark = LogErasure.mark(of: tombstone.identifiers)
        let from = erasure.logSize ?? 0
        let found = try await blocking { [parts] in
            let work = LogErasure(store: parts.logStore, keys: parts.logKeys)
            return (
                try work.entry(mark, from: from),
                try erasure.transfers ?? parts.erasures.reduce(0) { try $0 + $1.transfers(of: trace.numbers) }
            )
        }
        let index: UInt64
        if let there = found.0 {
            index = there
        } else {
            do {
                index = try await parts.log.enter(.erasure(tombstone: mark, transfers: found.1))
            } catch {
                throw ControlFailure(
                    code: "log_unavailable",
                    message: "\(error.message) The erasure is not done; run the command again, or restart the gate, once the log works.")
            }
        }
        let line = TombstoneLine.entered(id: erasure.id, index: index)
        do {
            try parts.tombstones.append([line])
        } catch {
            throw ControlFailure(code: "tombstones", message: error.message)
        }
        book.add(line)
    }

    private func sweep(_ erasure: StoredErasure) async throws(ControlFailure) {
        let trace = try await completed(erasure)
        let gone = try await blocking { [parts, book] in
            for log in parts.erasures { try log.sweep(trace.numbers) }
            let gone = try parts.erasures.flatMap { log in
                try log.blankSightings(of: trace.numbers) { print in
                    WaybillCore.Fingerprint(print).map { book.erasedAt($0) != nil } ?? false
                }
            }
            // After the log, from which it would take them in again.
            let prints = Set(trace.fingerprints.map { WaybillLedger.Fingerprint($0) } + gone.flatMap(\.fingerprints))
            try Wiring.transferIndex(parts.settings).forget(numbers: trace.numbers.sorted(), fingerprints: Array(prints))
            return gone
        }
        for (number, fingerprints) in gone where trace.numbers.contains(number) {
            parts.consents.index.remove(number, fingerprints: fingerprints.compactMap { WaybillCore.Fingerprint($0) })
        }
    }

    private func destroy(_ erasure: StoredErasure) async throws(ControlFailure) {
        guard let tombstone = book[id: erasure.id] else { throw Self.lost }
        // First: afterwards nobody can tell which numbers were the person's.
        let numbers = try await completed(erasure).numbers.union([erasure.number]).sorted()
        let now = clock.now()
        do {
            try await blocking { [parts] in try parts.register.forget(numbers, at: now) }
        } catch {
            throw ControlFailure(
                code: "control_store", message: "The control store failed; check the disk, then start again. The erasure goes on from here."
            )
        }
        try await storing { [parts] () throws(ConsentStoreError) in
            try await parts.consents.destroySubject(of: erasure, tombstone: tombstone)
        }
    }

    /// Which of them hold the person is not known; whoever needs one asks again.
    private func removePackages() async throws(ControlFailure) {
        try await blocking { [parts] in try GatePackages.removeSubjects(parts.settings) }
    }

    private func scrub() async throws(ControlFailure) {
        guard try await scrubbed() else { throw Self.stillRead }
    }

    private func scrubbed() async throws(ControlFailure) -> Bool {
        var waited = 0
        while true {
            let log = try await blocking { [parts] in
                try (parts.olderLogs + [parts.logStore]).reduce(true) { try $1.scrub() && $0 }
            }
            let store = try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.scrub() }
            if log, store { return true }
            guard waited < Self.scrubMillisecondsMax else { return false }
            do { try await Task.sleep(for: .milliseconds(Self.scrubPauseMilliseconds)) } catch { return false }
            waited += Self.scrubPauseMilliseconds
        }
    }

    // MARK: What leads to the subject

    /// With what drafts in flight have made the log know since.
    private func completed(_ erasure: StoredErasure) async throws(ControlFailure) -> ErasureTrace {
        var trace = try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.trace(of: erasure) }
        let wanted = Set(trace.fingerprints.map { WaybillLedger.Fingerprint($0) })
        guard !wanted.isEmpty else { return trace }
        let known = trace.numbers
        let seen = try await blocking { [parts] in try LogErasure.sightings(in: parts.logStore, of: wanted) }
        var more: [SubjectIdentity] = []
        for sighting in seen where !known.contains(sighting.number) && sighting.salt.count == 16 {
            // A row that names others too is theirs; only the identifier goes from it.
            guard sighting.keyedFingerprints.allSatisfy(wanted.contains) else { continue }
            more.append(SubjectIdentity(number: sighting.number, salt: InlineArray { sighting.salt[$0] }))
        }
        guard !more.isEmpty else { return trace }
        let added = more
        try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.add(added, to: erasure.id) }
        trace.parts += more
        return trace
    }

    private func tombstone(of erasure: StoredErasure) async throws(ControlFailure) -> Tombstone {
        let trace = try await completed(erasure)
        let keys = TombstoneKeys(key: parts.keyring.tombstones)
        return Tombstone(
            id: erasure.id, erasedAt: erasure.confirmedAt ?? clock.now(), identifiers: trace.fingerprints.map { keys.identifier($0) },
            parts: trace.parts.map { Tombstone.Part(number: $0.number, mark: keys.part(number: $0.number, salt: $0.salt)) })
    }

    /// Erasures whose entry the log has lost, because it was restored from before them.
    private func repeatLost() async throws(ControlFailure) {
        for tombstone in book.all {
            guard let index = book.entry(of: tombstone.id) else { continue }
            let mark = LogErasure.mark(of: tombstone.identifiers)
            let isThere = try await blocking { [parts] in
                try parts.erasures.contains { try $0.isEntry(mark, at: index) }
            }
            guard !isThere else { continue }
            try await storing { [parts] () throws(ConsentStoreError) in try await parts.consents.repeatInLog(tombstone) }
        }
    }

    // MARK: Plumbing

    static let stillRead = ControlFailure(
        code: "still_read",
        message:
            "The person is erased, but another process reads a store, so that old pages of it could not be overwritten yet; end it, then "
            + "restart the gate or erase anybody.")
    private static let lost = ControlFailure(code: "internal", message: "The erasure is not where it was; run the command again.")

    private func alone<Value>(_ body: () async throws(ControlFailure) -> Value) async throws(ControlFailure) -> Value {
        guard !isAtWork else {
            throw ControlFailure(code: "erasure_at_work", message: "Another erasure is at work; run the command again when it is done.")
        }
        isAtWork = true
        defer { isAtWork = false }
        return try await body()
    }

    private func storing<Value: Sendable>(
        _ body: () async throws(ConsentStoreError) -> Value
    ) async throws(ControlFailure) -> Value {
        do throws(ConsentStoreError) {
            return try await body()
        } catch {
            throw ControlFailure(code: error.code.rawValue, message: error.message)
        }
    }

    /// Reads of a whole log take their time, and no thread of other tasks.
    private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws(ControlFailure) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { try body() }) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error as LogStoreError): throw ControlFailure(code: "log_unavailable", message: error.message)
        case .failure(let error as ConsentStoreError): throw ControlFailure(code: error.code.rawValue, message: error.message)
        case .failure(let error as ControlFailure): throw error
        case .failure: throw ControlFailure(code: "internal", message: "The stores could not be read; run waybill log verify.")
        }
    }
}

extension ErasureWork.Parts {
    /// One a shard.
    fileprivate var erasures: [LogErasure] { (olderLogs + [logStore]).map { LogErasure(store: $0, keys: logKeys) } }

    fileprivate func trace(_ identifier: Identifier) throws -> SubjectTrace? {
        let reader = try SQLiteLogReader(path: settings.logStore)
        defer { reader.close() }
        return try SQLiteSubjectTracer(
            consents: settings.store, keyring: keyring, keys: logKeys,
            sightings: SQLiteSightings(reader, index: Wiring.transferIndex(settings))
        ).trace(identifier)
    }
}

extension WaybillLedger.Fingerprint {
    init(_ other: WaybillCore.Fingerprint) {
        let bytes = other.bytes
        self.init(bytes: InlineArray { bytes[$0] })
    }
}

extension WaybillCore.Fingerprint {
    init?(_ other: WaybillLedger.Fingerprint) { self.init(bytes: (0..<16).map { other.bytes[$0] }) }
}
