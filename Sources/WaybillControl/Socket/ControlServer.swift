package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Listens on the control socket (0600) for commands of the same user. Start it only while holding the `StoreLock`.
package final class ControlServer: Sendable {
    private struct State {
        var listener: (any Channel)?
        var nextConnection = 0
        var connections: [Int: Task<Void, Never>] = [:]
    }

    private let socketPath: String
    private let dispatcher: ControlDispatcher
    private let limits: ControlLimits
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state = Mutex(State())

    package init(
        socketPath: String, commands: [any ControlCommand], limits: ControlLimits = ControlLimits(), group: any EventLoopGroup,
        logger: Logger
    ) {
        self.socketPath = socketPath
        dispatcher = ControlDispatcher(commands)
        self.limits = limits
        self.group = group
        self.logger = logger
    }

    /// Returns when commands can connect.
    package func start() async throws(ControlFailure) {
        let path = try ControlPath(socket: socketPath)
        let directory = try path.makePrivateDirectory()
        let listener: any Channel
        do {
            listener = try await bind(path.privatePath(in: directory))
        } catch {
            path.discard(directory)
            throw ControlFailure(code: "control_socket", message: "The control socket cannot be opened; check the limits on open files.")
        }
        do {
            try path.publish(from: directory)
        } catch {
            listener.close(promise: nil)
            throw error
        }
        state.withLock { $0.listener = listener }
    }

    /// No new commands; those under way have `limits.stopSeconds` to end, then they are cut off.
    package func stop() async {
        guard let listener = state.withLock({ $0.listener.take() }) else { return }
        ControlPath.remove(socketPath)
        do {
            try await listener.close()
        } catch {
            logger.debug("control listener was closed already", metadata: ["error": "\(type(of: error))"])
        }
        let open = state.withLock { $0.connections }.values
        let patience = Task {
            try await Task.sleep(for: .seconds(limits.stopSeconds))
            logger.warning("commands cut off at stop")
            for connection in open { connection.cancel() }
        }
        for connection in open { await connection.value }
        patience.cancel()
    }

    private func bind(_ path: String) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(limits.connectionsMax))
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        InputTimeout(first: .seconds(limits.requestSeconds), later: .seconds(limits.inputSeconds)))
                    let connection = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(
                            backPressureStrategy: .init(lowWatermark: 2, highWatermark: 8), isOutboundHalfClosureEnabled: true))
                    take(connection)
                }
            }
            .bind(unixDomainSocketPath: path).get()
    }

    /// From here on the connection is served to its end, whatever happens to the listener.
    private func take(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) {
        state.withLock { state in
            let id = state.nextConnection
            state.nextConnection += 1
            let isAdmitted = state.connections.count < limits.connectionsMax
            state.connections[id] = Task {
                await serve(connection, isAdmitted: isAdmitted)
                self.state.withLock { $0.connections[id] = nil }
            }
        }
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, isAdmitted: Bool) async {
        do {
            try await ControlConnection(limits: limits, dispatcher: dispatcher).serve(connection, isAdmitted: isAdmitted)
        } catch {
            // The sender went away or kept us waiting: there is nobody to tell.
            logger.debug("control connection ended early", metadata: ["error": "\(type(of: error))"])
        }
    }
}
