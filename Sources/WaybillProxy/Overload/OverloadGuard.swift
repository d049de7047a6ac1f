import NIOCore

/// Decides which requests one event loop turns away so that those it takes are served in time. No I/O and no clock.
///
/// The signal is the length of the loop's turns: one turn handles everything that had come when it began, so a request waits about one
/// turn to be read, one for the log's news and one for the vendor's answer. The idea is CoDel's (RFC 8289): a long turn now and then is a
/// burst and is worked off; turns that stay long for `patience` are a standing queue, which makes everybody late and nobody faster. From
/// then on each turn takes in requests for `intakeMax` only and sheds the rest: much shorter than `turnMax`, because the turn still has to
/// answer what it sheds. It ends when nothing has been shed for `recovery`.
struct OverloadGuard {
    enum State: Equatable {
        case calm
        /// Each turn since then was too long.
        case strained(since: NIODeadline)
        /// When a request was last shed, or shedding began.
        case shedding(last: NIODeadline)
    }

    private let turnMax: TimeAmount
    private let intakeMax: TimeAmount
    private let patience: TimeAmount
    private let recovery: TimeAmount
    private let inFlightMin: Int
    private let inFlightMax: Int
    private(set) var state = State.calm
    private var turnBegan: NIODeadline?
    private var turnEnded = NIODeadline.uptimeNanoseconds(0)

    init(limits: ProxyLimits) {
        turnMax = .microseconds(Int64(limits.turnMicrosecondsMax))
        intakeMax = .microseconds(Int64(limits.intakeMicrosecondsMax))
        patience = .milliseconds(Int64(limits.overloadPatienceMilliseconds))
        recovery = .milliseconds(Int64(limits.overloadRecoveryMilliseconds))
        inFlightMin = limits.exchangesPerLoopMin
        inFlightMax = limits.exchangesPerLoopMax
    }

    var isShedding: Bool { if case .shedding = state { true } else { false } }

    /// Bytes from a caller are about to be handled. True at the first in a turn: `end` is then owed at the end of the turn.
    mutating func touch(now: NIODeadline) -> Bool {
        guard turnBegan == nil else { return false }
        // A loop that slept in between has no standing queue.
        if case .strained = state, now - turnEnded > turnMax { state = .calm }
        turnBegan = now
        return true
    }

    /// The turn is over; returns how long it took.
    mutating func end(now: NIODeadline) -> TimeAmount {
        guard let began = turnBegan else { return .zero }
        turnBegan = nil
        turnEnded = now
        let duration = now - began
        switch state {
        case .calm where duration > turnMax: state = patience == .zero ? .shedding(last: now) : .strained(since: began)
        case .calm: break
        case .strained where duration <= turnMax: state = .calm
        case .strained(let since) where now - since >= patience: state = .shedding(last: now)
        case .strained: break
        case .shedding(let last) where now - last >= recovery: state = .calm
        case .shedding: break
        }
        return duration
    }

    /// Whether a request whose bytes are being handled now is taken in. So few in flight as `inFlightMin` are no queue, only a slow machine.
    mutating func admits(now: NIODeadline, inFlight: Int) -> Bool {
        guard inFlight < inFlightMax else { return false }
        guard inFlight >= inFlightMin, case .shedding = state, let began = turnBegan, now - began >= intakeMax else { return true }
        state = .shedding(last: now)
        return false
    }
}
