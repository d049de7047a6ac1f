import FoundationEssentials
import NIOCore

/// One connection on the server's side: a request line, its input, its answers.
struct ControlConnection {
    let limits: ControlLimits
    let dispatcher: ControlDispatcher

    func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, isAdmitted: Bool) async throws {
        try await connection.executeThenClose { inbound, outbound in
            let output = ControlOutput { (reply) throws(ControlFailure) in
                do {
                    try await outbound.write(ByteBuffer(bytes: reply.line + [UInt8(ascii: "\n")]))
                } catch {
                    throw Self.gone
                }
            }
            var reader = ConnectionReader(iterator: inbound.makeAsyncIterator())
            do {
                guard isAdmitted else {
                    throw ControlFailure(
                        code: "too_many_commands", message: "The gate runs as many commands as it may; wait for one to end.")
                }
                let request = try decode(try await reader.line(bytesMax: limits.requestBytesMax))
                let input = ControlInput { () throws(ControlFailure) in
                    do {
                        return try await reader.frame(bytesMax: limits.frameBytesMax)
                    } catch {
                        throw Self.gone
                    }
                }
                try await dispatcher.run(request, input: input, output: output)
            } catch let failure as ControlFailure {
                try await output.send(.failure, failure)
            }
            outbound.finish()
            // A sender in the middle of its input would lose the answer if the socket closed under it.
            try await reader.drain()
        }
    }

    private func decode(_ line: [UInt8]?) throws -> ControlRequest {
        do {
            if let line { return try JSONDecoder().decode(ControlRequest.self, from: Data(line)) }
        } catch is DecodingError {}
        throw ControlFailure(
            code: "bad_request", message: "The first line must be a request: {\"version\":1,\"command\":…,\"arguments\":{…}}.")
    }

    private static let gone = ControlFailure(code: "connection_lost", message: "The other end went away; run the command again.")
}

/// Lines and frames out of whatever pieces arrive.
private struct ConnectionReader {
    struct Broken: Error {}

    var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var pending = ByteBuffer()
    private var isEnded = false

    init(iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) { self.iterator = iterator }

    /// Nil: longer than allowed, or never ended.
    mutating func line(bytesMax: Int) async throws -> [UInt8]? {
        var searched = 0
        while true {
            let view = pending.readableBytesView
            if let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending.readBytes(length: end - view.startIndex)
                pending.moveReaderIndex(forwardBy: 1)
                return line.flatMap { $0.count <= bytesMax ? $0 : nil }
            }
            searched = view.count
            guard searched <= bytesMax, try await more() else { return nil }
        }
    }

    /// Nil: the frame of length 0, by which the sender says that this was all. An end without it is a sender that died.
    mutating func frame(bytesMax: Int) async throws -> [UInt8]? {
        if isEnded { return nil }
        while pending.readableBytes < 4 { guard try await more() else { throw Broken() } }
        guard let length = pending.readInteger(as: UInt32.self), length <= bytesMax else { throw Broken() }
        if length == 0 {
            isEnded = true
            return nil
        }
        while pending.readableBytes < length { guard try await more() else { throw Broken() } }
        return pending.readBytes(length: Int(length))
    }

    mutating func drain() async throws {
        pending.clear()
        while try await iterator.next(isolation: #isolation) != nil {}
    }

    private mutating func more() async throws -> Bool {
        guard let buffer = try await iterator.next(isolation: #isolation) else { return false }
        pending.discardReadBytes()
        pending.writeImmutableBuffer(buffer)
        return true
    }
}
