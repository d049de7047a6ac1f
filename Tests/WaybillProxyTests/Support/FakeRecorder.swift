import Synchronization
import WaybillCore

@testable import WaybillLedger

/// A transfer log in memory that commits at once, when told, or fails.
final class FakeRecorder: TransferRecorder, Sendable {
    enum Mode { case commitsAtOnce, holds, fails(RecordError.Code) }
    struct Held: Sendable {
        var draft: TransferDraft
        var ticket: UInt64
        var listener: any CommitListener
    }
    struct Log {
        var mode = Mode.commitsAtOnce
        var held: [Held] = []
        var intents: [TransferDraft] = []
        var outcomes: [TransferOutcome] = []
        var denials: [TransferDraft] = []
        var counts: [String: Int] = [:]
        var onCommit: (@Sendable (TransferDraft) -> Void)?
    }
    private let log = Mutex(Log())

    var held: Int { log.withLock { $0.held.count } }
    var intents: [TransferDraft] { log.withLock { $0.intents } }
    var outcomes: [TransferOutcome] { log.withLock { $0.outcomes } }
    var denials: [TransferDraft] { log.withLock { $0.denials } }
    var counts: [String: Int] { log.withLock { $0.counts } }
    func set(_ mode: Mode) { log.withLock { $0.mode = mode } }
    /// Called before the news of each commit goes out.
    func onCommit(_ call: @escaping @Sendable (TransferDraft) -> Void) { log.withLock { $0.onCommit = call } }

    /// Commits everything held, as one batch for each listener.
    func releaseHeld() {
        let held = log.withLock { log in
            defer { log.held = [] }
            return log.held
        }
        for entry in held { commit(entry) }
    }

    private func commit(_ entry: Held) {
        let call = log.withLock { log in
            log.intents.append(entry.draft)
            return log.onCommit
        }
        call?(entry.draft)
        let receipt = CommitReceipt(xid: entry.draft.xid, index: UInt64(intents.count))
        entry.listener.committed([CommitResult(ticket: entry.ticket, result: .success(receipt))])
    }

    func record(_ draft: TransferDraft, ticket: UInt64, for listener: any CommitListener) {
        let entry = Held(draft: draft, ticket: ticket, listener: listener)
        let mode = log.withLock { log in
            if case .holds = log.mode { log.held.append(entry) }
            return log.mode
        }
        switch mode {
        case .commitsAtOnce: commit(entry)
        case .holds: break
        case .fails(let code):
            listener.committed([CommitResult(ticket: ticket, result: .failure(RecordError(code: code, message: "m")))])
        }
    }
    func record(_ outcome: TransferOutcome) { log.withLock { $0.outcomes.append(outcome) } }
    func recordDenial(_ draft: TransferDraft) { log.withLock { $0.denials.append(draft) } }
    func count(refused code: String) { log.withLock { $0.counts[code, default: 0] += 1 } }
    var state: RecorderState { .open }
}
