import Synchronization

/// A running job's line to whoever watches it: it tells how far it is, and hears that it shall stop. From any thread.
package final class JobProgress: Sendable {
    struct Standing: Sendable {
        var stage = ""
        var done: UInt64 = 0
        var total: UInt64 = 0
    }
    private let present = Mutex(Standing())
    private let isStopped = Atomic(false)
    private let deadline = Mutex<ContinuousClock.Instant?>(nil)

    package init() {}

    var standing: Standing { present.withLock { $0 } }

    func begin(secondsMax: Int) { deadline.withLock { $0 = .now + .seconds(secondsMax) } }
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Call it often. Throws when the job shall end now.
    package func reached(_ stage: String, _ done: UInt64, _ total: UInt64) throws(JobFailure) {
        present.withLock { $0 = Standing(stage: stage, done: done, total: total) }
        guard !isStopped.load(ordering: .relaxed) else { throw .stopped }
        guard deadline.withLock({ $0.map { .now < $0 } ?? true }) else {
            throw JobFailure("It took longer than a job may; ask for less at once, or use the command.")
        }
    }
}
