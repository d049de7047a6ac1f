import Dispatch
import Synchronization
package import WaybillCore
import WaybillLedger

/// Jobs of one kind: one runs, few wait, finished ones are kept within limits of count, size and age.
///
/// `keep` is told of every job before anything is done for it and when it has ended; `forget` when it goes, with all that it made.
package final class JobQueue<Order: Sendable & Codable, Outcome: Sendable & Codable>: Sendable {
    package typealias Work = @Sendable (JobProgress) throws -> Outcome
    /// Runs blocking work on another thread.
    package typealias Runner = @Sendable (@escaping @Sendable () -> Void) -> Void

    private struct Slot {
        var job: Job<Order, Outcome>
        let progress = JobProgress()
        /// Nil: it may not begin yet, or has.
        var work: Work?
        /// It runs and goes as soon as it has stopped; nobody sees it any more.
        var isLeaving = false
    }
    private struct State {
        /// In the order in which they were asked for.
        var slots: [Slot] = []
        var isRunning = false
        /// The gate stops: nothing begins any more.
        var isStopping = false
    }
    private let state = Mutex(State())
    private let limits: JobLimits
    private let clock: any WallClock
    private let runner: Runner
    private let timer = DispatchQueue(label: "waybill.jobs.timer")
    private let bytes: @Sendable (Outcome) -> Int
    private let keep: @Sendable (Job<Order, Outcome>) throws -> Void
    private let forget: @Sendable (Job<Order, Outcome>) -> Void

    package init(
        limits: JobLimits = JobLimits(), clock: any WallClock = SystemWallClock(), runner: @escaping Runner = JobQueue.onDispatch,
        bytes: @escaping @Sendable (Outcome) -> Int = { _ in 0 }, keep: @escaping @Sendable (Job<Order, Outcome>) throws -> Void = { _ in },
        forget: @escaping @Sendable (Job<Order, Outcome>) -> Void = { _ in }
    ) {
        self.limits = limits
        self.clock = clock
        self.runner = runner
        self.bytes = bytes
        self.keep = keep
        self.forget = forget
    }

    package static var onDispatch: Runner {
        let queue = DispatchQueue(label: "waybill.jobs", qos: .utility)
        return { work in queue.async(execute: work) }
    }

    /// Jobs of before a restart, once and first.
    package func restore(_ jobs: [Job<Order, Outcome>]) {
        state.withLock { $0.slots = jobs.sorted { $0.madeAt < $1.madeAt }.map { Slot(job: $0) } }
        sweep()
        for job in all { scheduleSweep(of: job) }
    }

    // MARK: Looking

    /// Newest first.
    package var all: [Job<Order, Outcome>] {
        state.withLock { state in state.slots.reversed().filter { !$0.isLeaving }.map(Self.seen) }
    }

    package func job(_ id: String) -> Job<Order, Outcome>? {
        state.withLock { state in state.slots.first { $0.job.id == id && !$0.isLeaving }.map(Self.seen) }
    }

    private static func seen(_ slot: Slot) -> Job<Order, Outcome> {
        guard slot.job.state == .running else { return slot.job }
        var job = slot.job
        let standing = slot.progress.standing
        (job.stage, job.doneCount, job.totalCount) = (standing.stage, standing.done, standing.total)
        return job
    }

    /// As it is once it has finished, or after so long; nil: it is gone.
    package func wait(for id: String, milliseconds: Int) async throws -> Job<Order, Outcome>? {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while let job = job(id) {
            guard !job.state.isFinished, .now < end else { return job }
            try await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }

    // MARK: Doing

    /// Takes a place, so that it can be entered in the log before it begins: `start` it, or `remove` it.
    package func add(_ order: Order, by: String) throws(ControlFailure) -> Job<Order, Outcome> {
        sweep()
        var generator = SystemRandomNumberGenerator()
        let id = hex((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let job = Job<Order, Outcome>(id: id, order: order, by: by, madeAt: clock.now())
        let refusal: ControlFailure? = state.withLock { state in
            let unfinished = state.slots.filter { !$0.job.state.isFinished }
            guard unfinished.count < limits.unfinishedMax else {
                return ControlFailure(code: "jobs_full", message: "\(unfinished.count) jobs are waiting or running; try again later.")
            }
            guard unfinished.count(where: { $0.job.by == by }) < limits.unfinishedOfOneMax else {
                return ControlFailure(
                    code: "jobs_full", message: "You have \(limits.unfinishedOfOneMax) jobs that are not done; wait for one, or cancel it.")
            }
            state.slots.append(Slot(job: job))
            return nil
        }
        if let refusal { throw refusal }
        do { try keep(job) } catch {
            state.withLock { state in state.slots.removeAll { $0.job.id == id } }
            forget(job)
            throw ControlFailure(code: "io_error", message: "The job cannot be kept; see that the gate's own folder can be written.")
        }
        return job
    }

    package func start(_ id: String, _ work: @escaping Work) {
        state.withLock { state in
            guard let place = state.slots.firstIndex(where: { $0.job.id == id }) else { return }
            state.slots[place].work = work
        }
        pump()
    }

    /// Stops it if it is not done, and removes what it made.
    package func remove(_ id: String) {
        let gone: Job<Order, Outcome>? = state.withLock { state in
            guard let place = state.slots.firstIndex(where: { $0.job.id == id }) else { return nil }
            guard state.slots[place].job.state != .running else {
                state.slots[place].progress.stop()
                state.slots[place].isLeaving = true
                return nil
            }
            return state.slots.remove(at: place).job
        }
        if let gone { forget(gone) }
    }

    /// What it made is not there any more.
    package func end(_ id: String, _ why: String) {
        state.withLock { state in
            guard let place = state.slots.firstIndex(where: { $0.job.id == id && $0.job.state == .done }) else { return }
            (state.slots[place].job.state, state.slots[place].job.outcome, state.slots[place].job.failure) = (.ended, nil, why)
        }
    }

    /// When the gate stops: what waits never begins, what runs ends soon. Returns when nothing runs, or after so long.
    package func stop(milliseconds: Int = 2_000) async {
        state.withLock { state in
            state.isStopping = true
            for slot in state.slots where slot.job.state == .running { slot.progress.stop() }
        }
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while state.withLock({ $0.isRunning }), .now < end {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
    }

    private func pump() {
        let next: (id: String, work: Work, progress: JobProgress)? = state.withLock { state in
            guard !state.isRunning, !state.isStopping,
                let place = state.slots.firstIndex(where: { $0.job.state == .waiting && $0.work != nil }),
                let work = exchange(&state.slots[place].work, with: nil)
            else { return nil }
            state.isRunning = true
            state.slots[place].job.state = .running
            state.slots[place].job.begunAt = clock.now()
            return (state.slots[place].job.id, work, state.slots[place].progress)
        }
        guard let next else { return }
        runner { [self] in
            next.progress.begin(secondsMax: limits.runSecondsMax)
            finish(next.id, Result { try next.work(next.progress) })
            pump()
        }
    }

    private func finish(_ id: String, _ result: Result<Outcome, any Error>) {
        guard var job = state.withLock({ state in state.slots.first { $0.job.id == id }.map(Self.seen) }) else { return }
        job.endedAt = clock.now()
        switch result {
        case .success(let outcome): (job.state, job.outcome) = (.done, outcome)
        case .failure where state.withLock({ $0.isStopping }): (job.state, job.failure) = (.ended, JobFailure.gateStopped.message)
        case .failure(let error): (job.state, job.failure) = (.failed, (error as? JobFailure ?? .unknown).message)
        }
        do { try keep(job) } catch {
            // What nobody could find after a restart is not given out either.
            if job.state == .done { (job.state, job.failure) = (.failed, (error as? JobFailure ?? .unknown).message) }
            job.outcome = nil
        }
        let ended = job
        let isLeaving = state.withLock { state in
            state.isRunning = false
            guard let place = state.slots.firstIndex(where: { $0.job.id == id }) else { return true }
            guard !state.slots[place].isLeaving else {
                state.slots.remove(at: place)
                return true
            }
            state.slots[place].job = ended
            return false
        }
        if isLeaving { return forget(ended) }
        sweep()
        scheduleSweep(of: ended)
    }

    // MARK: Limits of what is kept

    private func scheduleSweep(of job: Job<Order, Outcome>) {
        guard let endedAt = job.endedAt else { return }
        let seconds = max(0, endedAt.seconds + limits.keptSecondsMax - clock.now().seconds) + 1
        timer.asyncAfter(deadline: .now() + .seconds(Int(clamping: seconds))) { [weak self] in self?.sweep() }
    }

    /// Removes what is too old, and the oldest of what is too many or too much.
    package func sweep() {
        let now = clock.now()
        let gone: [Job<Order, Outcome>] = state.withLock { state in
            var gone: Set<String> = []
            var kept: [String: Int] = [:]
            var (count, size) = (0, 0)
            for slot in state.slots.reversed() where slot.job.state.isFinished {
                let job = slot.job
                let own = kept[job.by, default: 0]
                let bytes = job.outcome.map(bytes) ?? 0
                let isOld = job.endedAt.map { $0.adding(seconds: limits.keptSecondsMax) <= now } ?? true
                guard !isOld, count < limits.keptMax, own < limits.keptOfOneMax, size + bytes <= limits.keptBytesMax else {
                    gone.insert(job.id)
                    continue
                }
                kept[job.by] = own + 1
                count += 1
                size += bytes
            }
            let jobs = state.slots.filter { gone.contains($0.job.id) }.map(\.job)
            state.slots.removeAll { gone.contains($0.job.id) }
            return jobs
        }
        for job in gone { forget(job) }
    }
}
