import NIOCore
import WaybillCore
import WaybillLedger

/// One request through the gate: what has happened, and what to do next. No I/O and no clock; `CallerHandler` performs each action and
/// reports back what came of it.
///
/// It holds two promises: `forward` is returned only for a commit that was confirmed, and every intent that committed gets exactly one
/// outcome, whatever fails and whoever leaves.
struct Exchange {
    enum State: Equatable {
        case receiving
        case judging
        case refreshing
        case connecting
        case recording
        /// The request is on its way or with the vendor; no answer yet.
        case sending
        /// The vendor's answer goes to the caller.
        case relaying(status: Int)
        case ended
    }

    enum Action {
        /// Nothing to do, or too late to matter.
        case none
        case receiveBody(sendsContinue: Bool)
        case judge
        case refresh([Identifier])
        case connect
        case record
        /// Durable: look whether what it rests on still stands.
        case confirm(CommitReceipt)
        case forward(CommitReceipt)
        /// It cannot leave as judged: enter that if it was recorded, and judge anew.
        case startOver(TransferOutcome?)
        /// Boxed: a refusal is large, and every other action would be copied at its size.
        indirect case refuse(Refusal, TransferOutcome?)
        case relayHead
        case finish(TransferOutcome)
        /// The answer broke off: the caller must see that it did.
        case breakOff(TransferOutcome)
        /// The caller is gone and nothing is owed to anyone.
        case letGo(TransferOutcome?)
    }

    /// What `confirm` found.
    enum Confirmation { case stands, superseded, connectionLost }

    private let attemptsMax: Int
    private let refreshesMax: Int
    private(set) var state = State.receiving
    private(set) var isCallerGone = false
    private var attempts = 1
    private var refreshes = 0
    /// The open intent: committed, without outcome.
    private var open: TransferID?
    private var began: NIODeadline

    init(limits: ProxyLimits, now: NIODeadline) {
        attemptsMax = limits.attemptsMax
        refreshesMax = limits.refreshesMax
        began = now
    }

    var hasOpenIntent: Bool { open != nil }

    // MARK: Before the record

    mutating func admitted(expectsContinue: Bool) -> Action { .receiveBody(sendsContinue: expectsContinue) }

    mutating func received() -> Action {
        guard state == .receiving else { return .none }
        state = .judging
        return .judge
    }

    mutating func judged(_ judgement: Judgement) -> Action {
        guard state == .judging else { return .none }
        switch judgement {
        case .send:
            state = .connecting
            return .connect
        case .refresh(let identifiers):
            refreshes += 1
            guard refreshes <= refreshesMax else { return refused(.consentUnavailable) }
            state = .refreshing
            return .refresh(identifiers)
        }
    }

    mutating func refreshed(_ isDone: Bool) -> Action {
        guard state == .refreshing else { return .none }
        guard isDone else { return refused(.consentUnavailable) }
        state = .judging
        return .judge
    }

    mutating func connected() -> Action {
        guard state == .connecting else { return .none }
        state = .recording
        return .record
    }

    mutating func connectFailed(_ fault: ConnectFault) -> Action {
        guard state == .connecting else { return .none }
        return refused(Refusal(fault))
    }

    /// A refusal by the gate, by a limit, or because the caller broke a rule; too late once an intent stands.
    mutating func refused(_ refusal: Refusal) -> Action {
        guard state != .ended, open == nil else { return .none }
        state = .ended
        return .refuse(refusal, nil)
    }

    // MARK: The record

    mutating func recorded(_ result: Result<CommitReceipt, RecordError>, now: NIODeadline) -> Action {
        switch (state, result) {
        case (.recording, .success(let receipt)):
            open = receipt.xid
            if isCallerGone { return end(.letGo(settle(.aborted, now: now, reason: "caller_gone"))) }
            return .confirm(receipt)
        case (.recording, .failure(let error)):
            return isCallerGone ? end(.letGo(nil)) : refused(Refusal(error))
        default: return .none
        }
    }

    /// The intent of an exchange that had given up waiting for it: it never left.
    static func outcomeOfLateCommit(_ receipt: CommitReceipt) -> TransferOutcome {
        TransferOutcome(xid: receipt.xid, result: .aborted, status: 0, sentBytes: 0, milliseconds: 0, reason: "commit_late")
    }

    mutating func confirmed(_ confirmation: Confirmation, _ receipt: CommitReceipt, now: NIODeadline) -> Action {
        guard state == .recording, open != nil else { return .none }
        if confirmation == .stands {
            state = .sending
            return .forward(receipt)
        }
        let reason = confirmation == .superseded ? "superseded_decision" : "connection_lost"
        let outcome = settle(.aborted, now: now, reason: reason)
        guard attempts < attemptsMax else {
            return end(.refuse(confirmation == .superseded ? .decisionUnstable : .connectionUnstable, outcome))
        }
        attempts += 1
        state = .judging
        return .startOver(outcome)
    }

    /// Other transfers took what was left of the day's volume since it was judged: judged anew it is denied, or fits after all.
    mutating func volumeTaken() -> Action {
        guard state == .recording else { return .none }
        guard attempts < attemptsMax else { return refused(.volumeExceeded) }
        attempts += 1
        state = .judging
        return .startOver(nil)
    }

    // MARK: The answer

    mutating func answered(status: Int, sentBytes: Int, sentAll: Bool, now: NIODeadline) -> Action {
        guard state == .sending else { return .none }
        guard status != 206 else { return answerRejected(.partialContent, status: status, sentBytes: sentBytes, now: now) }
        state = .relaying(status: status)
        return isCallerGone ? callerLeft(sentBytes: sentBytes, sentAll: sentAll, now: now) : .relayHead
    }

    mutating func answerEnded(sentBytes: Int, sentAll: Bool, now: NIODeadline) -> Action {
        guard case .relaying(let status) = state else { return .none }
        let result: TransferOutcome.Result = status >= 500 ? .vendorError : sentAll ? .ok : .partial
        return settled(result, status: status, sentBytes: sentBytes, now: now, Action.finish)
    }

    mutating func answerRejected(_ fault: AnswerFault, status: Int = 0, sentBytes: Int, now: NIODeadline) -> Action {
        switch state {
        case .sending:
            return end(
                .refuse(.badAnswer(fault), settle(.vendorError, status: status, sentBytes: sentBytes, now: now, reason: fault.rawValue)))
        case .relaying(let status):
            return settled(.vendorError, status: status, sentBytes: sentBytes, now: now, reason: fault.rawValue, Action.breakOff)
        default: return .none
        }
    }

    /// The vendor's connection is gone. Before the record it only costs the connection, which `confirm` notices.
    mutating func vendorClosed(sentBytes: Int, now: NIODeadline) -> Action {
        switch state {
        case .sending:
            return end(.refuse(.noAnswer, settle(.unknown, sentBytes: sentBytes, now: now, reason: "upstream_closed")))
        case .relaying(let status):
            return settled(.vendorError, status: status, sentBytes: sentBytes, now: now, reason: "upstream_closed", Action.breakOff)
        default: return .none
        }
    }

    // MARK: Time and the caller

    mutating func timedOut(sentBytes: Int, now: NIODeadline) -> Action {
        switch state {
        case .receiving: return refused(.bodyTimedOut)
        case .refreshing: return refused(.consentUnavailable)
        case .connecting: return refused(Refusal(ConnectFault.timedOut))
        case .recording: return isCallerGone ? .none : refused(.logUnavailable)
        case .sending:
            return end(.refuse(.answerTimedOut, settle(.unknown, sentBytes: sentBytes, now: now, reason: "upstream_timeout")))
        case .relaying(let status):
            return settled(.vendorError, status: status, sentBytes: sentBytes, now: now, reason: "upstream_timeout", Action.breakOff)
        case .judging, .ended: return .none
        }
    }

    mutating func callerLeft(sentBytes: Int, sentAll: Bool, now: NIODeadline) -> Action {
        isCallerGone = true
        switch state {
        case .receiving, .judging, .refreshing, .connecting: return end(.letGo(nil))
        case .recording, .sending, .ended: return .none  // the commit, or the vendor's status, is still to be entered
        case .relaying(let status):
            let result: TransferOutcome.Result = status >= 500 ? .vendorError : sentAll ? .ok : .partial
            return end(.letGo(settle(result, status: status, sentBytes: sentBytes, now: now)))
        }
    }

    /// The gate stops and waits no longer.
    mutating func cutOff(sentBytes: Int, sentAll: Bool, now: NIODeadline) -> Action {
        isCallerGone = true
        switch state {
        case .sending: return end(.letGo(settle(.unknown, sentBytes: sentBytes, now: now, reason: "gate_stopped")))
        default: return callerLeft(sentBytes: sentBytes, sentAll: sentAll, now: now)
        }
    }

    // MARK: Ending

    private mutating func end(_ action: Action) -> Action {
        state = .ended
        return action
    }

    private mutating func settled(
        _ result: TransferOutcome.Result, status: Int, sentBytes: Int, now: NIODeadline, reason: String? = nil,
        _ action: (TransferOutcome) -> Action
    ) -> Action {
        let outcome = settle(result, status: status, sentBytes: sentBytes, now: now, reason: reason)
        return end(outcome.map(action) ?? .none)
    }

    /// Closes the open intent; nil if there is none, so that none gets two outcomes.
    private mutating func settle(
        _ result: TransferOutcome.Result, status: Int = 0, sentBytes: Int = 0, now: NIODeadline, reason: String? = nil
    ) -> TransferOutcome? {
        guard let xid = open else { return nil }
        open = nil
        let milliseconds = Int((now - began).nanoseconds / 1_000_000)
        return TransferOutcome(
            xid: xid, result: result, status: status, sentBytes: sentBytes, milliseconds: milliseconds, reason: reason)
    }
}
