import Dispatch
import Foundation
import Synchronization
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Writes transfers as a gate would: intents in group commits, outcomes in the commit after, some denials, some failures.
final class Generator {
    static let chunk = 480
    static let firstSightedNumber: UInt32 = 1 << 31
    static let yearMilliseconds: Int64 = 365 * 86_400_000

    private let transfers: Int
    private let subjects: Int
    private let log: TransferLog
    private let clock: YearClock
    private let waiter = Waiter()
    /// Position of each subject in the order of being seen; the log numbers them so.
    private var seen: [UInt32]
    private var seenCount: UInt32 = 0
    private var random = SplitMix(state: 42)
    private let varieties = Variety.all
    private let body = [UInt8](repeating: 0x61, count: 310)

    init(_ installation: Installation, transfers: Int, subjects: Int) throws {
        self.transfers = transfers
        self.subjects = subjects
        seen = [UInt32](repeating: .max, count: subjects)
        clock = YearClock(milliseconds: SystemWallClock().now().milliseconds - Self.yearMilliseconds)
        log = try TransferLog.open(
            store: SQLiteLogStore(path: installation.log), keys: installation.keys,
            configuration: LogConfiguration(origin: "example/waybill", node: "1"), clock: clock, copy: installation.checkpoint)
    }

    func run() throws {
        let started = ContinuousClock.now
        let step = Double(Self.yearMilliseconds) / Double(transfers)
        let begin = clock.milliseconds
        var done = 0
        var ended: [TransferOutcome] = []
        while done < transfers {
            let count = min(Self.chunk, transfers - done)
            clock.set(begin + Int64(Double(done) * step))
            var prepared: [PreparedTransfer] = []
            var outcomes: [TransferOutcome] = []
            for i in done..<done + count {
                let variety = varieties[Int(random.next() % UInt64(varieties.count))]
                if random.next() % 100 < 3 {
                    log.recordDenial(draft(variety.denied, []))
                    continue
                }
                let hits = i % 100 == 0 ? 1 : variety.records
                let people = (0..<hits).map { _ in subject(i % 100 == 0 ? 0 : Int(random.next() % UInt64(subjects))) }
                let draft = draft(hits == variety.records ? variety.terms : variety.single, people)
                guard let transfer = try log.prepare(draft) else { continue }
                prepared.append(transfer)
                outcomes.append(outcome(draft.xid))
            }
            waiter.wait()
            for outcome in ended { log.record(outcome) }
            waiter.expect(prepared.count)
            for transfer in prepared { log.record(transfer, ticket: 0, for: waiter) }
            ended = outcomes
            done += count
            if done % (Self.chunk * 1_000) == 0 { say(done, started) }
        }
        waiter.wait()
        for outcome in ended { log.record(outcome) }
        log.close()
        say(done, started)
        if waiter.failures > 0 { throw Installation.Unusable(description: "\(waiter.failures) intents were not recorded") }
    }

    private func say(_ done: Int, _ started: ContinuousClock.Instant) {
        let seconds = Double((ContinuousClock.now - started).components.seconds)
        GenerateLog.say(
            "\(done) of \(transfers) transfers, \(log.size) entries, \(Int(seconds)) s, \(Int(Double(done) / max(seconds, 1)))/s")
    }

    private func draft(_ terms: TransferDraft.SharedTerms, _ people: [TransferDraft.Subject]) -> TransferDraft {
        TransferDraft(
            xid: TransferID(now: clock.now(), random: (random.next(), random.next())), terms: terms, consentSequence: 4_711,
            droppedMembers: 2, body: body, subjects: people)
    }

    private func subject(_ i: Int) -> TransferDraft.Subject {
        var salt = InlineArray<16, UInt8>(repeating: 0)
        for at in 0..<4 { salt[at] = UInt8(truncatingIfNeeded: i >> (8 * at)) }
        var number: UInt32?
        if seen[i] == .max {
            seen[i] = seenCount
            seenCount += 1
        } else {
            number = Self.firstSightedNumber + seen[i]
        }
        return .init(number: number, salt: salt, identifiers: [Identifier(bytes: Array("email:person\(i)@example.com".utf8))])
    }

    private func outcome(_ xid: TransferID) -> TransferOutcome {
        switch random.next() % 1_000 {
        case 0: TransferOutcome(xid: xid, result: .unknown, status: 0, sentBytes: 310, milliseconds: 10_000, reason: "upstream_timeout")
        case 1..<12: TransferOutcome(xid: xid, result: .vendorError, status: 429, sentBytes: 310, milliseconds: 20)
        case let n: TransferOutcome(xid: xid, result: .ok, status: 201, sentBytes: 310, milliseconds: 40 + Int(n % 60))
        }
    }
}

/// Stands until told otherwise, so that a year passes in minutes.
final class YearClock: WallClock {
    private let value: Mutex<Int64>
    init(milliseconds: Int64) { value = Mutex(milliseconds) }
    var milliseconds: Int64 { value.withLock { $0 } }
    func set(_ milliseconds: Int64) { value.withLock { $0 = max($0, milliseconds) } }
    func now() -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }
}

/// Random enough, and the same each time.
struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Waits for a chunk's commits.
final class Waiter: CommitListener {
    private let state = Mutex((left: 0, failures: 0))
    private let done = DispatchSemaphore(value: 0)
    private let waiting = Mutex(false)

    var failures: Int { state.withLock { $0.failures } }

    func expect(_ count: Int) {
        guard count > 0 else { return }
        state.withLock { $0.left += count }
        waiting.withLock { $0 = true }
    }

    func committed(_ results: [CommitResult]) {
        let failures = results.count { if case .failure = $0.result { true } else { false } }
        let isDone = state.withLock { state in
            state.left -= results.count
            state.failures += failures
            return state.left == 0
        }
        if isDone { done.signal() }
    }

    /// Returns at once if nothing is expected.
    func wait() {
        guard waiting.withLock({ $0 }) else { return }
        done.wait()
        waiting.withLock { $0 = false }
    }
}
