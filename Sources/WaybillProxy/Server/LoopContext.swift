import Logging
import NIOCore
import WaybillCore
import WaybillLedger

/// A caller's connection as its loop looks after it.
protocol CallerConnection: AnyObject {
    /// Every `tickMilliseconds`: time to look at deadlines.
    func tick(now: NIODeadline)
    /// The gate stops: go when nothing is under way.
    func stop()
    /// The gate stops waiting.
    func abort()
}

/// Everything the exchanges of one event loop share. Used on that loop only.
final class LoopContext {
    let eventLoop: any EventLoop
    let state: GateState
    let limits: ProxyLimits
    let pool: UpstreamPool
    let mailbox: LoopMailbox
    let bodies: BodyBudget
    let logger: Logger
    var clock: LoopClock { pool.clock }
    var output = OutputBuffers()
    let metrics = LoopMetrics()
    private var overload: OverloadGuard
    private var spans: SpanIDs
    /// Since the log was last told.
    private var shed = 0
    private var callers: [ObjectIdentifier: any CallerConnection] = [:]
    private(set) var isStopping = false
    private var whenEmpty: EventLoopPromise<Void>?
    private var ticker: RepeatedTask?
    private var date = HTTPDate()

    init(eventLoop: any EventLoop, state: GateState, limits: ProxyLimits, pool: UpstreamPool, bodies: BodyBudget, logger: Logger) {
        self.eventLoop = eventLoop
        self.state = state
        self.limits = limits
        self.pool = pool
        self.bodies = bodies
        self.logger = logger
        mailbox = LoopMailbox(eventLoop: eventLoop)
        overload = OverloadGuard(limits: limits)
        spans = SpanIDs(seed: .random(in: .min ... .max))
    }

    func newTransferID() -> TransferID {
        TransferID(now: state.clock.now(), random: state.random.draw())
    }

    func newSpan() -> UInt64 { spans.next() }

    /// A caller's bytes are about to be handled; the first in a turn of the loop starts the turn's watch.
    func touch(now: NIODeadline) {
        guard overload.touch(now: now) else { return }
        // Runs when everything that had come by now is handled.
        eventLoop.assumeIsolated().execute { self.metrics.turned(self.overload.end(now: .now())) }
    }

    /// Whether another request is taken in; what is not is counted here, for one line a tick instead of one each.
    func admits(now: NIODeadline) -> Bool {
        if overload.admits(now: now, inFlight: metrics.inFlight) { return true }
        shed += 1
        return false
    }

    func snapshot() -> (GateCounts, [UpstreamPool.Snapshot], isShedding: Bool) {
        (metrics.snapshot(), pool.snapshot(now: .now()), overload.isShedding)
    }

    func httpDate() -> String { date.at(state.clock.now()) }

    func startTicking() {
        let tick = TimeAmount.milliseconds(Int64(limits.tickMilliseconds))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in bound.value.tick() }
    }

    private func tick() {
        clock.touch()
        let now = clock.now
        for caller in callers.values { caller.tick(now: now) }
        pool.tick(now: now)
        tellShed()
    }

    /// All that was shed since the last time, in one line; the log's seals count them too.
    private func tellShed() {
        guard shed > 0 else { return }
        for _ in 0..<shed { state.recorder.count(refused: Refusal.overloaded.code) }
        logger.warning(
            "requests shed", metadata: ["requests": .stringConvertible(shed), "in_flight": .stringConvertible(metrics.inFlight)])
        shed = 0
    }

    func add(_ caller: any CallerConnection) {
        callers[ObjectIdentifier(caller)] = caller
        if isStopping { caller.stop() }
    }

    func remove(_ caller: any CallerConnection) {
        callers[ObjectIdentifier(caller)] = nil
        if isStopping, callers.isEmpty { finishStop() }
    }

    /// Idle callers are let go at once, the others after their exchange. Done when none is left.
    func stop(_ promise: EventLoopPromise<Void>) {
        isStopping = true
        whenEmpty = promise
        for caller in callers.values { caller.stop() }
        if callers.isEmpty { finishStop() }
    }

    /// The grace is over: whoever is left is cut off, and the log told what is known.
    func abort() {
        for caller in callers.values { caller.abort() }
        // A commit the log still owes us keeps no one waiting: its intent then ends as `unknown` at the next start.
        finishStop()
    }

    private func finishStop() {
        ticker?.cancel()
        tellShed()
        pool.stop()
        whenEmpty?.succeed(())
        whenEmpty = nil
    }
}
