import Synchronization
package import WaybillCore
import WaybillLedger

/// Takes the log's entries to one sink, in order and without a gap: a turn is one batch, and the cursor moves once it is acknowledged.
///
/// Blocking; one thread at a time. A turn that fails leaves everything as it was, so the same entries come again.
package final class SinkRunner: Sendable {
    package enum Beginning: Sendable { case start, now }

    /// Deliveries that wait to settle; beyond it the sink is given no more.
    private static let unsettledMax = 10_000
    private struct State {
        /// Up to where the sink was given entries.
        var cursor: ExportCursor?
        /// Given, and not settled yet: where the cursor was after each delivery, and when.
        var unsettled: [(cursor: ExportCursor, at: ContinuousClock.Instant)] = []
        /// Fewer than the sink's pace after it said that it was too much.
        var entriesMax: Int
        /// The receiver asked not to be tried before.
        var wait: (until: ContinuousClock.Instant, failure: DeliveryFailure)?
        /// Up to where an unfinished bundle was given, and when.
        var tail: (end: UInt64, at: ContinuousClock.Instant)?
        /// As kept; empty: of a run before this one, nobody knows.
        var toldFailure: String? = ""
    }
    private let name: String
    private let sink: any DeliverySink
    private let feed: any SinkFeed
    private let keeping: any SinkKeeping
    private let beginning: Beginning
    private let clock: any WallClock
    private let ticks: @Sendable () -> ContinuousClock.Instant
    /// Of what operators should know, though nothing failed.
    private let tell: @Sendable (String) -> Void
    package let progress: SinkProgress
    private let state: Mutex<State>

    package init(
        name: String, sink: any DeliverySink, feed: any SinkFeed, keeping: any SinkKeeping, beginning: Beginning, clock: any WallClock,
        ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, tell: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.sink = sink
        self.feed = feed
        self.keeping = keeping
        self.beginning = beginning
        self.clock = clock
        self.ticks = ticks
        self.tell = tell
        progress = SinkProgress(name: name)
        state = Mutex(State(entriesMax: sink.pace.entriesMax))
    }

    /// From any thread: a turn under way fails soon.
    package func stop() { sink.stop() }

    /// True: there is more at once. Throws the sentence of what failed.
    package func turn() throws -> Bool {
        try state.withLock { state in
            if let wait = state.wait {
                if ticks() < wait.until { throw wait.failure }
                state.wait = nil
            }
            do {
                let isMore = try step(&state)
                if state.toldFailure != nil {
                    try keeping.note(failure: nil, ofSink: name)
                    state.toldFailure = nil
                }
                return isMore
            } catch {
                // What had not settled is given again.
                if !state.unsettled.isEmpty {
                    state.cursor = nil
                    state.unsettled = []
                }
                fail(error, &state)
                throw error
            }
        }
    }

    private func fail(_ error: any Error, _ state: inout State) {
        let sentence = "\(error)"
        progress.failed(sentence)
        if let failure = error as? DeliveryFailure {
            if let seconds = failure.retryAfterSeconds { state.wait = (ticks() + .seconds(seconds), failure) }
            if failure.isTooMuch { state.entriesMax = max(1, state.entriesMax / 4) }
        }
        guard state.toldFailure != sentence else { return }
        do {
            try keeping.note(failure: sentence, ofSink: name)
            state.toldFailure = sentence
        } catch {
            // The first failure is the one that is thrown; this one is tried again with the next.
            state.toldFailure = nil
        }
    }

    /// Moves the kept cursor over what was delivered long enough ago.
    private func settle(_ state: inout State) throws {
        guard let wait = sink.pace.settleMilliseconds else { return }
        guard sink.isIntact() || state.unsettled.isEmpty else {
            throw DeliveryFailure("The receiver of the sink \(name) ended the connection; what it may lack is sent again.")
        }
        let settled = state.unsettled.prefix { $0.at + .milliseconds(wait) <= ticks() }
        guard let last = settled.last else { return }
        let before = try keeping.cursor(ofSink: name)
        try keeping.keep(last.cursor, ofSink: name)
        state.unsettled.removeFirst(settled.count)
        let from = before?.origin == last.cursor.origin ? before?.next ?? 0 : 0
        progress.delivered(Int(last.cursor.next - min(from, last.cursor.next)), at: clock.now())
    }

    private func step(_ state: inout State) throws -> Bool {
        try settle(&state)
        guard state.unsettled.count < Self.unsettledMax else { return false }
        let logs = try feed.logs()
        guard let first = logs.first else { return false }
        var cursor = try state.cursor ?? keeping.cursor(ofSink: name) ?? begin(logs)
        if !logs.contains(where: { $0.origin == cursor.origin }) {
            tell(
                "The sink \(name) was at entry \(cursor.next) of the log \(cursor.origin), which is not here any more; it goes on with "
                    + "the log \(first.origin) from its first entry.")
            cursor = try keep(ExportCursor(origin: first.origin, next: 0), &state)
        }
        guard let at = logs.firstIndex(where: { $0.origin == cursor.origin }) else { return false }
        state.cursor = cursor
        let (log, later) = (logs[at], logs[(at + 1)...])
        let kept = state.unsettled.isEmpty ? cursor : try keeping.cursor(ofSink: name) ?? cursor
        guard cursor.next <= log.size else {
            throw DeliveryFailure(
                "The log \(log.origin) has \(log.size) entries and the sink \(name) was given \(cursor.next): it was rolled back or replaced; "
                    + "run `waybill log verify`.")
        }
        look(logs, kept)
        let isMore: Bool
        if cursor.next == log.size {
            guard let next = later.first else { return false }
            cursor = try keep(ExportCursor(origin: next.origin, next: 0), &state)
            isMore = true
        } else if let bundle = sink.pace.bundleEntries {
            isMore = try deliverBundle(of: UInt64(bundle), log, isClosed: !later.isEmpty, cursor, &state)
        } else {
            isMore = try deliverBatch(log, cursor, &state) || !later.isEmpty
        }
        if state.unsettled.isEmpty, let reached = state.cursor { look(logs, reached) }
        return isMore
    }

    private func look(_ logs: [SinkLog], _ cursor: ExportCursor) {
        guard let at = logs.firstIndex(where: { $0.origin == cursor.origin }) else { return }
        let size = logs[at...].reduce(UInt64(0)) { $0 + $1.size }
        progress.isBehind(size - min(size, cursor.next), ofSize: logs[logs.count - 1].size)
    }

    private func begin(_ logs: [SinkLog]) throws -> ExportCursor {
        let log = beginning == .start ? logs[0] : logs[logs.count - 1]
        let cursor = ExportCursor(origin: log.origin, next: beginning == .start ? 0 : log.size)
        try keeping.keep(cursor, ofSink: name)
        return cursor
    }

    private func keep(_ cursor: ExportCursor, _ state: inout State) throws -> ExportCursor {
        if sink.pace.settleMilliseconds == nil {
            try keeping.keep(cursor, ofSink: name)
        } else {
            state.unsettled.append((cursor, ticks()))
        }
        state.cursor = cursor
        state.tail = nil
        return cursor
    }

    private func deliverBatch(_ log: SinkLog, _ cursor: ExportCursor, _ state: inout State) throws -> Bool {
        let count = Int(min(UInt64(state.entriesMax), log.size - cursor.next))
        let records = try feed.records(from: cursor, entriesMax: count, bytesMax: sink.pace.bytesMax)
        let next = try end(of: records, from: cursor)
        try sink.deliver(records)
        if sink.pace.settleMilliseconds == nil { progress.delivered(records.count, at: clock.now()) }
        _ = try keep(ExportCursor(origin: cursor.origin, next: next), &state)
        state.entriesMax = min(sink.pace.entriesMax, state.entriesMax * 2)
        return next < log.size
    }

    /// Whole bundles move the cursor; an unfinished one of the log that grows only overwrites itself.
    private func deliverBundle(
        of size: UInt64, _ log: SinkLog, isClosed: Bool, _ cursor: ExportCursor, _ state: inout State
    ) throws -> Bool {
        let bundle = ExportCursor(origin: cursor.origin, next: cursor.next / size * size)
        let end = min(bundle.next + size, log.size)
        let isWhole = end == bundle.next + size || isClosed
        guard isWhole || isTailDue(to: end, &state) else { return false }
        var records: [ExportRecord] = []
        var at = bundle
        while at.next < end {
            records += try feed.records(from: at, entriesMax: Int(end - at.next), bytesMax: .max)
            at.next = try self.end(of: records, from: bundle)
        }
        try sink.deliver(records)
        let fresh = Int(end - max(cursor.next, min(end, state.tail?.end ?? bundle.next)))
        progress.delivered(fresh, at: clock.now())
        guard isWhole else {
            state.tail = (end, ticks())
            return false
        }
        _ = try keep(ExportCursor(origin: cursor.origin, next: end), &state)
        return end < log.size || isClosed
    }

    /// From the first look at a tail, and from its last delivery, it waits for as long as the pace says.
    private func isTailDue(to end: UInt64, _ state: inout State) -> Bool {
        guard let wait = sink.pace.tailMilliseconds else { return false }
        guard let tail = state.tail else {
            state.tail = (0, ticks())
            return false
        }
        return tail.end != end && ticks() >= tail.at + .milliseconds(wait)
    }

    /// Throws unless the records are the entries that follow `cursor`, each once: the feed is not trusted with that.
    private func end(of records: [ExportRecord], from cursor: ExportCursor) throws -> UInt64 {
        var next = cursor.next
        for record in records {
            guard record.index == next, record.origin == cursor.origin else {
                throw DeliveryFailure("Entry \(next) of the log \(cursor.origin) is missing; run `waybill log verify`.")
            }
            next += 1
        }
        guard next > cursor.next else {
            throw DeliveryFailure("Entry \(next) of the log \(cursor.origin) cannot be read; run `waybill log verify`.")
        }
        return next
    }
}
