import NIOCore
import WaybillCore
import WaybillLedger

/// One caller's connection: reads requests one at a time and takes each through the gate.
///
/// Everything it waits for comes back on its event loop; nothing blocks and nothing is shared with another thread.
final class CallerHandler: ChannelDuplexHandler, RemovableChannelHandler, CallerConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the bytes that come are for.
    enum Reading {
        /// The next request's head.
        case head
        case body
        /// The rest of a refused body; the refusal is written when it is read.
        case refusedBody(left: Int)
        /// Not now: the exchange is under way.
        case held
        /// Thrown away until the caller closes: the answer is written and nothing more is served.
        case discarding
    }

    let loop: LoopContext
    let connections: ConnectionCount
    let entrance: Entrance
    var context: ChannelHandlerContext?
    var parser: RequestParser
    var reading = Reading.head
    var exchange: Exchange?
    var transit: Transit?
    /// A refusal that waits for the end of its body.
    var refusal: PendingRefusal?
    /// What is written already and not handed to the channel: an answer's head waits for its body, so that both leave in one write.
    var output: ByteBuffer?
    var callerMemory = CallerMemory()
    var closesAfterAnswer = false
    /// What came is no HTTP: where the next message would begin is unknown.
    var isBroken = false
    /// The caller has ended its side of the connection.
    var hasInputEnded = false
    var awaitedTicket: UInt64?
    /// Intents handed to the log whose fate is not known yet.
    var outstandingCommits = 0
    var deadline: NIODeadline
    /// The last answer is written and not taken yet; the next request waits for that.
    var awaitsRoom = false
    private var isReadHeld = false
    private var isPumping = false
    private(set) var isOpen = true

    init(loop: LoopContext, connections: ConnectionCount, entrance: Entrance) {
        self.loop = loop
        self.connections = connections
        self.entrance = entrance
        parser = RequestParser(headBytesMax: loop.limits.requestHeadBytesMax, fieldsMax: loop.limits.fieldsMax)
        deadline = .now() + .milliseconds(Int64(loop.limits.callerHeadMillisecondsMax))
    }

    func setDeadline(_ milliseconds: Int) { deadline = loop.clock.now + .milliseconds(Int64(milliseconds)) }

    // MARK: The path of a request

    /// Every step of gateway.md's "Path of a request", in its order. Steps that must wait return; the news bring them back here.
    func perform(_ action: Exchange.Action) {
        switch action {
        case .none: break
        case .receiveBody(let sendsContinue): receiveBody(sendsContinue: sendsContinue)
        case .judge: judge()
        case .refresh(let identifiers): refresh(identifiers)
        case .connect: connect()
        case .record: record()
        case .confirm(let receipt): confirm(receipt)
        case .forward(let receipt): forward(receipt.redeem())
        case .startOver(let outcome):
            if let outcome { loop.state.recorder.record(outcome) }
            startOver()
        case .relayHead: relayHead()
        case .finish(let outcome):
            loop.state.recorder.record(outcome)
            note(.finished(outcome))
            finishAnswer()
        case .refuse(let refusal, let outcome):
            if let outcome { loop.state.recorder.record(outcome) }
            refuse(refusal)
        case .breakOff(let outcome):
            loop.state.recorder.record(outcome)
            note(.brokenOff(outcome))
            flushOutput()
            context?.close(promise: nil)
            letGo()
        case .letGo(let outcome):
            if let outcome { loop.state.recorder.record(outcome) }
            note(.abandoned(outcome))
            letGo()
        }
    }

    // MARK: Bytes from the caller

    /// Takes messages off what has come, as far as they are wanted now.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        do throws(HTTPFault) {
            while wantsBytes, let part = try parser.next() { received(part) }
        } catch {
            broken(by: error)
        }
        if wantsBytes { hasInputEnded ? inputEnded() : resumeReading() }
    }

    func resumeReading() {
        guard isReadHeld else { return }
        isReadHeld = false
        context?.read()
    }

    private var wantsBytes: Bool {
        switch reading {
        case .head, .body, .refusedBody: true
        case .held, .discarding: false
        }
    }

    private func received(_ part: RequestParser.Part) {
        switch part {
        case .head(let head):
            if case .head = reading { begin(head) }
        case .body(let bytes):
            switch reading {
            case .body: receive(bytes)
            case .refusedBody(let left): discard(bytes, left: left)
            case .head, .held, .discarding: break
            }
        case .end:
            switch reading {
            case .body:
                reading = .held
                transit?.times.received = loop.clock.now
                advance { $0.received() }
            case .refusedBody: writeRefusal(closes: closesAfterAnswer)
            case .head, .held, .discarding: break
            }
        }
    }

    /// Bytes that are no HTTP: whoever sends them may disagree with us about where a message ends, so nothing more is served.
    private func broken(by fault: HTTPFault) {
        isBroken = true
        if refusal != nil {
            writeRefusal(closes: true)
        } else if exchange != nil {
            advance { $0.refused(Refusal(fault)) }
        } else {
            refuseUnadmitted(Refusal(fault), head: nil)
        }
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        allowHalfClose(true, context)
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        allowHalfClose(false, context)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .discarding = reading { return }
        loop.clock.touch()
        if case .head = reading, !parser.isInsideMessage {
            setDeadline(loop.limits.callerHeadMillisecondsMax)
            loop.touch(now: loop.clock.now)
        }
        parser.feed(unwrapInboundIn(data))
        pump()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        loop.clock.touch()
        if let fault = event as? HTTPFault {
            // What carries the requests met one that cannot be HTTP/1.1.
            if case .discarding = reading { return }
            return broken(by: fault)
        }
        if case .inputClosed = event as? ChannelEvent { inputClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        // Reading goes on while an exchange is under way: switching it off and on again would cost two system calls a request. A caller that
        // does not take its answers is not read at all, or they would pile up here.
        var isAhead = false
        if case .held = reading { isAhead = parser.bufferedBytes >= loop.limits.pipelinedBytesMax }
        if isAhead || !context.channel.isWritable {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        loop.clock.touch()
        if let upstream = transit?.upstream, case .relaying = exchange?.state {
            if context.channel.isWritable {
                setDeadline(loop.limits.answerIdleMillisecondsMax)
                upstream.resumeReading()
            } else {
                setDeadline(loop.limits.callerWriteIdleMillisecondsMax)
                upstream.pauseReading()
            }
        }
        if context.channel.isWritable {
            if awaitsRoom { goOn() }
            if isReadHeld {
                isReadHeld = false
                read(context: context)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        loop.clock.touch()
        isOpen = false
        refusal = nil
        output = nil
        reading = .discarding
        parser.discard()
        if exchange != nil {
            let upstream = transit?.upstream
            advance {
                $0.callerLeft(sentBytes: upstream?.sentBodyBytes ?? 0, sentAll: upstream?.hasWrittenAll ?? true, now: loop.clock.now)
            }
        }
        leaveIfDone()
        context.fireChannelInactive()
    }

    /// Out of the loop's list once the channel is closed and no exchange owes the log an outcome.
    func leaveIfDone() {
        if !isOpen, exchange == nil, outstandingCommits == 0 { loop.remove(self) }
    }

    /// Reports an event to the exchange and does what follows from it.
    func advance(_ event: (inout Exchange) -> Exchange.Action) {
        guard var current = exchange else { return }
        let action = event(&current)
        exchange = current
        perform(action)
    }

    // MARK: Clock and stop

    func tick(now: NIODeadline) {
        guard now >= deadline else { return }
        deadline = .distantFuture
        if refusal != nil { return writeRefusal(closes: true) }
        if exchange != nil {
            let sent = transit?.upstream?.sentBodyBytes ?? 0
            return advance { $0.timedOut(sentBytes: sent, now: now) }
        }
        if case .head = reading, parser.isInsideMessage {
            isBroken = true
            refuseUnadmitted(.headTimedOut, head: nil)
        } else {
            context?.close(promise: nil)
        }
    }

    func stop() {
        closesAfterAnswer = true
        if case .head = reading, !parser.isInsideMessage { context?.close(promise: nil) }
    }

    func abort() {
        loop.clock.touch()
        let sent = transit?.upstream?.sentBodyBytes ?? 0
        let sentAll = transit?.upstream?.hasWrittenAll ?? true
        advance { $0.cutOff(sentBytes: sent, sentAll: sentAll, now: loop.clock.now) }
        context?.close(promise: nil)
    }
}
