import Crypto
import Hummingbird
import Logging

/// `/healthz`, `/readyz`, `/metrics`. The API and the console will join them.
struct ControlRoutes: Sendable {
    let observation: any GateObservation
    let metricsTokenSHA256: [UInt8]?
    let logger: Logger

    /// What stands here is served by GET and HEAD; the rest is 404 or 405.
    var router: Router<ControlContext> {
        let router = Router(context: ControlContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware(paths: ["/healthz", "/readyz", "/metrics"], logger: logger))
        router.get("/healthz") { _, _ in Answer.json(#"{"status":"alive"}"#) }
        router.get("/readyz") { _, _ in await ready() }
        router.get("/metrics") { request, context in try await metrics(request, context) }
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
        if let refused = refusal(request, context) { return refused }
        return Answer.text(MetricsText.write(try await observation.metrics()), mediaType: MetricsText.mediaType)
    }

    /// Tokens are compared by their SHA-256, in constant time (`Digest.==`), so that the time it takes tells nothing about one that is close.
    private func refusal(_ request: Request, _ context: ControlContext) -> Response? {
        guard let expected = metricsTokenSHA256 else {
            guard !context.isFromLoopback else { return nil }
            return Answer.problem(
                .forbidden, code: "metrics_local", title: "Metrics are for this machine only",
                detail: "configure the secret metrics_token to read them from elsewhere")
        }
        let fields = request.headers[values: .authorization]
        let scheme = "bearer "
        if fields.count == 1, fields[0].utf8.count > scheme.utf8.count, fields[0].prefix(scheme.count).lowercased() == scheme {
            let digest = SHA256.hash(data: Array(fields[0].dropFirst(scheme.count).utf8))
            if digest == expected { return nil }
        }
        return Answer.problem(
            .unauthorized, code: "token_invalid", title: "A token is needed", detail: "send Authorization: Bearer with the metrics token",
            headers: [.wwwAuthenticate: "Bearer"])
    }
}
