import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// The control listener: HTTP for probes, monitoring, the API and the console, apart from the data plane, so that neither waits for
/// the other.
///
/// `start` once, then `stop` once.
package actor ControlListener {
    private let configuration: ControlListenerConfiguration
    private let observation: any GateObservation
    private let publication: (any LogPublication)?
    private let exports: (any ExportPulls)?
    private let surface: ControlSurface?
    private let logger: Logger
    /// Not the data plane's, and never shut down: Hummingbird lets go of a server a moment after it has ended.
    private let group = MultiThreadedEventLoopGroup.singleton
    private var serving: (services: ServiceGroup, task: Task<Void, Never>)?
    /// For what is under way when it stops.
    private static let stopSecondsMax = 2

    private enum News: Sendable {
        case listening(port: Int)
        case failed(String)
    }

    /// `publication`, `exports`, `surface`: nil: `/log/…`, `/log/export`, the API and the console are not served.
    package init(
        _ configuration: ControlListenerConfiguration, observation: any GateObservation, publication: (any LogPublication)? = nil,
        exports: (any ExportPulls)? = nil, surface: ControlSurface? = nil, logger: Logger
    ) {
        self.configuration = configuration
        self.observation = observation
        self.publication = publication
        self.exports = exports
        self.surface = surface
        self.logger = logger
    }

    /// Returns the port once it accepts.
    package func start() async throws(ControlFailure) -> Int {
        let builder = try serverBuilder()
        let api = try surface.map { surface throws(ControlFailure) in try APIMachine(surface, logger: logger) }
        let console = try surface.map { surface throws(ControlFailure) in
            try ConsoleRoutes(surface, logger: logger)
        }
        let routes = ControlRoutes(
            observation: observation, metricsTokenSHA256: configuration.metricsTokenSHA256,
            log: publication.map { LogRoutes(publication: $0, tokenSHA256: configuration.logTokenSHA256, surface: surface) },
            exports: exports.map { ExportRoutes(pulls: $0, tokenSHA256: configuration.logTokenSHA256, surface: surface) }, surface: surface,
            api: api, console: console, peers: PeerMiddleware(proxies: configuration.proxies, isTLS: configuration.tls != nil),
            logger: logger)
        let (news, told) = AsyncStream.makeStream(of: News.self)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        let application = Application(
            router: routes.router, server: builder,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.connectionsMax, logger: quiet)),
            onServerRunning: { told.yield(.listening(port: $0.localAddress?.port ?? 0)) },
            eventLoopGroupProvider: .shared(group), logger: quiet)
        // Not a child of whoever starts it: the caller's graceful shutdown must not end it, because it tells that the gate is draining.
        let services = ServiceGroup(configuration: Self.lifeCycle(of: application, logger: quiet))
        let task = Task.detached {
            do {
                try await services.run()
                told.yield(.failed("it stopped"))
            } catch {
                told.yield(.failed("\(error)"))
            }
            told.finish()
        }
        serving = (services, task)
        for await one in news {
            switch one {
            case .listening(let port): return port
            case .failed(let why):
                throw ControlFailure(
                    code: "control_listener",
                    message: "Cannot listen on \(configuration.host):\(configuration.port) (\(why)); free the port or configure another.")
            }
        }
        throw ControlFailure(code: "control_listener", message: "The control listener did not start.")
    }

    private static func lifeCycle(of application: some Service, logger: Logger) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(services: [.init(service: application)], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(stopSecondsMax)
        return configuration
    }

    /// Accepts nobody any more, and cuts off what has not ended soon.
    package func stop() async {
        if let (services, task) = serving {
            await services.triggerGracefulShutdown()
            await task.value
        }
        serving = nil
    }

    private func serverBuilder() throws(ControlFailure) -> HTTPServerBuilder {
        let body = surface.map { max(APIMachine.bodyBytesMax($0.operations), MultipartForm.bytesMax) } ?? 0
        // What chunks add to a body is less than a part in 32 of it.
        let bytesMax = configuration.requestBytesMax + body + body / 32
        let connections = PeerConnections(most: configuration.connectionsMaxPerPlace, proxies: configuration.proxies)
        let isTLS = configuration.tls != nil
        let (patience, idle) = (
            TimeAmount.seconds(Int64(configuration.requestSecondsMax)), TimeAmount.seconds(Int64(configuration.idleSecondsMax))
        )
        let http = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    BoundsInstaller(RequestBounds(bytesMax: bytesMax, patience: patience, idle: idle), connections, isTLS: isTLS)
                ],
                idleTimeout: idle))
        guard let tls = configuration.tls else { return http }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(tls.certificatePath).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: tls.keyPath, format: .pem)
            var settings = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            settings.minimumTLSVersion = .tlsv12
            settings.applicationProtocols = ["http/1.1"]
            if let path = tls.clientCAPath {
                settings.trustRoots = .file(path)
                settings.certificateVerification = .optionalVerification
            }
            return try .tls(http, tlsConfiguration: settings)
        } catch {
            throw ControlFailure(
                code: "control_listener",
                message: "The control listener's certificate \(tls.certificatePath) and key \(tls.keyPath) cannot be used (\(error)); "
                    + "give a PEM chain, leaf first, and its unencrypted key, and as client_ca PEM certificates.")
        }
    }
}
