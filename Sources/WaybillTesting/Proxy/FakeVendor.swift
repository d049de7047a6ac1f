import NIOCore
package import NIOPosix
import NIOSSL
import Synchronization

/// A vendor's API over real TLS on loopback: keeps every byte it receives and answers as it is told.
///
/// It reads requests in the plainest way (head, then Content-Length bytes), because the gate must never send anything else.
package final class FakeVendor: Sendable {
    package struct Request: Sendable {
        package var requestLine: String
        /// In order, as received.
        package var fields: [(name: String, value: String)]
        package var body: [UInt8]
        /// Number of the connection it came on, from 0.
        package var connection: Int

        package func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }
        package var text: String { String(decoding: body, as: UTF8.self) }
    }
    package enum Step: Sendable {
        case write(String)
        case writeBytes([UInt8])
        case wait(milliseconds: Int64)
        /// Orderly, with close_notify.
        case close
    }
    struct Log {
        var bytes: [UInt8] = []
        var requests: [Request] = []
        var connections = 0
        var open: [Int: any Channel] = [:]
        var respond: @Sendable (Request) -> [Step]
        var early: String?
    }
    private let shared: SharedLog
    private let channel: any Channel
    package let port: Int

    /// `identity` nil: plain HTTP. `clientRootPEM`: whose client certificates it asks for; nil: none.
    package static func start(
        identity: TestAuthority.Identity?, clientRootPEM: String? = nil, group: MultiThreadedEventLoopGroup = .singleton,
        respond: @escaping @Sendable (Request) -> [Step] = { _ in [.write(FakeVendor.answer(200, #"{"ok":true}"#))] }
    ) async throws -> FakeVendor {
        let tls = try identity.map { identity in
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(identity.keyPEM.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            if let clientRootPEM {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(clientRootPEM.utf8)))
                configuration.certificateVerification = .noHostnameVerification
            }
            return try NIOSSLContext(configuration: configuration)
        }
        let shared = SharedLog(respond)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(FakeVendorHandler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeVendor(shared, channel)
    }

    private init(_ shared: SharedLog, _ channel: any Channel) {
        self.shared = shared
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    package var requests: [Request] { shared.log.withLock { $0.requests } }
    /// Every byte after TLS, whether it made up a request or not.
    package var bytes: [UInt8] { shared.log.withLock { $0.bytes } }
    /// Connections on which TLS stood or a byte came.
    package var connections: Int { shared.log.withLock { $0.connections } }
    package func respond(_ respond: @escaping @Sendable (Request) -> [Step]) { shared.log.withLock { $0.respond = respond } }
    /// Answers as soon as a head has come, and reads no more of that connection.
    package func answersEarly(_ text: String) { shared.log.withLock { $0.early = text } }
    /// Closes every connection from the vendor's side.
    package func closeConnections() {
        for channel in shared.log.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
    }
    package func stop() async throws {
        try await channel.close()
        closeConnections()
    }

    package static func answer(_ status: Int, _ body: String, fields: [String] = []) -> String {
        let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    final class SharedLog: Sendable {
        let log: Mutex<Log>
        init(_ respond: @escaping @Sendable (Request) -> [Step]) { log = Mutex(Log(respond: respond)) }
    }
}

private final class FakeVendorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let shared: FakeVendor.SharedLog
    private var buffer: [UInt8] = []
    private var number = 0

    init(_ shared: FakeVendor.SharedLog) { self.shared = shared }

    func channelActive(context: ChannelHandlerContext) {
        number = shared.log.withLock { log in
            log.connections += 1
            log.open[log.connections - 1] = context.channel
            return log.connections - 1
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        shared.log.withLock { $0.open[number] = nil }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        buffer += bytes
        let early = shared.log.withLock { log in
            log.bytes += bytes
            return log.early
        }
        if let early {
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: early)), promise: nil)
            return
        }
        while let request = takeRequest() {
            let respond = shared.log.withLock { log in
                log.requests.append(request)
                return log.respond
            }
            run(respond(request)[...], context)
        }
    }

    private func takeRequest() -> FakeVendor.Request? {
        guard let end = (buffer.indices.dropLast(3).first { buffer[$0...].starts(with: [13, 10, 13, 10]) }) else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let length = fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard buffer.count >= end + 4 + length else { return nil }
        let body = Array(buffer[(end + 4)..<(end + 4 + length)])
        buffer.removeFirst(end + 4 + length)
        return FakeVendor.Request(requestLine: lines.first ?? "", fields: Array(fields), body: body, connection: number)
    }

    private func run(_ steps: ArraySlice<FakeVendor.Step>, _ context: ChannelHandlerContext) {
        guard let step = steps.first else { return }
        switch step {
        case .write(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .writeBytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .close: return context.close(promise: nil)
        case .wait(let milliseconds):
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
                self.run(steps.dropFirst(), context)
            }
            return
        }
        run(steps.dropFirst(), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
