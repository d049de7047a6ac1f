import Crypto
import Dispatch
import Synchronization
import WaybillControl
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage

/// What the console's pages read of a running gate: by connections and threads of its own, a few at a time.
final class GateSources: ConsoleSources {
    /// Pages read side by side; more wait.
    private static let readersMax = 2
    private let parts: GateParts
    private let reloader: PolicyReloader
    private let pages = OperationLane(name: "waybill.console", widthMax: readersMax)
    /// Long reads, so that pages do not wait for them.
    private let long = OperationLane(name: "waybill.console.long", widthMax: 1)
    private let exports: ExportReader
    private let verifierKeys = Mutex<[String]?>(nil)
    /// Sets that entries pinned, newest use last; reading one is slow.
    private let sets = Mutex<[(digest: String, set: PolicySet?)]>([])
    private static let setsMax = 4

    init(parts: GateParts, reloader: PolicyReloader) throws {
        self.parts = parts
        self.reloader = reloader
        exports = ExportReader(try Wiring.exportedLogs(parts.settings))
    }

    var policies: PolicySet { reloader.set }

    func transfers(_ filter: TransferFilter, limit: Int, from cursor: ExportCursor?) async throws -> TransferSearch.Page<TransferSummary> {
        try await searching { search in
            if let cursor, !search.knows(cursor) {
                throw APIProblem(.notFound, "The page is of a log that is not here any more; begin at the first.")
            }
            let page = try search.list(filter, limit: limit, from: cursor)
            return TransferSearch.Page(items: page.items.map(\.summary), next: page.next)
        }
    }

    func statistics(_ filter: TransferFilter) async throws -> TransferStatistics.Counts {
        try await searching { try $0.statistics(filter, by: .all).periods.first?.counts ?? TransferStatistics.Counts() }
    }

    func transfer(_ id: TransferID) async throws -> ConsoleTransfer? {
        let settings = parts.settings
        return try await pages.run { [self] in
            let logs = try Wiring.searchedLogs(settings)
            defer { for log in logs { log.close() } }
            for log in logs.reversed() {
                guard let detail = try TransferReader(reader: log).show(id) else { continue }
                return ConsoleTransfer(detail: detail, policies: try pinned(by: detail))
            }
            return nil
        }
    }

    private func pinned(by detail: TransferDetail) throws -> PolicySet? {
        guard case .object(let entry) = CanonicalParser.parse(detail.entry.bytes), case .string(let digest) = entry["pset"] else {
            return nil
        }
        if digest == reloader.set.digest { return reloader.set }
        if let known = sets.withLock({ sets in sets.first { $0.digest == digest } }) { return known.set }
        let set = try TransferExplanation.policies(of: detail, Wiring.archive(parts.settings))
        sets.withLock { sets in
            sets.append((digest, set))
            if sets.count > Self.setsMax { sets.removeFirst() }
        }
        return set
    }

    func stops() async throws -> [SuspensionEvent] {
        let control = parts.control
        return try await pages.run { Suspensions(try control.suspensionEvents()).stops.values.sorted { $0.target < $1.target } }
    }

    func due(within days: Int) async throws -> [DueDate] {
        let (control, set) = (parts.control, reloader.set)
        return try await pages.run {
            DueDate.all(in: set, lives: try control.lives(), now: SystemWallClock().now(), within: days)
        }
    }

    func engagements() async throws -> [Engagement] {
        let control = parts.control
        return try await pages.run { try control.engagements() }
    }

    func engagement(_ id: String) async throws -> Engagement? {
        let control = parts.control
        return try await pages.run { try control.engagement(id) }
    }

    func draw(_ sample: Engagement.Sample, of scope: Engagement.Scope) async throws -> AuditSample {
        let settings = parts.settings
        return try await long.run {
            let logs = try Wiring.searchedLogs(settings)
            defer { for log in logs { log.close() } }
            guard let log = try logs.first(where: { try $0.identity()?.origin == sample.origin }) else {
                throw CommandFailure("the sample is of a log that is not here", remedy: "use the copy of that log")
            }
            return try AuditSample(sample, of: scope, from: log)
        }
    }

    func state() async -> ConsoleGateState {
        let status = await reloader.status
        let size = parts.log.size
        return ConsoleGateState(
            log: parts.log.present, origin: Wiring.baseOrigin(parts.settings, reloader.set), witnesses: parts.witnesses?.standings ?? [],
            sinks: parts.sinks.progress.map { sink in
                let counts = sink.counts
                return ConsoleGateState.Sink(
                    name: sink.name, behindEntries: sink.behindEntries(now: size), deliveredEntries: counts.deliveredEntries,
                    failures: counts.failures, lastSuccess: counts.lastSuccess, failure: counts.failure)
            }, policyLoadedAt: status.loadedAt, policyFailure: status.failure)
    }

    func checkpoint() async throws -> String? { try await parts.publication.checkpoint() }

    func keys() async throws -> [String] {
        if let known = verifierKeys.withLock({ $0 }) { return known }
        let settings = parts.settings
        let read = try await pages.run { () -> [String] in
            let reader = try Wiring.logReader(settings)
            defer { reader.close() }
            guard let last = try reader.lastCheckpoint() else { return [] }
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let logKeys = try Wiring.logKeys(keys, keyring, create: false)
            let retired = logKeys.retired.map {
                NoteVerifier(name: last.origin, algorithm: .ed25519, key: $0).vkey + LogVerifyCommand.replacedMark
            }
            return try logKeys.signers(origin: last.origin).map(\.verifier.vkey) + retired
        }
        // Keys change with the process; before the first checkpoint there are none yet.
        if !read.isEmpty { verifierKeys.withLock { $0 = read } }
        return read
    }

    func verify(progress: @escaping @Sendable (UInt64, UInt64) -> Void) async throws -> ConsoleVerification {
        let settings = parts.settings
        return try await long.run {
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let logKeys = try Wiring.logKeys(keys, keyring, create: false)
            let copy = settings.log.checkpointCopy
            let outside = try Files.facts(copy) == nil ? nil : try Files.read(copy, bytesMax: 1 << 20)
            let shards = try Wiring.logShards(settings)
            defer { for shard in shards { shard.reader.close() } }
            var told: UInt64 = 0
            let report = try ShardChainVerifier(shards, keys: logKeys, outside: outside).verify { done, total in
                guard done == total || done - min(told, done) >= max(1_000, total / 100) else { return }
                told = done
                progress(done, total)
            }
            return ConsoleVerification(
                shards: report.shards.map { .init(name: $0.name, entries: $0.report.entries, root: $0.report.root.description) },
                faults: report.faults, hasOutsideCheckpoint: outside != nil)
        }
    }

    func export(_ pull: ExportPull) async throws -> ExportPage { try await exports.page(pull) }

    private func searching<Value: Sendable>(_ work: @escaping @Sendable (TransferSearch) throws -> Value) async throws -> Value {
        let settings = parts.settings
        return try await pages.run {
            let logs = try Wiring.searchedLogs(settings)
            defer { for log in logs { log.close() } }
            // As far as the index is; the background work beside the gate keeps it up.
            return try work(try TransferSearch(logs, index: Wiring.transferIndex(settings)))
        }
    }
}

/// Blocking work, a few at a time, off the event loops and off Swift's own threads.
struct OperationLane: Sendable {
    private let queue: DispatchQueue
    private let places: DispatchSemaphore

    init(name: String, widthMax: Int) {
        queue = DispatchQueue(label: name, attributes: .concurrent)
        places = DispatchSemaphore(value: widthMax)
    }

    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                places.wait()
                defer { places.signal() }
                continuation.resume(with: Result { try work() })
            }
        }
    }
}
