import Dispatch
import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("Jobs beside the gate")
struct JobQueueTests {
    private typealias Queue = JobQueue<String, Int>
    private typealias TestJob = Job<String, Int>

    /// A queue whose jobs hold until they are let go, and what its store was told.
    private final class Place: Sendable {
        let kept = Mutex<[String]>([])
        let forgotten = Mutex<[String]>([])
        let keepWorks = Mutex(true)
        let clock = ManualClock()
        private let gate = DispatchSemaphore(value: 0)
        private let box = Mutex<Queue?>(nil)

        func queue(_ edit: (inout JobLimits) -> Void = { _ in }) -> Queue {
            var limits = JobLimits()
            edit(&limits)
            return Queue(
                limits: limits, clock: clock, bytes: { $0 },
                keep: { [self] job in
                    guard keepWorks.withLock({ $0 }) else { throw JobFailure("no") }
                    kept.withLock { $0.append("\(job.order) \(job.state)") }
                }, forget: { [self] job in forgotten.withLock { $0.append(job.order) } })
        }

        func letGo() { gate.signal() }

        /// Runs until let go, or stopped.
        func held(_ value: Int = 1) -> Queue.Work {
            { [self] progress in
                while gate.wait(timeout: .now() + .milliseconds(2)) == .timedOut { try progress.reached("steps", 3, 10) }
                return value
            }
        }
    }

    private func begun(_ queue: Queue, _ order: String, by: String = "anna", _ work: @escaping Queue.Work = { _ in 1 }) throws -> TestJob {
        let job = try queue.add(order, by: by)
        queue.start(job.id, work)
        return job
    }

    private func state(_ queue: Queue, _ job: TestJob, becomes state: TestJob.State?) async throws -> Bool {
        try await eventually { queue.job(job.id)?.state == state }
    }

    @Test("One runs and tells how far it is, the next waits for its end")
    func oneAtATime() async throws {
        let place = Place()
        let queue = place.queue()
        let (first, second) = (try begun(queue, "a", place.held()), try begun(queue, "b", place.held(2)))
        #expect(try await state(queue, first, becomes: .running))
        while queue.job(first.id)?.doneCount != 3 { await Task.yield() }
        #expect(queue.job(first.id)?.percent == 30 && queue.job(second.id)?.state == .waiting)
        place.letGo()
        #expect(try await state(queue, first, becomes: .done))
        place.letGo()
        #expect(try await queue.wait(for: second.id, milliseconds: 5_000)?.outcome == 2)
        #expect(queue.all.map(\.order) == ["b", "a"])
        #expect(place.kept.withLock { $0.sorted() } == ["a done", "a waiting", "b done", "b waiting"])
    }

    @Test("A job that was only added does not begin: it is entered in the log first")
    func addedOnly() async throws {
        let place = Place()
        let queue = place.queue()
        let job = try queue.add("a", by: "anna")
        let other = try begun(queue, "b")
        #expect(try await queue.wait(for: other.id, milliseconds: 5_000)?.state == .done)
        #expect(queue.job(job.id)?.state == .waiting)
        queue.remove(job.id)
        #expect(queue.job(job.id) == nil && place.forgotten.withLock { $0 } == ["a"])
    }

    @Test("More than the queue or one owner may have waiting is refused, and nothing is kept of it")
    func limits() throws {
        let place = Place()
        let queue = place.queue {
            $0.unfinishedMax = 3
            $0.unfinishedOfOneMax = 2
        }
        for order in ["a", "b"] { _ = try queue.add(order, by: "anna") }
        #expect(throws: ControlFailure.self) { try queue.add("c", by: "anna") }
        _ = try queue.add("d", by: "bert")
        #expect(throws: ControlFailure.self) { try queue.add("e", by: "carl") }
        #expect(place.kept.withLock { $0 } == ["a waiting", "b waiting", "d waiting"])
        place.keepWorks.withLock { $0 = false }
        queue.remove(queue.all[0].id)
        #expect(throws: ControlFailure.self) { try queue.add("f", by: "carl") }
        #expect(queue.all.count == 2)
    }

    @Test("Cancelled while it waits it never runs; while it runs it ends soon; nothing of either stays")
    func cancel() async throws {
        let place = Place()
        let queue = place.queue()
        let ran = Atomic(false)
        let first = try begun(queue, "a", place.held())
        let second = try begun(queue, "b") { _ in
            ran.store(true, ordering: .relaxed)
            return 1
        }
        #expect(try await state(queue, first, becomes: .running))
        queue.remove(second.id)
        queue.remove(first.id)
        #expect(queue.all.isEmpty)
        for _ in 0..<1_000 where place.forgotten.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(place.forgotten.withLock { $0.sorted() } == ["a", "b"])
        // The queue goes on.
        let third = try begun(queue, "c")
        #expect(try await queue.wait(for: third.id, milliseconds: 5_000)?.state == .done)
        let hasRun = ran.load(ordering: .relaxed)
        #expect(!hasRun)
    }

    @Test("When the gate stops, what runs ends as such and what waits never begins")
    func stop() async throws {
        let place = Place()
        let queue = place.queue()
        let (first, second) = (try begun(queue, "a", place.held()), try begun(queue, "b"))
        #expect(try await state(queue, first, becomes: .running))
        await queue.stop()
        #expect(queue.job(first.id)?.state == .ended && queue.job(first.id)?.failure == JobFailure.gateStopped.message)
        #expect(queue.job(second.id)?.state == .waiting)
    }

    @Test("A failure is told in its own sentence, any other error in one that quotes nothing")
    func failures() async throws {
        struct Secret: Error { var text = "anna@example.com" }
        let queue = Place().queue()
        let told = try begun(queue, "a") { _ in throw JobFailure("The disk is full.") }
        #expect(try await queue.wait(for: told.id, milliseconds: 5_000)?.failure == "The disk is full.")
        let untold = try begun(queue, "b") { _ in throw Secret() }
        let ended = try #require(try await queue.wait(for: untold.id, milliseconds: 5_000))
        #expect(ended.state == .failed && ended.failure == JobFailure.unknown.message && ended.outcome == nil)
    }

    @Test("What takes too long is given up, and what cannot be kept is not given out")
    func givenUp() async throws {
        let place = Place()
        let queue = place.queue { $0.runSecondsMax = 0 }
        let slow = try begun(queue, "a", place.held())
        #expect(try await queue.wait(for: slow.id, milliseconds: 5_000)?.failure?.contains("longer") == true)
        let lost = try queue.add("b", by: "anna")
        place.keepWorks.withLock { $0 = false }
        queue.start(lost.id) { _ in 1 }
        let ended = try #require(try await queue.wait(for: lost.id, milliseconds: 5_000))
        #expect(ended.state == .failed && ended.outcome == nil)
    }

    @Test(
        "Finished jobs are kept within count, share of one owner, and size; the oldest go",
        arguments: [
            (2, 9, 99, ["c", "d"]), (9, 1, 99, ["d"]), (9, 9, 7, ["d"]), (9, 9, 8, ["c", "d"]), (9, 9, 3, [String]()),
        ])
    func kept(count: Int, ofOne: Int, bytes: Int, left: [String]) async throws {
        let place = Place()
        let queue = place.queue {
            $0.keptMax = count
            $0.keptOfOneMax = ofOne
            $0.keptBytesMax = bytes
        }
        for order in ["a", "b", "c", "d"] {
            let job = try begun(queue, order) { _ in 4 }
            #expect(try await eventually { queue.job(job.id)?.state.isFinished ?? true })
        }
        queue.sweep()
        #expect(queue.all.map(\.order).reversed() == left)
        #expect(place.forgotten.withLock { $0.sorted() } == ["a", "b", "c", "d"].filter { !left.contains($0) })
    }

    @Test("Finished jobs go when they are too old")
    func age() async throws {
        let place = Place()
        let queue = place.queue { $0.keptSecondsMax = 60 }
        let job = try begun(queue, "a")
        #expect(try await queue.wait(for: job.id, milliseconds: 5_000)?.state == .done)
        place.clock.advance(milliseconds: 59_000)
        queue.sweep()
        #expect(queue.all.count == 1)
        place.clock.advance(milliseconds: 1_000)
        queue.sweep()
        #expect(queue.all.isEmpty && place.forgotten.withLock { $0 } == ["a"])
    }
}
