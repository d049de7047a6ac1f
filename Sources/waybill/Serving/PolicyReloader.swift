import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals
import WaybillCore
import WaybillLedger

/// Keeps the policy set in force current with its directory: a change on disk or SIGHUP puts the new set in force within a second,
/// whole or not at all. A broken set is reported and the last good one stays.
actor PolicyReloader: Service {
    /// A change is read once it has stood still for one look: files of one edit belong together.
    static let lookEveryMilliseconds = 200

    private let directory: PolicyDirectory
    private let logger: Logger
    private let accept: @Sendable (LoadedPolicies, _ insteadOf: PolicySet) async throws -> Void
    private let renew: @Sendable (PolicySet) throws -> Void
    private let current: Mutex<PolicySet>
    private var loaded: PolicyDirectory.Signature
    private var pending: PolicyDirectory.Signature?
    /// The reload asked for last.
    private var latest: Task<Void, Never>?
    private(set) var status: PolicyStatus

    /// `accept` puts a set in force, or throws and leaves everything as it was; `renew` reads again what files outside the set hold.
    init(
        _ policies: LoadedPolicies, now: Timestamp, logger: Logger,
        accept: @escaping @Sendable (LoadedPolicies, PolicySet) async throws -> Void,
        renew: @escaping @Sendable (PolicySet) throws -> Void = { _ in }
    ) {
        directory = policies.directory
        loaded = policies.signature
        self.logger = logger
        self.accept = accept
        self.renew = renew
        current = Mutex(policies.set)
        status = PolicyStatus(digest: policies.set.digest, loadedAt: now)
    }

    /// Of the set in force.
    nonisolated var set: PolicySet { current.withLock { $0 } }
    nonisolated var purposes: Set<String> { Set(set.purposes.map(\.name)) }

    nonisolated func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { await self.reload() }
                }
                group.addTask {
                    while !Task.isCancelled {
                        do {
                            try await Task.sleep(for: .milliseconds(PolicyReloader.lookEveryMilliseconds))
                        } catch {
                            return
                        }
                        await self.look()
                    }
                }
            }
        }
    }

    /// Reloads if the files differ from those loaded, and are the same as at the last look.
    func look() async {
        let found: PolicyDirectory.Signature
        do {
            found = try directory.signature()
        } catch {
            // Directories are sometimes replaced in two steps. What stays wrong is told once.
            if status.failure != error.sentence { fail(error) }
            return
        }
        if found == loaded {
            pending = nil
        } else if found != pending {
            pending = found
        } else {
            await reload()
        }
    }

    /// One after another: two at once could put the older files in force over the newer ones.
    func reload() async {
        let before = latest
        let mine = Task {
            await before?.value
            await reloadNow()
        }
        latest = mine
        await mine.value
    }

    private func reloadNow() async {
        do {
            // Whatever comes of it, the same files are not tried again and again.
            loaded = try directory.signature()
            pending = nil
            let (policies, warnings) = try directory.loadAll(loaded, since: set)
            for warning in warnings { logger.warning("policy warning", metadata: ["problem": "\(directory.located(warning))"]) }
            let digest = policies.set.digest
            if digest != status.digest {
                try await accept(policies, set)
                current.withLock { $0 = policies.set }
                logger.notice("policies reloaded", metadata: ["digest": "\(digest)", "previous": "\(status.digest)"])
                status = PolicyStatus(digest: digest, loadedAt: SystemWallClock().now())
            } else {
                try renew(policies.set)
                logger.notice("policies read again, nothing changed", metadata: ["digest": "\(digest)"])
            }
            status.failure = nil
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: any Error) {
        pending = nil
        guard let problems = error as? PolicyProblems else {
            let sentence = (error as? CommandFailure)?.sentence ?? "\(error)"
            status.failure = sentence
            logger.error("policies not reloaded, the last good set stays in force", metadata: ["error": "\(sentence)"])
            return
        }
        for problem in problems.all where problem.severity == .error {
            logger.error("policy error", metadata: ["problem": "\(directory.located(problem))", "code": "\(problem.code)"])
        }
        let count = problems.all.count { $0.severity == .error }
        status.failure = problems.all.first { $0.severity == .error }.map { directory.located($0) } ?? "the set is broken"
        logger.error(
            "policies not reloaded, the last good set stays in force", metadata: ["errors": "\(count)", "digest": "\(status.digest)"])
    }
}

/// Which policy set is in force, and whether a newer one was refused.
struct PolicyStatus: Sendable, Equatable {
    var digest: String
    var loadedAt: Timestamp
    /// Why the files on disk are not in force; nil: they are.
    var failure: String?
}
