import NIOCore
import WaybillCore
import WaybillLedger

/// A refusal on its way to the caller.
struct PendingRefusal {
    var refusal: Refusal
    var marks: Marks
    var omitsBody: Bool
}

/// The way back: refusals, the vendor's answer, and what is owed before the next request.
extension CallerHandler {
    // MARK: Refusing

    func refuse(_ refusal: Refusal) {
        guard let transit else { return }
        let isBodyPending = if case .body = reading { true } else { false }
        let pending = PendingRefusal(refusal: refusal, marks: marks(of: refusal, transit), omitsBody: transit.head.isHEAD)
        note(refusal, of: transit)
        release()
        guard isOpen else { return leaveIfDone() }
        answer(pending, bodyPending: isBodyPending ? transit.head.framing : .none, received: transit.body.readableBytes)
    }

    /// Nothing was admitted: malformed, unknown, or not for us.
    func refuseUnadmitted(_ refusal: Refusal, head: CallerHead?) {
        let marks = Marks(xid: loop.newTransferID(), refusal: refusal)
        note(refusal, xid: marks.xid, head: head)
        let pending = PendingRefusal(refusal: refusal, marks: marks, omitsBody: head?.isHEAD ?? false)
        if let head, head.hasBody, head.expectation != .none {
            // Whether the body still comes is the caller's choice now (RFC 9110 §10.1.1); only closing leaves no doubt.
            self.refusal = pending
            writeRefusal(closes: true)
        } else {
            answer(pending, bodyPending: head?.framing ?? .none, received: 0)
        }
    }

    /// Reads the rest of the body if it is short, so that the caller sees the answer and the connection lives on.
    private func answer(_ pending: PendingRefusal, bodyPending: BodyReader.Framing, received: Int) {
        refusal = pending
        let left = loop.limits.refusedBodyBytesMax
        switch bodyPending {
        case .chunked where !isBroken: readRefusedBody(left: left)
        case .length(let length) where !isBroken && length - received <= left: readRefusedBody(left: left)
        case .length, .chunked: writeRefusal(closes: true)
        case .none, .untilClose:
            // A request without body still has its end to be read off the parser.
            if isBroken {
                writeRefusal(closes: true)
            } else if parser.isInsideBody {
                readRefusedBody(left: left)
            } else {
                writeRefusal(closes: closesAfterAnswer)
            }
        }
    }

    private func readRefusedBody(left: Int) {
        reading = .refusedBody(left: left)
        setDeadline(loop.limits.drainMillisecondsMax)
        pump()
    }

    func discard(_ bytes: ByteBuffer, left: Int) {
        guard bytes.readableBytes <= left else { return writeRefusal(closes: true) }
        reading = .refusedBody(left: left - bytes.readableBytes)
    }

    func writeRefusal(closes: Bool) {
        guard let pending = refusal, let context else { return }
        refusal = nil
        let closes = closes || closesAfterAnswer
        var out = loop.output.take()
        out.writeRefusal(
            pending.refusal, marks: pending.marks, date: loop.httpDate(), closes: closes, omitsBody: pending.omitsBody,
            allocator: context.channel.allocator)
        output = out
        endAnswer(closes: closes)
    }

    private func marks(of refusal: Refusal, _ transit: Transit) -> Marks {
        var marks = Marks(xid: transit.xid, refusal: refusal)
        if transit.hasLeft, let shipment = transit.shipment {
            marks.decision = shipment.outcome
            (marks.sent, marks.held, marks.denied) = (shipment.sentCount, shipment.heldCount, shipment.deniedCount)
        }
        marks.vendorStatus = transit.answer?.status
        return marks
    }

    // MARK: Relaying

    func relayHead() {
        guard let transit, let answer = transit.answer, let shipment = transit.shipment else { return }
        let plan = transit.policy[transit.admission.vendor]
        let framing = CallerAnswerHead.framing(answer, isHTTP10: transit.head.isHTTP10)
        transit.answerFraming = framing
        closesAfterAnswer = closesAfterAnswer || framing == .untilClose || loop.isStopping
        let marks = Marks(
            xid: transit.xid, decision: shipment.outcome, sent: shipment.sentCount, held: shipment.heldCount,
            denied: shipment.deniedCount, vendorStatus: answer.status >= 400 ? answer.status : nil)
        var out = loop.output.take()
        CallerAnswerHead.write(
            answer, framing: framing, marks: marks, plan: plan,
            rewriter: transit.way.rewriter(transit.head.fields, vendor: plan, answeredBy: shipment.destination),
            answersHEAD: transit.head.isHEAD, closes: closesAfterAnswer, to: &out)
        output = out
        if context?.channel.isWritable == false {
            // No event tells of what is so already.
            transit.upstream?.pauseReading()
            setDeadline(loop.limits.callerWriteIdleMillisecondsMax)
        } else {
            setDeadline(loop.limits.answerIdleMillisecondsMax)
        }
    }

    private func relay(_ bytes: ByteBuffer) {
        guard case .relaying = exchange?.state, let framing = transit?.answerFraming else { return }
        setDeadline(loop.limits.answerIdleMillisecondsMax)
        switch framing {
        case .chunked:
            gather(room: 18) { out in
                out.put(hex: UInt64(bytes.readableBytes))
                out.put("\r\n")
            }
            write(bytes)
            gather(room: 2) { $0.put("\r\n") }
        case .length, .untilClose: write(bytes)
        case .none: break
        }
    }

    /// A short piece joins what is written already; a long one follows it uncopied.
    private func write(_ bytes: ByteBuffer) {
        if bytes.readableBytes <= OutputBuffers.inlineBodyBytesMax {
            gather { $0.put(bytes) }
        } else if let context {
            handOverOutput(context)
            context.write(wrapOutboundOut(bytes), promise: nil)
        }
    }

    /// Adds to what leaves with the next flush.
    private func gather(_ write: (inout ByteBuffer) -> Void) {
        var out = output ?? loop.output.take()
        output = nil
        write(&out)
        output = out
        if out.readableBytes >= OutputBuffers.keptBytesMax, let context { handOverOutput(context) }
    }

    private func gather(room bytes: Int, _ write: (inout HeadWriter) -> Void) {
        gather { HeadWriter.append(to: &$0, room: bytes, write) }
    }

    private func handOverOutput(_ context: ChannelHandlerContext) {
        guard let out = output else { return }
        output = nil
        context.write(wrapOutboundOut(out), promise: nil)
        loop.output.giveBack(out)
    }

    func flushOutput() {
        guard let context else { return }
        guard let out = output else { return context.flush() }
        output = nil
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        loop.output.giveBack(out)
    }

    func finishAnswer() {
        if transit?.answerFraming == .chunked {
            gather(room: 5) { $0.put("0\r\n\r\n") }
        }
        release()
        guard isOpen else { return leaveIfDone() }
        endAnswer(closes: closesAfterAnswer)
    }

    // MARK: Afterwards

    /// The exchange is over; what it held goes back.
    func letGo() {
        release()
        leaveIfDone()
    }

    private func release() {
        releaseUpstream()
        releaseVolumes()
        if let transit { loop.bodies.release(transit.reservedBytes) }
        transit = nil
        exchange = nil
        awaitedTicket = nil
    }

    func releaseUpstream() {
        guard let connection = transit?.upstream else { return }
        transit?.upstream = nil
        loop.pool.release(connection)
    }

    /// The answer is written: on to the next request, or close once the caller has had the time to read it.
    private func endAnswer(closes: Bool) {
        guard let context else { return }
        guard closes || loop.isStopping else {
            flushOutput()
            guard context.channel.isWritable else {
                (reading, awaitsRoom) = (.held, true)
                return setDeadline(loop.limits.callerWriteIdleMillisecondsMax)
            }
            return goOn()
        }
        endConnection()
    }

    /// The caller has taken what was written: its next request.
    func goOn() {
        awaitsRoom = false
        guard !loop.isStopping else { return endConnection() }
        reading = .head
        setDeadline(parser.bufferedBytes > 0 ? loop.limits.callerHeadMillisecondsMax : loop.limits.callerIdleMillisecondsMax)
        pump()
    }

    func endConnection() {
        guard let context else { return }
        // Closing with bytes unread would reset the connection and could take the answer with it: our half first, then wait.
        reading = .discarding
        parser.discard()
        setDeadline(loop.limits.callerWriteIdleMillisecondsMax)
        handOverOutput(context)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.loop.clock.touch()
            self.setDeadline(self.loop.limits.drainMillisecondsMax)
            self.context?.close(mode: .output, promise: nil)
        }
        resumeReading()
    }
}

extension Marks {
    init(xid: TransferID, refusal: Refusal) {
        self.init(xid: xid, decision: refusal.outcome, sent: 0, held: 0, denied: 0)
        for record in refusal.records {
            switch record.decision {
            case .hold: held += 1
            case .deny: denied += 1
            case .allow, .allowRedacted: break
            }
        }
    }
}

extension CallerHandler: UpstreamDelegate {
    func upstreamWrote(_ connection: UpstreamConnection, isComplete: Bool) {
        guard exchange?.state == .sending else { return }
        setDeadline(isComplete ? loop.limits.answerHeadMillisecondsMax : loop.limits.vendorWriteIdleMillisecondsMax)
    }

    func upstreamAnswered(_ connection: UpstreamConnection, head: AnswerHead) {
        if let transit {
            transit.answer = head
            loop.metrics.answered(
                status: head.status, vendor: transit.admission.vendor, of: transit.policy, transit.times, now: loop.clock.now)
        }
        advance {
            $0.answered(
                status: head.status, sentBytes: connection.sentBodyBytes, sentAll: connection.hasWrittenAll, now: loop.clock.now)
        }
    }

    func upstreamAnswered(_ connection: UpstreamConnection, bytes: ByteBuffer) { relay(bytes) }

    func upstreamPaused(_ connection: UpstreamConnection) { flushOutput() }

    func upstreamFinished(_ connection: UpstreamConnection) {
        advance {
            $0.answerEnded(sentBytes: connection.sentBodyBytes, sentAll: connection.hasWrittenAll, now: loop.clock.now)
        }
    }

    func upstreamFailed(_ connection: UpstreamConnection, fault: AnswerFault?) {
        let sent = connection.sentBodyBytes
        if let fault {
            advance { $0.answerRejected(fault, sentBytes: sent, now: loop.clock.now) }
        } else {
            advance { $0.vendorClosed(sentBytes: sent, now: loop.clock.now) }
        }
    }
}
