import Hummingbird
import Logging

/// `/healthz`, `/readyz`, `/metrics`, `/log`, the API and the console.
struct ControlRoutes: Sendable {
    let observation: any GateObservation
    let metricsTokenSHA256: [UInt8]?
    let log: LogRoutes?
    let exports: ExportRoutes?
    let surface: ControlSurface?
    let api: APIMachine?
    let console: ConsoleRoutes?
    let peers: PeerMiddleware
    let logger: Logger

    /// What stands here is served by GET and HEAD; the rest is 404 or 405.
    var router: Router<ControlContext> {
        let router = Router(context: ControlContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: peers)
        let paths =
            ["/healthz", "/readyz", "/metrics"] + (log == nil ? [] : [LogRoutes.checkpointPath])
            + (exports == nil ? [] : [ExportRoutes.path])
        router.add(
            middleware: ProblemMiddleware(paths: Set(paths), prefixes: log == nil ? [] : [LogRoutes.tilePrefix], logger: logger))
        if let api { router.add(middleware: APIMiddleware(machine: api)) }
        router.get("/healthz") { _, _ in Answer.json(#"{"status":"alive"}"#) }
        router.get("/readyz") { _, _ in await ready() }
        router.get("/metrics") { request, context in try await metrics(request, context) }
        log?.add(to: router)
        exports?.add(to: router)
        console?.add(to: router)
        return router
    }

    private func ready() async -> Response {
        let readiness = await observation.readiness()
        let parts = readiness.parts.map { #"{"name":"\#($0.name)","ready":\#($0.isReady)}"# }.joined(separator: ",")
        if readiness.isReady { return Answer.json(#"{"status":"ready","parts":[\#(parts)]}"#) }
        let missing = readiness.parts.filter { !$0.isReady }.map(\.name).joined(separator: ", ")
        return Answer.problem(
            .serviceUnavailable, code: "not_ready", title: "The gate is not ready",
            detail: "not ready: \(missing); the gate's own log says why", members: #","parts":[\#(parts)]"#, headers: [.retryAfter: "1"])
    }

    private func metrics(_ request: Request, _ context: ControlContext) async throws -> Response {
        let guardian = TokenGuard(
            tokenSHA256: metricsTokenSHA256,
            whenRemote: .init(
                code: "metrics_local", title: "Metrics are for this machine only",
                detail: "configure the secret metrics_token to read them from elsewhere"),
            whenWrong: "send Authorization: Bearer with the metrics token, or one of an account that has operations.read",
            principals: surface.map { .init(surface: $0, permission: .readOperations) })
        if let refused = try await guardian.refusal(request, context) { return refused }
        return Answer.text(MetricsText.write(try await observation.metrics()), mediaType: MetricsText.mediaType)
    }
}
