import NIOCore
import NIOSSL
import WaybillCore

/// `CONNECT`: from a caller's connection to a proxy listener, to a tunnel in which the gate stands in for the vendor.
extension CallerHandler {
    func isConnect(_ head: CallerHead) -> Bool {
        let fields = head.fields
        return fields.bytes.readableBytesUInt8Span.equals(head.method, "CONNECT")
    }

    /// Answers 200 and hands the connection over, or refuses. Nothing is ever tunnelled to anyone.
    func openTunnel(_ head: CallerHead, leaves: any LeafIssuer) {
        guard let origin = Origin(connect: head) else {
            // Where the next message would begin depends on who reads it.
            isBroken = true
            return refuseUnadmitted(.badConnect, head: head)
        }
        do throws(Refusal) {
            // TLS costs more than most requests.
            guard loop.admits(now: loop.clock.now) else { throw .overloaded }
            let policy = loop.state.policy
            guard let credentials = CallerAuthentication.credentials(head.fields, shown: entrance.shown),
                CallerAuthentication.caller(credentials, policy: policy.gate.policy) != nil
            else { throw .proxyUnauthenticated }
            guard head.expectation != .other else { throw .unknownExpectation }
            guard policy.destination(of: origin) != nil else { throw .notADestination }
            let tls = try CallerPipeline.leaf(for: origin, from: leaves)
            handOver(to: Entrance(kind: .tunnel(Tunnel(to: origin)), shown: credentials), tls: tls)
        } catch {
            // Only a challenge is worth a second try on the same connection, and only if the client waited for our answer: what it sent
            // before was meant for the tunnel and must not be read as requests.
            closesAfterAnswer = closesAfterAnswer || error.status != 407 || parser.bufferedBytes > 0
            refuseUnadmitted(error, head: head)
        }
    }

    /// From here on every byte is TLS, also what came before our answer: it can mean nothing else.
    private func handOver(to entrance: Entrance, tls: NIOSSLContext) {
        guard let context else { return }
        let early = parser.takeBuffered()
        reading = .discarding
        loop.remove(self)
        flushOutput()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 200 Connection established\r\n\r\n")), promise: nil)
        do {
            try CallerPipeline(loop: loop, connections: connections, entrance: entrance).intercept(on: context.channel, tls: tls)
        } catch {
            return context.close(promise: nil)
        }
        resumeReading()
        if early.readableBytes > 0 { context.fireChannelRead(NIOAny(early)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
