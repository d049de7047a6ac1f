import Hummingbird
import WaybillLedger

/// `/log/checkpoint`, `/log/tile/…`, `/log/tile/entries/…`: the log's public form, C2SP `tlog-tiles` with the prefix `/log`.
struct LogRoutes: Sendable {
    static let checkpointPath = "/log/checkpoint"
    static let tilePrefix = "/log/tile/"
    /// What a tile holds never changes, full or partial: a year. Without `public`, shared caches keep out answers that needed a token.
    private static let immutable = "max-age=31536000, immutable"

    let publication: any LogPublication
    let tokenSHA256: [UInt8]?
    /// Nil: nobody can sign in.
    let surface: ControlSurface?

    func add(to router: Router<ControlContext>) {
        router.get("/log/checkpoint") { request, context in try await checkpoint(request, context) }
        router.get("/log/tile/**") { request, context in try await tile(request, context) }
    }

    private func checkpoint(_ request: Request, _ context: ControlContext) async throws -> Response {
        if let refused = try await guardian.refusal(request, context) { return refused }
        guard let note = try await publication.checkpoint() else {
            return Answer.problem(
                .serviceUnavailable, code: "checkpoint_missing", title: "There is no checkpoint to show",
                detail: "the log has signed none since the gate started; /readyz and the gate's own log say why",
                headers: [.retryAfter: "1"])
        }
        return Answer.text(note, mediaType: "text/plain; charset=utf-8")
    }

    private func tile(_ request: Request, _ context: ControlContext) async throws -> Response {
        if let refused = try await guardian.refusal(request, context) { return refused }
        guard let asked = TileRequest(path: request.uri.path.dropFirst("/log/".count)) else {
            return Answer.problem(
                .notFound, code: "tile_malformed", title: "No such tile",
                detail: "paths are those of c2sp.org/tlog-tiles, for example /log/tile/0/x001/067 or /log/tile/entries/000.p/5")
        }
        guard let bytes = try await publication.bytes(of: asked) else {
            return Answer.problem(
                .notFound, code: "tile_beyond", title: "No such tile yet",
                detail: "the last signed checkpoint does not reach that far; read /log/checkpoint first")
        }
        return Answer.bytes(bytes, cacheControl: Self.immutable)
    }

    private var guardian: TokenGuard {
        TokenGuard(
            tokenSHA256: tokenSHA256,
            whenRemote: .init(
                code: "log_local", title: "The log is for this machine only",
                detail: "configure the secret log_token to read it from elsewhere"),
            whenWrong: "send Authorization: Bearer with the log token, or one of an account that has log.read",
            principals: surface.map { .init(surface: $0, permission: .readLog) })
    }
}
