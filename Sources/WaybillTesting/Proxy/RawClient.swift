import NIOCore
package import NIOPosix
import NIOSSL
import Synchronization

/// A caller that writes exactly the bytes it is told and keeps exactly those it gets.
package final class RawClient: Sendable {
    package struct Answer: Sendable {
        package var status: Int
        package var fields: [(name: String, value: String)]
        package var body: [UInt8]
        package func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }
        package func value(_ name: String) -> String? { values(name).first }
        package var text: String { String(decoding: body, as: UTF8.self) }
    }
    package struct TimedOut: Error {}

    struct Incoming {
        var bytes: [UInt8] = []
        var isClosed = false
    }
    final class Shared: Sendable {
        let incoming = Mutex(Incoming())
    }
    private let shared: Shared
    private let channel: any Channel

    private init(_ shared: Shared, _ channel: any Channel) {
        self.shared = shared
        self.channel = channel
    }

    /// `trustPEM`: speak TLS and trust that root; `localhost` is the name verified. `identity`: the client's certificate.
    /// `readsSlowly`: takes nothing off the socket.
    package static func connect(
        port: Int, trustPEM: String? = nil, identity: TestAuthority.Identity? = nil, readsSlowly: Bool = false,
        group: MultiThreadedEventLoopGroup = .singleton
    ) async throws -> RawClient {
        let shared = Shared()
        let tls = try trustPEM.map { try clientTLS(trustPEM: $0, identity: identity) }
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: !readsSlowly)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(RawClientHandler(shared))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawClient(shared, channel)
    }

    private static func clientTLS(
        trustPEM: String, identity: TestAuthority.Identity? = nil, verifiesName: Bool = true
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(trustPEM.utf8)))
        if !verifiesName { configuration.certificateVerification = .noHostnameVerification }
        if let identity {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8)).map {
                .certificate($0)
            }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.keyPEM.utf8), format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// From here on everything sent and received goes through TLS, inside what there is already.
    ///
    /// `serverName`: in the ClientHello, and what the certificate must be for unless `verifiesName` is false; nil: none.
    package func startTLS(trustPEM: String, serverName: String?, verifiesName: Bool = true) async throws {
        let tls = try Self.clientTLS(trustPEM: trustPEM, verifiesName: verifiesName)
        let channel = channel
        try await channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let reader = try pipeline.handler(type: RawClientHandler.self)
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName), position: .before(reader))
        }.get()
    }

    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }
    package func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    package func close() { channel.close(promise: nil) }
    /// Ends this side only: nothing more will be sent.
    package func finishSending() async throws { try await channel.close(mode: .output) }
    /// Goes without a farewell, as a process that dies does.
    package func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    package var received: [UInt8] { shared.incoming.withLock { $0.bytes } }
    package var isClosed: Bool { shared.incoming.withLock { $0.isClosed } }

    /// Everything received so far, taken off.
    package func takeReceived() -> [UInt8] {
        shared.incoming.withLock { incoming in
            defer { incoming.bytes = [] }
            return incoming.bytes
        }
    }

    /// The next whole final answer, interim ones skipped; takes it off what has come. `toHEAD`: it has no body; `toCONNECT`: a 200 has none.
    package func answer(toHEAD: Bool = false, toCONNECT: Bool = false, withinMilliseconds: Int = 60_000) async throws -> Answer {
        try await poll(withinMilliseconds) {
            self.shared.incoming.withLock { incoming in
                AnswerReader.take(&incoming.bytes, isClosed: incoming.isClosed, toHEAD: toHEAD, toCONNECT: toCONNECT)
            }
        }
    }

    /// Until the other side closes.
    package func waitForClose(withinMilliseconds: Int = 60_000) async throws {
        try await poll(withinMilliseconds) { self.isClosed ? () : nil }
    }

    private func poll<T>(_ milliseconds: Int, _ look: () -> T?) async throws -> T {
        for _ in 0...(milliseconds / 2) {
            if let found = look() { return found }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw TimedOut()
    }
}

private final class RawClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let shared: RawClient.Shared
    init(_ shared: RawClient.Shared) { self.shared = shared }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        shared.incoming.withLock { $0.bytes += bytes }
    }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent { shared.incoming.withLock { $0.isClosed = true } }
    }
    func channelInactive(context: ChannelHandlerContext) { shared.incoming.withLock { $0.isClosed = true } }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Reads answers apart from the code under test.
private enum AnswerReader {
    static func take(_ bytes: inout [UInt8], isClosed: Bool, toHEAD: Bool, toCONNECT: Bool) -> RawClient.Answer? {
        guard let end = (bytes.indices.dropLast(3).first { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        if status < 200 {
            bytes.removeFirst(end + 4)
            return take(&bytes, isClosed: isClosed, toHEAD: toHEAD, toCONNECT: toCONNECT)
        }
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        var answer = RawClient.Answer(status: status, fields: Array(fields), body: [])
        guard let (body, length) = body(of: answer, bytes[(end + 4)...], isClosed: isClosed, toHEAD: toHEAD || toCONNECT && status == 200)
        else { return nil }
        answer.body = body
        bytes.removeFirst(end + 4 + length)
        return answer
    }

    private static func body(
        of answer: RawClient.Answer, _ rest: ArraySlice<UInt8>, isClosed: Bool, toHEAD: Bool
    ) -> (body: [UInt8], length: Int)? {
        if toHEAD || answer.status == 204 || answer.status == 304 { return ([], 0) }
        if answer.value("transfer-encoding") == "chunked" { return chunked(rest) }
        if let length = answer.value("content-length").flatMap({ Int($0) }) {
            return rest.count >= length ? (Array(rest.prefix(length)), length) : nil
        }
        return isClosed ? (Array(rest), rest.count) : nil
    }

    private static func chunked(_ rest: ArraySlice<UInt8>) -> (body: [UInt8], length: Int)? {
        var body: [UInt8] = []
        var i = rest.startIndex
        while true {
            guard let lineEnd = rest[i...].firstIndex(of: 13), let size = Int(String(decoding: rest[i..<lineEnd], as: UTF8.self), radix: 16)
            else { return nil }
            let start = lineEnd + 2
            guard rest.endIndex >= start + size + 2 else { return nil }
            body += rest[start..<(start + size)]
            i = start + size + 2
            if size == 0 { return (body, i - rest.startIndex) }
        }
    }
}
