import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Testing
import WaybillTesting

/// A caller that speaks HTTP/2 over TLS through NIOHTTP2 and may break its rules: what it sends is not validated.
final class StreamClient: Sendable {
    struct Connection {
        var negotiated: String?
        var farewells: [HTTP2ErrorCode] = []
        var isClosed = false
    }
    final class Shared: Sendable {
        let state = Mutex(Connection())
    }
    private let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    private let shared: Shared

    private init(_ channel: any Channel, _ multiplexer: NIOHTTP2Handler.StreamMultiplexer, _ shared: Shared) {
        self.channel = channel
        self.multiplexer = multiplexer
        self.shared = shared
    }

    static func connect(port: Int, trustPEM: String, serverName: String = "localhost") async throws -> StreamClient {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(trustPEM.utf8)))
        configuration.applicationProtocols = ["h2"]
        let tls = try NIOSSLContext(configuration: configuration)
        let shared = Shared()
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        let configured = connection
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    try sync.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    _ = try sync.configureHTTP2Pipeline(
                        mode: .client, connectionConfiguration: configured, streamConfiguration: .init()
                    ) { $0.eventLoop.makeSucceededVoidFuture() }
                    try sync.addHandler(RootFrames(shared))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let multiplexer = try await channel.pipeline.handler(type: NIOHTTP2Handler.self).flatMap { $0.multiplexer }.get()
        return StreamClient(channel, multiplexer, shared)
    }

    /// `readsSlowly`: takes nothing, so that its window is not opened again.
    func open(readsSlowly: Bool = false) async throws -> Stream {
        let shared = Stream.Shared()
        let promise = channel.eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: promise) { channel in
            channel.setOption(.autoRead, value: !readsSlowly).flatMapThrowing {
                try channel.pipeline.syncOperations.addHandler(StreamFrames(shared))
            }
        }
        return Stream(try await promise.futureResult.get(), shared)
    }

    /// One request on a stream of its own.
    func send(_ headers: HPACKHeaders, _ body: String? = nil) async throws -> Stream.Answer {
        let stream = try await open()
        stream.push(headers, body)
        return try await stream.answer()
    }

    var negotiated: String? { shared.state.withLock { $0.negotiated } }
    var farewells: [HTTP2ErrorCode] { shared.state.withLock { $0.farewells } }
    var isClosed: Bool { shared.state.withLock { $0.isClosed } }
    func close() { channel.close(promise: nil) }
}

/// One request and its answer as frames.
final class Stream: Sendable {
    struct TimedOut: Error {}
    struct Answer: Sendable {
        var status: Int
        var headers: HPACKHeaders
        var body: [UInt8]
        /// The stream was reset, before or after its end.
        var reset: HTTP2ErrorCode?
        /// END_STREAM came.
        var isWhole: Bool
        var text: String { String(decoding: body, as: UTF8.self) }
        func value(_ name: String) -> String? { headers.first(name: name) }
    }
    struct Incoming {
        var heads: [HPACKHeaders] = []
        var body: [UInt8] = []
        var reset: HTTP2ErrorCode?
        var isWhole = false
        var isClosed = false
    }
    final class Shared: Sendable {
        let incoming = Mutex(Incoming())
    }
    private let channel: any Channel
    private let shared: Shared

    fileprivate init(_ channel: any Channel, _ shared: Shared) {
        self.channel = channel
        self.shared = shared
    }

    func send(_ headers: HPACKHeaders, endsStream: Bool = false) async throws {
        try await channel.writeAndFlush(HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: endsStream)))
    }

    func send(_ body: String, endsStream: Bool = false) async throws { try await send(ByteBuffer(string: body), endsStream: endsStream) }

    func send(_ body: ByteBuffer, endsStream: Bool = false) async throws {
        try await channel.writeAndFlush(HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(body), endStream: endsStream)))
    }

    /// A whole request at once, whether the gate still wants all of it or not. `body` nil: the stream ends with the head.
    func push(_ headers: HPACKHeaders, _ body: String?, trailers: HPACKHeaders? = nil) {
        channel.write(HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: body == nil)), promise: nil)
        if let body {
            let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer(string: body)), endStream: trailers == nil)
            channel.write(HTTP2Frame.FramePayload.data(data), promise: nil)
        }
        if let trailers { channel.write(HTTP2Frame.FramePayload.headers(.init(headers: trailers, endStream: true)), promise: nil) }
        channel.flush()
    }

    func reset() async throws { try await channel.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel)) }

    var received: Incoming { shared.incoming.withLock { $0 } }

    /// The whole answer, and the stream's end.
    func answer(withinMilliseconds: Int = 60_000) async throws -> Answer {
        for _ in 0..<(withinMilliseconds / 5) {
            let incoming = received
            if incoming.isClosed {
                let head = incoming.heads.last { !($0.first(name: ":status") ?? "").hasPrefix("1") } ?? HPACKHeaders()
                return Answer(
                    status: head.first(name: ":status").flatMap { Int($0) } ?? 0, headers: head, body: incoming.body, reset: incoming.reset,
                    isWhole: incoming.isWhole)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TimedOut()
    }
}

private final class RootFrames: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    private let shared: StreamClient.Shared

    init(_ shared: StreamClient.Shared) { self.shared = shared }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name) = event as? TLSUserEvent { shared.state.withLock { $0.negotiated = name } }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway(_, let code, _) = unwrapInboundIn(data).payload { shared.state.withLock { $0.farewells.append(code) } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    func channelInactive(context: ChannelHandlerContext) { shared.state.withLock { $0.isClosed = true } }
}

private final class StreamFrames: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    private let shared: Stream.Shared

    init(_ shared: Stream.Shared) { self.shared = shared }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        shared.incoming.withLock { incoming in
            switch frame {
            case .headers(let headers):
                incoming.heads.append(headers.headers)
                incoming.isWhole = incoming.isWhole || headers.endStream
            case .data(let data):
                if case .byteBuffer(let bytes) = data.data { incoming.body += bytes.readableBytesView }
                incoming.isWhole = incoming.isWhole || data.endStream
            default: break
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let closed = error as? NIOHTTP2Errors.StreamClosed { shared.incoming.withLock { $0.reset = closed.errorCode } }
    }

    func channelInactive(context: ChannelHandlerContext) { shared.incoming.withLock { $0.isClosed = true } }
}

/// Heads of requests.
enum Head {
    static func post(_ path: String = "/to/acme/v1/contacts", _ more: [(String, String)] = [], length: Int? = nil) -> HPACKHeaders {
        request("POST", path, [("content-type", "application/json")] + (length.map { [("content-length", "\($0)")] } ?? []) + more)
    }

    static func request(_ method: String, _ path: String = "/to/acme/v1/contacts", _ more: [(String, String)] = []) -> HPACKHeaders {
        pseudo([(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)], more)
    }

    static func pseudo(_ pseudo: [(String, String)], _ more: [(String, String)] = []) -> HPACKHeaders {
        HPACKHeaders(pseudo + [("waybill-token", FakePolicy.token)] + more)
    }
}

extension Harness {
    private static let listenerAuthority = Result { try TestAuthority(name: "listener authority") }

    /// A gate whose listener speaks TLS, and a caller connected to it by HTTP/2.
    static func runWithStreams(
        _ configure: (inout Setup) -> Void = { _ in }, _ body: (Harness, StreamClient) async throws -> Void
    ) async throws {
        let identity = try listenerAuthority.get().issue(["localhost"])
        try await run { setup in
            setup.listenerTLS = identity
            configure(&setup)
        } _: { harness in
            try await harness.withStreams { try await body(harness, $0) }
        }
    }

    /// Another connection to the same gate.
    func withStreams(_ body: (StreamClient) async throws -> Void) async throws {
        let client = try await StreamClient.connect(port: port, trustPEM: try Self.listenerAuthority.get().certificatePEM)
        defer { client.close() }
        try await body(client)
    }
}
