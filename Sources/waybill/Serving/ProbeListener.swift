import Logging
import WaybillControl

/// The control listener of a running gate, if the configuration asks for one.
struct ProbeListener {
    let address: HostPort
    private let listener: ControlListener

    static func start(
        _ settings: Settings, watch: GateWatch, publication: any LogPublication, surface: ControlSurface?, logger: Logger
    ) async throws -> ProbeListener? {
        guard let control = settings.control else { return nil }
        var configuration = ControlListenerConfiguration(
            host: control.address.host, port: control.address.port,
            tls: control.tls.map { .init(certificatePath: $0.certificate, keyPath: $0.key, clientCAPath: $0.clientCA) },
            metricsTokenSHA256: try Wiring.token("metrics_token", settings), logTokenSHA256: try Wiring.token("log_token", settings))
        configuration.proxies = settings.proxies
        // A connection of its own, so that who pulls long pages keeps nobody else waiting.
        let exports = ExportReader(try Wiring.exportedLogs(settings))
        let listener = ControlListener(
            configuration, observation: watch, publication: publication, exports: exports, surface: surface, logger: logger)
        do throws(ControlFailure) {
            let port = try await listener.start()
            return ProbeListener(address: HostPort(host: control.address.host, port: port), listener: listener)
        } catch {
            await listener.stop()
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    func stop() async { await listener.stop() }
}
