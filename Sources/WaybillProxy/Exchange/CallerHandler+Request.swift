import NIOCore
import WaybillCore
import WaybillLedger

/// The way to the vendor: admit, receive, judge, connect, record, confirm, forward.
extension CallerHandler {
    /// Path, caller, vendor, endpoint: all that the head can tell.
    func begin(_ head: CallerHead) {
        closesAfterAnswer = head.closes || loop.isStopping
        let began = loop.clock.now
        guard loop.admits(now: began) else {
            // What follows a CONNECT is meant for the tunnel, and is no request.
            closesAfterAnswer = closesAfterAnswer || isConnect(head)
            return refuseUnadmitted(.overloaded, head: head)
        }
        if case .proxy(let leaves) = entrance.kind, isConnect(head) { return openTunnel(head, leaves: leaves) }
        do throws(Refusal) {
            let way = try WayIn(head, at: entrance)
            let inForce = loop.state.inForce
            let policy = inForce.policy
            let caller = try authenticate(head, policy)
            guard head.expectation != .other else { throw .unknownExpectation }
            let xid = loop.newTransferID()
            let admission = try policy.gate.admit(way.gateHead(head, policy: policy), caller: caller, xid: xid)
            try checkLength(head)
            let transit = Transit(
                head: head, way: way, xid: xid, inForce: inForce, admission: admission, began: began,
                trace: TraceParent(head.fields))
            self.transit = transit
            loop.metrics.began()
            exchange = Exchange(limits: loop.limits, now: began)
            let expectsContinue = head.expectation == .continue100 && !head.isHTTP10 && head.hasBody
            advance { $0.admitted(expectsContinue: expectsContinue) }
        } catch {
            refuseUnadmitted(error, head: head)
        }
    }

    private func authenticate(_ head: CallerHead, _ policy: PolicySnapshot) throws(Refusal) -> CallerID {
        if entrance.shown.isEmpty, let caller = callerMemory.caller(head.fields, policy: policy) { return caller }
        guard let credentials = CallerAuthentication.credentials(head.fields, shown: entrance.shown),
            let caller = CallerAuthentication.caller(credentials, policy: policy.set)
        else {
            // The tunnel's own credentials may be void by now; the next CONNECT will say so.
            closesAfterAnswer = closesAfterAnswer || entrance.isTunnel
            throw entrance.unauthenticated
        }
        if entrance.shown.isEmpty { callerMemory.remember(caller, head.fields, policy: policy) }
        return caller
    }

    private func checkLength(_ head: CallerHead) throws(Refusal) {
        if case .length(let length) = head.framing, length > loop.limits.bodyBytesMax { throw .bodyTooLarge }
    }

    func receiveBody(sendsContinue: Bool) {
        reading = .body
        setDeadline(loop.limits.callerBodyIdleMillisecondsMax)
        transit?.times.admitted = loop.clock.now
        if sendsContinue, let context {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        }
        pump()
    }

    func receive(_ bytes: ByteBuffer) {
        setDeadline(loop.limits.callerBodyIdleMillisecondsMax)
        guard let transit else { return }
        let total = transit.body.readableBytes + bytes.readableBytes
        if total > transit.reservedBytes {
            guard total <= loop.limits.bodyBytesMax else { return advance { $0.refused(.bodyTooLarge) } }
            guard loop.bodies.reserve(total - transit.reservedBytes) else { return advance { $0.refused(.bodiesInFlight) } }
            transit.reservedBytes = total
        }
        append(bytes, isFirst: transit.body.readableBytes == 0)
    }

    private func append(_ bytes: ByteBuffer, isFirst: Bool) {
        if isFirst {
            transit?.body = bytes
        } else {
            transit?.body.writeImmutableBuffer(bytes)
        }
    }

    func judge() {
        guard let transit else { return }
        let body = transit.body.getBytes(at: transit.body.readerIndex, length: transit.body.readableBytes) ?? []
        let now = loop.state.clock.now()
        do throws(Refusal) {
            let judgement = try transit.policy.gate.judge(
                transit.admission, body: body, standing: transit.inForce.standing, now: now, reporting: false)
            if case .send(let shipment) = judgement {
                // What a coded body decodes to counts too.
                let more = shipment.draft.body.count - transit.reservedBytes
                if more > 0 {
                    guard loop.bodies.reserve(more) else { throw .bodiesInFlight }
                    transit.reservedBytes += more
                }
                transit.shipment = shipment
            }
            advance { $0.judged(judgement) }
        } catch {
            advance { $0.refused(error) }
        }
    }

    func refresh(_ identifiers: [Identifier]) {
        setDeadline(loop.limits.refreshMillisecondsMax)
        let mailbox = loop.mailbox
        let ticket = newTicket()
        loop.state.refresher.refresh(identifiers) { mailbox.refreshed(ticket, $0) }
    }

    /// A verified connection first, so that no intent is recorded for a vendor that cannot be reached.
    func connect() {
        guard let transit, let destination = transit.shipment?.destination else { return }
        if let upstream = transit.upstream {
            if upstream.isUsable, loop.pool.isCurrent(upstream), upstream.home?.target == destination { return advance { $0.connected() } }
            releaseUpstream()
        }
        if transit.times.judged == nil {
            loop.clock.touch()
            transit.times.judged = loop.clock.now
            loop.metrics.judged(transit.times)
        }
        if let idle = loop.pool.takeIdle(to: destination) { return connected(idle) }
        setDeadline(loop.limits.connectMillisecondsMax)
        let xid = transit.xid
        loop.pool.connect(to: destination) { result in
            self.loop.clock.touch()
            guard self.exchange?.state == .connecting, self.transit?.xid == xid else {
                if case .success(let connection) = result { self.loop.pool.release(connection) }
                return
            }
            switch result {
            case .success(let connection): self.connected(connection)
            case .failure(let fault): self.advance { $0.connectFailed(fault) }
            }
        }
    }

    private func connected(_ connection: UpstreamConnection) {
        connection.checkOut(self)
        transit?.upstream = connection
        advance { $0.connected() }
    }

    /// Takes its part of the day's volume, so that two exchanges cannot pass a limit together, and enters the intent.
    func record() {
        guard let transit, let shipment = transit.shipment else { return }
        let policy = transit.policy.set
        guard loop.state.volumes.reserve(shipment.volumes, policy: policy, now: loop.state.clock.now()) else {
            return advance { $0.volumeTaken() }
        }
        transit.holdsVolumes = true
        setDeadline(loop.limits.commitMillisecondsMax)
        transit.times.recorded = loop.clock.now
        outstandingCommits += 1
        loop.state.recorder.record(shipment.draft, ticket: newTicket(), for: loop.mailbox)
    }

    /// Gives back what a shipment that does not leave had taken.
    func releaseVolumes() {
        guard let transit, transit.holdsVolumes, let shipment = transit.shipment else { return }
        transit.holdsVolumes = false
        loop.state.volumes.release(shipment.volumes, policy: transit.policy.set, now: loop.state.clock.now())
    }

    private func newTicket() -> UInt64 {
        let ticket = loop.mailbox.ticket(for: self)
        awaitedTicket = ticket
        return ticket
    }

    /// It is durable: does everything it rests on still stand?
    func confirm(_ receipt: CommitReceipt) {
        guard let transit else { return }
        let confirmation: Exchange.Confirmation
        if !transit.stillStands(loop.state, now: loop.state.clock.now()) {
            confirmation = .superseded
        } else if let upstream = transit.upstream, upstream.isUsable, loop.pool.isCurrent(upstream) {
            confirmation = .stands
        } else {
            confirmation = .connectionLost
        }
        advance { $0.confirmed(confirmation, receipt, now: loop.clock.now) }
    }

    /// The only place that writes to a vendor; it takes the log's permission with it.
    func forward(_ recorded: consuming RecordedTransfer) {
        guard let transit, let shipment = transit.shipment, let upstream = transit.upstream, let home = upstream.home,
            recorded.xid == transit.xid
        else { return }
        let body = shipment.draft.body
        var head = loop.output.take()
        if transit.trace != nil { transit.vendorSpan = loop.newSpan() }
        VendorRequestHead.write(
            transit.head, target: transit.admission.head.target, hostLine: home.hostLine,
            plan: transit.policy[transit.admission.vendor], bodyBytes: body.count,
            trace: transit.trace.map { OutgoingTrace(parent: $0, span: transit.vendorSpan) }, to: &head)
        setDeadline(loop.limits.answerHeadMillisecondsMax)
        transit.times.forwarded = loop.clock.now
        loop.metrics.forwarded(shipment, transit.times)
        transit.hasLeft = true
        transit.holdsVolumes = false
        upstream.send(head: &head, body: body, isHEAD: transit.head.isHEAD)
        loop.output.giveBack(head)
        // It is not judged again.
        transit.body = ByteBuffer()
    }

    /// Admits again, because the admission belongs to a policy set that may be gone, and under an id of its own: each intent has one.
    func startOver() {
        releaseVolumes()
        guard let transit else { return }
        transit.inForce = loop.state.inForce
        transit.xid = loop.newTransferID()
        transit.shipment = nil
        do throws(Refusal) {
            let caller = try authenticate(transit.head, transit.policy)
            transit.admission = try transit.policy.gate.admit(
                transit.way.gateHead(transit.head, policy: transit.policy), caller: caller, xid: transit.xid)
            judge()
        } catch {
            advance { $0.refused(error) }
        }
    }
}

extension CallerHandler: TicketHolder {
    func resume(ticket: UInt64, with news: LoopMailbox.News) {
        loop.clock.touch()
        if case .committed = news { outstandingCommits -= 1 }
        if ticket == awaitedTicket {
            awaitedTicket = nil
            switch news {
            case .refreshed(let isDone): advance { $0.refreshed(isDone) }
            case .committed(let result):
                if let transit { loop.metrics.committed(transit.times, now: loop.clock.now) }
                advance { $0.recorded(result, now: loop.clock.now) }
            }
        } else if case .committed(.success(let receipt)) = news {
            loop.state.recorder.record(Exchange.outcomeOfLateCommit(receipt))
        }
        leaveIfDone()
    }
}
