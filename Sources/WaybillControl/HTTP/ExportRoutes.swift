import HTTPTypes
import Hummingbird
import WaybillLedger

/// `GET /log/export?format=&cursor=&limit=&vendor=`: the log in any export format, page by page.
struct ExportRoutes: Sendable {
    static let path = "/log/export"
    private static let parameters: Set<String> = ["format", "cursor", "limit", "vendor"]
    /// Entries a page.
    private static let limitDefault = 1_000
    private static let limitMax = 10_000

    let pulls: any ExportPulls
    let tokenSHA256: [UInt8]?
    /// Nil: nobody can sign in.
    let surface: ControlSurface?

    func add(to router: Router<ControlContext>) {
        router.get("/log/export") { request, context in try await page(request, context) }
    }

    private func page(_ request: Request, _ context: ControlContext) async throws -> Response {
        let guardian = TokenGuard(
            tokenSHA256: tokenSHA256,
            whenRemote: .init(
                code: "log_local", title: "The log is for this machine only",
                detail: "configure the secret log_token to read it from elsewhere"),
            whenWrong: "send Authorization: Bearer with the log token, or one of an account that has log.read",
            principals: surface.map { .init(surface: $0, permission: .readLog) })
        if let refused = try await guardian.refusal(request, context) { return refused }
        guard let pull = Self.pull(request) else {
            return Answer.problem(
                .badRequest, code: "export_malformed", title: "The query is not understood",
                detail:
                    "format is one of \(ExportFormats.all.map(\.name).joined(separator: ", ")); cursor is what Waybill-Next-Cursor said; "
                    + "limit is 1 to \(Self.limitMax); vendor is an id; each at most once")
        }
        do {
            let page = try await pulls.page(pull)
            var headers: HTTPFields = [.contentType: pull.format.mediaType, .cacheControl: "no-store"]
            if let name = HTTPField.Name("Waybill-Next-Cursor") { headers[name] = page.next?.description }
            if let name = HTTPField.Name("Waybill-At-End") { headers[name] = page.isAtEnd ? "true" : "false" }
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: page.bytes)))
        } catch let error as ExportError {
            return Self.problem(error.code)
        }
    }

    /// Nil: a parameter is unknown, there twice, or malformed.
    private static func pull(_ request: Request) -> ExportPull? {
        var given = [String: String]()
        for (name, value) in request.uri.queryParameters {
            guard parameters.contains(String(name)), given.updateValue(String(value), forKey: String(name)) == nil else { return nil }
        }
        guard let format = ExportFormats.named(given["format"] ?? "ndjson") else { return nil }
        var pull = ExportPull(format: format, vendor: given["vendor"], entriesMax: limitDefault)
        if let text = given["limit"] {
            guard let limit = Int(text), (1...limitMax).contains(limit) else { return nil }
            pull.entriesMax = limit
        }
        if let text = given["cursor"] {
            guard let cursor = ExportCursor(text) else { return nil }
            pull.cursor = cursor
        }
        return pull
    }

    private static func problem(_ code: ExportError.Code) -> Response {
        switch code {
        case .otherLog:
            Answer.problem(
                .conflict, code: "cursor_foreign", title: "The cursor is of another log",
                detail: "take the cursor this log gave you, or begin without one")
        case .beyondEnd:
            Answer.problem(
                .conflict, code: "cursor_beyond", title: "The log is shorter than the cursor says",
                detail: "it was rolled back or replaced; run waybill log verify before you export again")
        case .unknownFormat:
            Answer.problem(.badRequest, code: "export_malformed", title: "The query is not understood", detail: "no such format")
        }
    }
}
