import Synchronization
import WaybillCore
import WaybillLedger

@testable import WaybillDelivery

/// Entries of a made-up log.
struct MadeLog: Sendable {
    var origin: String
    var size: UInt64

    func record(_ index: UInt64) -> ExportRecord {
        let entry = Array(#"{"kind":"seal","log":"made","nseq":\#(index),"xid":"x\#(index)"}"#.utf8)
        return ExportRecord(
            index: index, origin: origin, kind: .seal, time: Timestamp(seconds: 1_780_000_000 + Int64(index) * 3_600),
            leaf: entry.withUnsafeBytes { MerkleHashing.leaf($0) }, entry: entry)
    }
}

/// Logs in memory; one may grow, or be replaced.
final class MadeFeed: SinkFeed {
    let state: Mutex<[MadeLog]>
    /// Entry that is skipped, as a damaged store might.
    let missing: UInt64?

    init(_ logs: [MadeLog], missing: UInt64? = nil) {
        state = Mutex(logs)
        self.missing = missing
    }

    func set(_ logs: [MadeLog]) { state.withLock { $0 = logs } }
    func logs() -> [SinkLog] { state.withLock { $0.map { SinkLog(origin: $0.origin, size: $0.size) } } }

    func records(from cursor: ExportCursor, entriesMax: Int, bytesMax: Int) -> [ExportRecord] {
        guard let log = state.withLock({ $0.first { $0.origin == cursor.origin } }) else { return [] }
        let range = cursor.next..<min(log.size, cursor.next + UInt64(entriesMax))
        return range.filter { $0 != missing }.map(log.record)
    }
}

/// Keeps cursors as the control store does, and what was told.
final class MadeKeeping: SinkKeeping {
    let state = Mutex((cursors: [String: ExportCursor](), notes: [String?]()))
    func cursor(ofSink name: String) -> ExportCursor? { state.withLock { $0.cursors[name] } }
    func keep(_ cursor: ExportCursor, ofSink name: String) { state.withLock { $0.cursors[name] = cursor } }
    func note(failure: String?, ofSink name: String) { state.withLock { $0.notes.append(failure) } }
    var text: String? { cursor(ofSink: "s")?.description }
    var notes: [String?] { state.withLock { $0.notes } }
}

/// A receiver that does as it is told.
final class MadeSink: DeliverySink {
    struct State {
        var failures: [DeliveryFailure] = []
        var batches: [[UInt64]] = []
        var isIntact = true
    }
    let pace: SinkPace
    let state = Mutex(State())
    init(_ pace: SinkPace = SinkPace()) { self.pace = pace }

    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure) {
        let failure = state.withLock { state in
            let failure = state.failures.isEmpty ? nil : state.failures.removeFirst()
            if failure == nil { state.batches.append(records.map(\.index)) }
            return failure
        }
        if let failure { throw failure }
    }

    func isIntact() -> Bool { state.withLock { $0.isIntact } }
    var batches: [[UInt64]] { state.withLock { $0.batches } }
    func fails(_ failures: DeliveryFailure...) { state.withLock { $0.failures = failures } }
    func breaks(_ isBroken: Bool) { state.withLock { $0.isIntact = !isBroken } }
}

/// A clock that stands until it is moved.
final class MadeClock: WallClock {
    private let at = Mutex(ContinuousClock.now)
    func now() -> Timestamp { Timestamp(seconds: 1_780_000_000) }
    var ticks: ContinuousClock.Instant { at.withLock { $0 } }
    func pass(milliseconds: Int) { at.withLock { $0 += .milliseconds(milliseconds) } }
}
