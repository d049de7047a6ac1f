import NIOCore
import WaybillCore
import WaybillLedger

/// The way to the vendor: admit, receive, judge, connect, record, confirm, forward.
extension CallerHandler {
    /// Path, caller, vendor, endpoint: all that the head can tell.
    func begin(_ head: CallerHead) {
        closesAfterAnswer = head.closes || loop.isStopping
        do throws(Refusal) {
            let target = try Self.route(head)
            let (policy, standing) = (loop.state.policy, loop.state.standing)
            guard let caller = CallerAuthentication.caller(head.fields, policy: policy.gate.policy) else { throw .unauthenticated }
            guard head.expectation != .other else { throw .unknownExpectation }
            let xid = loop.newTransferID()
            let admission = try policy.gate.admit(Self.gateHead(head, target), caller: caller, xid: xid)
            try checkLength(head)
            let transit = Transit(head: head, target: target, xid: xid, policy: policy, standing: standing, admission: admission)
            if case .length(let length) = head.framing {
                guard loop.bodies.reserve(length) else { throw .bodiesInFlight }
                transit.reservedBytes = length
            }
            self.transit = transit
            exchange = Exchange(limits: loop.limits, now: .now())
            let expectsContinue = head.expectation == .continue100 && !head.isHTTP10 && head.hasBody
            advance { $0.admitted(expectsContinue: expectsContinue) }
        } catch {
            refuseUnadmitted(error, head: head)
        }
    }

    private static func route(_ head: CallerHead) throws(Refusal) -> BaseURLTarget {
        let bytes = head.fields.bytes.readableBytesUInt8Span
        if bytes.matches(head.method, "connect") || bytes.matches(head.method, "trace") { throw .methodNotAllowed }
        guard let target = BaseURLTarget(head.fields, target: head.target) else {
            throw head.isAbsoluteForm ? .misdirected : .noSuchPath
        }
        return target
    }

    private func checkLength(_ head: CallerHead) throws(Refusal) {
        if case .length(let length) = head.framing, length > loop.limits.bodyBytesMax { throw .bodyTooLarge }
    }

    static func gateHead(_ head: CallerHead, _ target: BaseURLTarget) -> RequestHead {
        let fields = head.fields
        return RequestHead(
            vendor: target.vendor, host: target.host, method: head.methodText, target: target.targetBytes(fields),
            contentType: fields.first(.contentType).flatMap(fields.text),
            contentEncoding: fields.first(.contentEncoding).flatMap(fields.text),
            purpose: purposes(fields), hasBody: head.hasBody, isBodySigned: isBodySigned(fields))
    }

    /// Every `Waybill-Purpose` line, joined as RFC 9110 joins lists. What is no text stays a name that no catalogue has: a purpose that
    /// was meant is never replaced by the default.
    private static func purposes(_ fields: HTTPFields) -> String? {
        let lines = fields.lines.filter { $0.known == .waybillPurpose }
        return lines.isEmpty ? nil : lines.map { fields.text($0.value) ?? "\u{FFFD}" }.joined(separator: ",")
    }

    /// SigV4, Content-MD5, Digest and their like: a changed body would no longer fit them.
    private static func isBodySigned(_ fields: HTTPFields) -> Bool {
        let bytes = fields.bytes.readableBytesUInt8Span
        for line in fields.lines {
            switch line.known {
            case .contentMD5, .digest, .contentDigest, .reprDigest, .signature, .amzContentSHA256: return true
            case .authorization where bytes.hasPrefix(line.value, "aws4-"): return true
            default: continue
            }
        }
        return false
    }

    func receiveBody(sendsContinue: Bool) {
        reading = .body
        setDeadline(loop.limits.callerBodyIdleMillisecondsMax)
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
        do throws(Refusal) {
            let judgement = try transit.policy.gate.judge(
                transit.admission, body: body, standing: transit.standing, now: loop.state.clock.now(), reporting: false)
            if case .send(let shipment) = judgement { self.transit?.shipment = shipment }
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
        if let (upstream, bound) = transit.upstream {
            if upstream.isUsable, bound == destination { return advance { $0.connected() } }
            releaseUpstream()
        }
        setDeadline(loop.limits.connectMillisecondsMax)
        let xid = transit.xid
        loop.pool.connect(to: destination) { result in
            guard self.exchange?.state == .connecting, self.transit?.xid == xid else {
                if case .success(let connection) = result { self.loop.pool.release(connection, to: destination) }
                return
            }
            switch result {
            case .success(let connection):
                connection.checkOut(self)
                self.transit?.upstream = (connection, destination)
                self.advance { $0.connected() }
            case .failure(let fault): self.advance { $0.connectFailed(fault) }
            }
        }
    }

    /// Takes its part of the day's volume, so that two exchanges cannot pass a limit together, and enters the intent.
    func record() {
        guard let transit, let shipment = transit.shipment else { return }
        let policy = transit.policy.gate.policy
        guard loop.state.volumes.reserve(shipment.volumes, policy: policy, now: loop.state.clock.now()) else {
            return advance { $0.volumeTaken() }
        }
        transit.holdsVolumes = true
        setDeadline(loop.limits.commitMillisecondsMax)
        outstandingCommits += 1
        loop.state.recorder.record(shipment.draft, ticket: newTicket(), for: loop.mailbox)
    }

    /// Gives back what a shipment that does not leave had taken.
    func releaseVolumes() {
        guard let transit, transit.holdsVolumes, let shipment = transit.shipment else { return }
        transit.holdsVolumes = false
        loop.state.volumes.release(shipment.volumes, policy: transit.policy.gate.policy, now: loop.state.clock.now())
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
        } else if transit.upstream?.connection.isUsable == true {
            confirmation = .stands
        } else {
            confirmation = .connectionLost
        }
        advance { $0.confirmed(confirmation, receipt, now: .now()) }
    }

    /// The only place that writes to a vendor; it takes the log's permission with it.
    func forward(_ recorded: consuming RecordedTransfer) {
        guard let transit, let shipment = transit.shipment, let upstream = transit.upstream?.connection, let context,
            recorded.xid == transit.xid
        else {
            return
        }
        let head = VendorRequestHead.write(
            transit.head, target: transit.admission.head.target, destination: shipment.destination,
            plan: transit.policy[transit.admission.vendor], bodyBytes: shipment.draft.body.count, allocator: context.channel.allocator)
        setDeadline(loop.limits.answerHeadMillisecondsMax)
        transit.hasLeft = true
        transit.holdsVolumes = false
        upstream.send(
            head: head, body: context.channel.allocator.buffer(bytes: shipment.draft.body), isHEAD: transit.head.isHEAD)
    }

    /// Admits again, because the admission belongs to a policy set that may be gone, and under an id of its own: each intent has one.
    func startOver() {
        releaseVolumes()
        guard let transit else { return }
        (transit.policy, transit.standing) = (loop.state.policy, loop.state.standing)
        transit.xid = loop.newTransferID()
        transit.shipment = nil
        do throws(Refusal) {
            guard let caller = CallerAuthentication.caller(transit.head.fields, policy: transit.policy.gate.policy) else {
                throw .unauthenticated
            }
            transit.admission = try transit.policy.gate.admit(
                Self.gateHead(transit.head, transit.target), caller: caller, xid: transit.xid)
            judge()
        } catch {
            advance { $0.refused(error) }
        }
    }
}

extension CallerHandler: TicketHolder {
    func resume(ticket: UInt64, with news: LoopMailbox.News) {
        if case .committed = news { outstandingCommits -= 1 }
        if ticket == awaitedTicket {
            awaitedTicket = nil
            switch news {
            case .refreshed(let isDone): advance { $0.refreshed(isDone) }
            case .committed(let result): advance { $0.recorded(result, now: .now()) }
            }
        } else if case .committed(.success(let receipt)) = news {
            loop.state.recorder.record(Exchange.outcomeOfLateCommit(receipt))
        }
        leaveIfDone()
    }
}
