import NIOCore
import Testing
import WaybillCore

@testable import WaybillLedger
@testable import WaybillProxy

/// The state machine alone: its two promises under every order of events.
@Suite struct ExchangeTests {
    private static let now = NIODeadline.uptimeNanoseconds(5_000_000_000)
    private static let receipt = CommitReceipt(xid: TransferID(now: Timestamp(seconds: 1), random: (1, 2)), index: 0)

    enum Event: CaseIterable {
        case received, judgedRefresh, judgedSend, refreshed, refreshFailed, connected, connectFailed, committed, commitFailed, confirmed
        case superseded, connectionLost, answered, answered206, answerEnded, answerRejected, vendorClosed, timedOut, callerLeft, cutOff,
            refused
    }

    private func apply(_ event: Event, to exchange: inout Exchange, _ shipment: Shipment) -> Exchange.Action {
        let (now, receipt) = (Self.now, Self.receipt)
        switch event {
        case .received: return exchange.received()
        case .judgedRefresh: return exchange.judged(.refresh([]))
        case .judgedSend: return exchange.judged(.send(shipment))
        case .refreshed: return exchange.refreshed(true)
        case .refreshFailed: return exchange.refreshed(false)
        case .connected: return exchange.connected()
        case .connectFailed: return exchange.connectFailed(.unreachable)
        case .committed: return exchange.recorded(.success(receipt), now: now)
        case .commitFailed: return exchange.recorded(.failure(RecordError(code: .busy, message: "")), now: now)
        case .confirmed: return exchange.confirmed(.stands, receipt, now: now)
        case .superseded: return exchange.confirmed(.superseded, receipt, now: now)
        case .connectionLost: return exchange.confirmed(.connectionLost, receipt, now: now)
        case .answered: return exchange.answered(status: 200, sentBytes: 1, sentAll: true, now: now)
        case .answered206: return exchange.answered(status: 206, sentBytes: 1, sentAll: true, now: now)
        case .answerEnded: return exchange.answerEnded(sentBytes: 1, sentAll: true, now: now)
        case .answerRejected: return exchange.answerRejected(.malformed, sentBytes: 1, now: now)
        case .vendorClosed: return exchange.vendorClosed(sentBytes: 1, now: now)
        case .timedOut: return exchange.timedOut(sentBytes: 1, now: now)
        case .callerLeft: return exchange.callerLeft(sentBytes: 1, sentAll: true, now: now)
        case .cutOff: return exchange.cutOff(sentBytes: 1, sentAll: true, now: now)
        case .refused: return exchange.refused(.bodyTooLarge)
        }
    }

    private func outcome(of action: Exchange.Action) -> TransferOutcome? {
        switch action {
        case .finish(let outcome), .breakOff(let outcome): outcome
        case .startOver(let outcome), .refuse(_, let outcome), .letGo(let outcome): outcome
        default: nil
        }
    }

    /// Seeded, so that a failure can be run again.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    @Test func inAnyOrderOfEventsOnlyAConfirmedCommitLeavesAndEachCommitHasOneOutcome() throws {
        let gate = FakeGate()
        let head = RequestHead(
            vendor: "acme", host: nil, method: "POST", target: [47], contentType: nil, contentEncoding: nil, purpose: nil, hasBody: true)
        let shipment = FakeGate.shipment(try gate.admit(head, caller: CallerID(0), xid: Self.receipt.xid), body: [])
        var dice = Dice(state: 42)
        var forwards = 0
        var (commitsSeen, outcomesSeen) = (0, 0)
        for _ in 0..<20_000 {
            var exchange = Exchange(limits: ProxyLimits(), now: Self.now)
            // Mostly onward, so that late states are reached too.
            let onward: [Event] = [.received, .judgedSend, .connected, .committed, .confirmed, .answered, .answerEnded]
            var (commits, outcomes, mayForward, awaitsCommit) = (0, 0, false, false)
            for step in 0..<14 {
                var event = Event.allCases.randomElement(using: &dice) ?? .received
                if step < onward.count, UInt8.random(in: 0...9, using: &dice) < 8 { event = onward[step] }
                // The log answers a request to record exactly once, and confirming follows a commit.
                if event == .committed || event == .commitFailed {
                    guard awaitsCommit else { continue }
                    awaitsCommit = false
                }
                let before = exchange.hasOpenIntent
                let action = apply(event, to: &exchange, shipment)
                if event == .committed, exchange.hasOpenIntent || outcome(of: action) != nil { commits += 1 }
                if outcome(of: action) != nil { outcomes += 1 }
                if case .record = action { awaitsCommit = true }
                if case .confirm = action { mayForward = true }
                if case .forward = action {
                    forwards += 1
                    #expect(mayForward && before && event == .confirmed)
                    mayForward = false
                }
                #expect(outcomes <= commits)
                #expect(exchange.hasOpenIntent == (commits > outcomes))
                if exchange.state == .ended { #expect(!exchange.hasOpenIntent) }
            }
            let last = apply(.cutOff, to: &exchange, shipment)
            if outcome(of: last) != nil { outcomes += 1 }
            if exchange.state != .recording { #expect(commits == outcomes) }
            commitsSeen += commits
            outcomesSeen += outcomes
        }
        #expect(forwards > 1_000 && commitsSeen > 1_000 && outcomesSeen > 1_000)
    }

    @Test func attemptsAndRefreshesAreBounded() {
        var limits = ProxyLimits()
        limits.attemptsMax = 2
        limits.refreshesMax = 1
        var exchange = Exchange(limits: limits, now: Self.now)
        _ = exchange.received()
        _ = exchange.judged(.refresh([]))
        _ = exchange.refreshed(true)
        guard case .refuse(let refusal, nil) = exchange.judged(.refresh([])) else {
            Issue.record("a second refresh was asked for")
            return
        }
        #expect(refusal.status == 503 && refusal.code == "consent_store_unavailable")
    }

    @Test func whatTheAnswerSaysBecomesTheOutcome() throws {
        let cases: [(status: Int, sentAll: Bool, result: TransferOutcome.Result)] = [
            (200, true, .ok), (404, true, .ok), (499, true, .ok), (500, true, .vendorError), (503, false, .vendorError),
            (413, false, .partial),
        ]
        for (status, sentAll, result) in cases {
            var exchange = Exchange(limits: ProxyLimits(), now: Self.now)
            let gate = FakeGate()
            let head = RequestHead(
                vendor: "acme", host: nil, method: "POST", target: [47], contentType: nil, contentEncoding: nil, purpose: nil, hasBody: true
            )
            let admission = try gate.admit(head, caller: CallerID(0), xid: Self.receipt.xid)
            _ = exchange.received()
            _ = exchange.judged(.send(FakeGate.shipment(admission, body: [])))
            _ = exchange.connected()
            _ = exchange.recorded(.success(Self.receipt), now: Self.now)
            _ = exchange.confirmed(.stands, Self.receipt, now: Self.now)
            // Without anybody to answer, the answer's head is the end, and what left by then is what counts.
            var left = exchange
            _ = left.callerLeft(sentBytes: 9, sentAll: sentAll, now: Self.now)
            #expect(outcome(of: left.answered(status: status, sentBytes: 9, sentAll: sentAll, now: Self.now))?.result == result)
            _ = exchange.answered(status: status, sentBytes: 9, sentAll: true, now: Self.now)
            let action = exchange.answerEnded(sentBytes: 9, sentAll: sentAll, now: Self.now + .milliseconds(7))
            #expect(outcome(of: action)?.result == result)
            #expect(outcome(of: action)?.milliseconds == 7 && outcome(of: action)?.sentBytes == 9)
        }
    }
}
