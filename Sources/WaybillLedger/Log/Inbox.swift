import Dispatch
import Synchronization
import WaybillCore

/// The queue between callers and the writer. Callers never wait; the writer sleeps when there is nothing to do.
final class Inbox: Sendable {
    enum Stop: Sendable { case drain, abandon }
    enum Work {
        case batch([LogItem])
        /// The deadline passed and nothing was there.
        case deadline
        case stop(Stop)
    }

    private struct State {
        var intents: [LogItem] = []
        var intentBytes = 0
        var riders: [LogItem] = []
        var denials = 0
        var oldestRider: UInt64?
        var rejected: [(LogItem.Reply, RecordError)] = []
        var refused: [String: Int] = [:]
        var stop: Stop?
        var isSleeping = false
        /// When the longest waiting intent came (milliseconds, monotonic), and that of the batch the writer is committing.
        var oldestIntent: UInt64?
        var committing: UInt64?
    }
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let limits: LogConfiguration
    /// Different codes counted between two seals; others are counted as `other`.
    private let refusedCodesMax = 64

    init(limits: LogConfiguration) { self.limits = limits }

    /// False: the log has stopped, and nobody will answer.
    func add(intent: PreparedTransfer, _ reply: LogItem.Reply) -> Bool {
        change { state in
            guard state.stop == nil else { return false }
            let bytes = intent.entry.bytesMax
            if state.intents.count >= limits.queuedEntriesMax || state.intentBytes + bytes > limits.queuedBytesMax {
                let message = "More transfers wait for the log than it takes; send fewer at a time or give the log a faster disk."
                state.rejected.append((reply, RecordError(code: .overloaded, message: message)))
            } else {
                state.intents.append(.intent(intent, reply))
                if state.oldestIntent == nil { state.oldestIntent = monotonicMilliseconds() }
                state.intentBytes += bytes
            }
            return true
        }
    }

    func reject(_ reply: LogItem.Reply, _ error: RecordError) -> Bool {
        change { state in
            guard state.stop == nil else { return false }
            state.rejected.append((reply, error))
            return true
        }
    }

    func add(rider: LogItem) {
        change { state in
            // Nobody would commit it any more; letting go of the reply answers.
            if case .notice(_, .some) = rider, state.stop != nil { return }
            if case .denial = rider {
                guard state.denials < limits.queuedEntriesMax else { return count("denial_not_entered", in: &state) }
                state.denials += 1
            }
            if state.oldestRider == nil { state.oldestRider = monotonicMilliseconds() }
            state.riders.append(rider)
        }
    }

    /// The first count since a seal wakes the writer, so that it sets the deadline of the next one.
    func count(refused code: String) {
        let mustWake = state.withLock { state in
            let mustWake = state.isSleeping && state.refused.isEmpty
            count(code, in: &state)
            if mustWake { state.isSleeping = false }
            return mustWake
        }
        if mustWake { wake.signal() }
    }

    func takeRefused() -> [String: Int] { state.withLock { state in exchange(&state.refused, with: [:]) } }

    func giveBack(refused: [String: Int]) { state.withLock { $0.refused.merge(refused, uniquingKeysWith: +) } }

    var hasRefused: Bool { state.withLock { !$0.refused.isEmpty } }

    func stop(_ how: Stop) { change { $0.stop = $0.stop ?? how } }

    func takeRejected() -> [(LogItem.Reply, RecordError)] { state.withLock { state in exchange(&state.rejected, with: []) } }

    /// Waits for work until `deadline` (milliseconds, monotonic).
    func next(until deadline: UInt64) -> Work {
        while true {
            let now = monotonicMilliseconds()
            let (work, sleepUntil) = state.withLock { state -> (Work?, UInt64) in
                state.committing = nil
                if state.stop == .abandon { return (.stop(.abandon), 0) }
                let rideBy = state.oldestRider.map { $0 + UInt64(limits.rideMillisecondsMax) } ?? .max
                if !state.rejected.isEmpty || !state.intents.isEmpty || state.riders.count >= limits.batchEntriesMax || rideBy <= now {
                    return (.batch(take(&state)), 0)
                }
                if let stop = state.stop { return (state.riders.isEmpty ? .stop(stop) : .batch(take(&state)), 0) }
                // Without a deadline nobody would seal what was counted since the writer looked.
                if deadline <= now || (deadline == .max && !state.refused.isEmpty) { return (.deadline, 0) }
                state.isSleeping = true
                return (nil, min(deadline, rideBy))
            }
            if let work { return work }
            if sleepUntil == .max {
                wake.wait()
            } else {
                _ = wake.wait(timeout: .now() + .milliseconds(Int(min(sleepUntil - now, 3_600_000))))
            }
            state.withLock { $0.isSleeping = false }
        }
    }

    /// Riders first, in their order, so that an outcome never falls behind a later intent of the same transfer; then intents.
    private func take(_ state: inout State) -> [LogItem] {
        var items = [LogItem]()
        var bytes = 0
        let room = limits.batchEntriesMax
        items.reserveCapacity(min(room, state.riders.count + state.intents.count))
        let riderRoom = max(room / 2, room - state.intents.count)
        var taken = 0
        while taken < state.riders.count, taken < riderRoom,
            bytes < limits.batchBytesMax / 2 || state.intents.isEmpty && bytes < limits.batchBytesMax
        {
            bytes += state.riders[taken].bytesMax
            if case .denial = state.riders[taken] { state.denials -= 1 }
            items.append(state.riders[taken])
            taken += 1
        }
        state.riders.dropFront(taken)
        if state.riders.isEmpty { state.oldestRider = nil }
        taken = 0
        while taken < state.intents.count, items.count < room, bytes < limits.batchBytesMax {
            let size = state.intents[taken].bytesMax
            bytes += size
            state.intentBytes -= size
            items.append(state.intents[taken])
            taken += 1
        }
        state.intents.dropFront(taken)
        if taken > 0 { state.committing = state.oldestIntent }
        if state.intents.isEmpty { state.oldestIntent = nil }
        return items
    }

    /// What waits at this moment.
    func load() -> LogLoad {
        let now = monotonicMilliseconds()
        return state.withLock { state in
            let oldest = state.committing ?? state.oldestIntent
            return LogLoad(
                queuedIntents: state.intents.count, queuedBytes: state.intentBytes, queuedOthers: state.riders.count,
                oldestMilliseconds: oldest.map { now >= $0 ? now - $0 : 0 } ?? 0)
        }
    }

    private func count(_ code: String, in state: inout State) {
        let key = state.refused[code] != nil || state.refused.count < refusedCodesMax ? code : "other"
        state.refused[key, default: 0] += 1
    }

    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, mustWake) = state.withLock { state in
            let result = body(&state)
            // A rider alone need not wake a writer that sleeps, unless it is the first and sets the deadline.
            let mustWake =
                state.isSleeping
                && (!state.intents.isEmpty || !state.rejected.isEmpty || state.stop != nil || state.riders.count == 1
                    || state.riders.count >= limits.batchEntriesMax)
            if mustWake { state.isSleeping = false }
            return (result, mustWake)
        }
        if mustWake { wake.signal() }
        return result
    }
}

extension [LogItem] {
    /// Mostly all of them go, and then nothing has to move and the room stays.
    fileprivate mutating func dropFront(_ taken: Int) {
        if taken == count { removeAll(keepingCapacity: true) } else { removeFirst(taken) }
    }
}
