import NIOCore
import NIOPosix

/// Sends one command to a running gate.
package struct ControlClient: Sendable {
    private let socketPath: String
    private let limits: ControlLimits

    package init(socketPath: String, limits: ControlLimits = ControlLimits()) {
        self.socketPath = socketPath
        self.limits = limits
    }

    /// Whether a gate listens.
    package func answers() async -> Bool {
        do {
            try await connect().executeThenClose { _, _ in }
            return true
        } catch {
            return false
        }
    }

    /// Sends the request and its input while taking the answers. `onReply` gets progress and problems; the result is returned,
    /// a failure thrown. Input that the gate no longer wants, because it has answered, is not read to its end.
    package func run(
        _ request: ControlRequest, input: @escaping @Sendable () async throws(ControlFailure) -> [UInt8]?,
        onReply: @escaping @Sendable (ControlReply) async -> Void
    ) async throws(ControlFailure) -> ControlReply {
        do {
            let connection = try await connect()
            let head = try ControlReply.requestLine(request)
            let last = try await connection.executeThenClose { inbound, outbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await outbound.write(ByteBuffer(bytes: head))
                        while let bytes = try await input() {
                            for piece in bytes.pieces(of: limits.frameBytesMax) { try await outbound.write(Self.frame(piece)) }
                        }
                        // The empty frame ends the input. Closing our half as well would make the kernel report a hang-up when the gate
                        // closes its half, and the end of its answer could be lost.
                        try await outbound.write(Self.frame([]))
                    }
                    let last = try await replies(inbound, onReply: onReply)
                    group.cancelAll()
                    return last
                }
            }
            if last.kind == .failure { throw try last.decode(ControlFailure.self) }
            return last
        } catch let failure as ControlFailure {
            throw failure
        } catch {
            throw ControlFailure(
                code: "connection_lost", message: "The gate went away before it answered; see its log, then run the command again.")
        }
    }

    private static func frame(_ bytes: ArraySlice<UInt8>) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
        return buffer
    }

    private func replies(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, onReply: @Sendable (ControlReply) async -> Void
    ) async throws -> ControlReply {
        var pending: [UInt8] = []
        for try await buffer in inbound {
            pending.append(contentsOf: buffer.readableBytesView)
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let reply = try ControlReply(line: Array(pending[..<end]))
                pending.removeSubrange(...end)
                if reply.isLast { return reply }
                await onReply(reply)
            }
            guard pending.count <= limits.replyBytesMax else { break }
        }
        throw ControlFailure(
            code: "connection_lost", message: "The gate went away before it answered; see its log, then run the command again.")
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(unixDomainSocketPath: socketPath) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
    }
}

extension [UInt8] {
    fileprivate func pieces(of size: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
