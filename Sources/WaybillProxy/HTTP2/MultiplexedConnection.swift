import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2

/// A caller's HTTP/2 connection: every stream gets a `CallerHandler` of its own, and this looks after what they share.
final class MultiplexedConnection: ChannelInboundHandler, CallerConnection {
    typealias InboundIn = HTTP2Frame

    private let loop: LoopContext
    private let connections: ConnectionCount
    private let entrance: Entrance
    private var context: ChannelHandlerContext?
    private var streams = 0
    /// When a connection without streams is told to go, and when one that was told is closed.
    private var deadline: NIODeadline
    private var isGoing = false

    private init(_ pipeline: CallerPipeline) {
        loop = pipeline.loop
        connections = pipeline.connections
        entrance = pipeline.entrance
        deadline = .now() + .milliseconds(Int64(loop.limits.callerIdleMillisecondsMax))
    }

    /// TLS stands and agreed on `h2`. HTTP/2 without that agreement is not served.
    static func serve(_ channel: any Channel, _ pipeline: CallerPipeline) throws {
        let connection = MultiplexedConnection(pipeline)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        // Knows how to say GOAWAY so that no request on its way is lost; the times are ours.
        let farewell = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop, configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil))
        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: connectionConfiguration(pipeline.loop.limits),
            streamConfiguration: streamConfiguration(pipeline.loop.limits), streamDelegate: farewell.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture { try bound.value.serve(stream) }
        }
        try channel.pipeline.syncOperations.addHandlers(farewell, connection)
    }

    private func serve(_ stream: any Channel) throws {
        try stream.pipeline.syncOperations.addHandlers(
            StreamHandler(self), CallerHandler(loop: loop, connections: connections, entrance: entrance))
    }

    private static func connectionConfiguration(_ limits: ProxyLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streamsPerConnectionMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.requestHeadBytesMax),
            HTTP2Setting(parameter: .headerTableSize, value: limits.headerTableBytesMax),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindowBytes),
            HTTP2Setting(parameter: .enablePush, value: 0),
        ]
        configuration.maximumSequentialContinuationFrames = limits.continuationFramesMax
        configuration.targetWindowSize = limits.connectionWindowBytes
        configuration.maximumConnectionGlitches = limits.floodFramesMax
        configuration.maximumBufferedControlFrames = limits.floodFramesMax
        configuration.controlFrameRateLimit.maximumCount = limits.floodFramesMax
        configuration.controlFrameRateLimit.windowLength = .milliseconds(Int64(limits.floodMilliseconds))
        return configuration
    }

    private static func streamConfiguration(_ limits: ProxyLimits) -> NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = limits.streamWindowBytes
        configuration.streamResetFrameRateLimit.maximumCount = limits.floodFramesMax
        configuration.streamResetFrameRateLimit.windowLength = .milliseconds(Int64(limits.floodMilliseconds))
        configuration.streamErrorRateLimit.maximumCount = limits.floodFramesMax
        configuration.streamErrorRateLimit.windowLength = .milliseconds(Int64(limits.floodMilliseconds))
        return configuration
    }

    // MARK: Streams

    func streamOpened() { streams += 1 }

    func streamClosed() {
        streams -= 1
        guard streams == 0 else { return }
        setDeadline(isGoing ? loop.limits.drainMillisecondsMax : loop.limits.callerIdleMillisecondsMax)
    }

    private func setDeadline(_ milliseconds: Int) { deadline = .now() + .milliseconds(Int64(milliseconds)) }

    // MARK: Channel and loop

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Frames of no stream; NIOHTTP2 has answered them.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    /// NIOHTTP2 has told the caller, and ended the stream or, of a flood, the connection. For what is between, which cannot be told apart
    /// from here: no new streams, and those that are well come to their end. The error is not written down, because it may quote a field.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.logger.debug("a caller broke a rule of HTTP/2")
        if Self.isFlood(error) { abort() } else { stop() }
    }

    private static func isFlood(_ error: any Error) -> Bool {
        switch error {
        case is NIOHTTP2Errors.ExcessiveRSTFrames, is NIOHTTP2Errors.ExcessiveControlFrames, is NIOHTTP2Errors.ExcessiveStreamErrors,
            is NIOHTTP2Errors.ExcessiveEmptyDataFrames, is NIOHTTP2Errors.ExcessiveContinuationFrames,
            is NIOHTTP2Errors.ExcessiveNumberOfGlitches, is NIOHTTP2Errors.ExcessiveOutboundFrameBuffering:
            true
        default: false
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.remove(self)
        context.fireChannelInactive()
    }

    func tick(now: NIODeadline) {
        guard streams == 0, now >= deadline else { return }
        if isGoing { abort() } else { stop() }
    }

    /// GOAWAY: requests under way are finished, further ones belong on another connection.
    func stop() {
        guard !isGoing else { return }
        isGoing = true
        setDeadline(loop.limits.drainMillisecondsMax)
        context?.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    func abort() { context?.close(promise: nil) }
}
