import Crypto
import Hummingbird
import Logging
import WaybillCore
import WaybillLedger

/// Serves the operations of `/v1`: who asks, whether they may, whether the request is what the operation declares; then runs it.
struct APIMachine: Sendable {
    static let documentPath = "/v1/openapi.json"

    let routes: APIRoutes
    let access: any Authenticating
    let repeats: (any RepeatedRequests)?
    let cursors: APICursors
    let rates: APIRates
    let clock: any WallClock
    let logger: Logger
    private let document: [UInt8]
    private let documentTag: String

    /// Throws if the operations do not fit together: a defect of ours, found at start.
    init(_ surface: ControlSurface, logger: Logger) throws(ControlFailure) {
        routes = try APIRoutes(surface.operations)
        access = surface.access
        repeats = surface.repeats
        cursors = surface.cursorKey.map { APICursors(key: SymmetricKey(data: $0)) } ?? APICursors()
        rates = APIRates()
        clock = surface.clock
        self.logger = logger
        document = try OpenAPIDocument(surface.operations).value.bytes
        documentTag = String(hex(Array(SHA256.hash(data: document))).prefix(32))
    }

    static func serves(_ path: String) -> Bool { path == "/v1" || path.hasPrefix("/v1/") }

    /// Largest body of any operation, in bytes.
    static func bodyBytesMax(_ operations: [APIOperation]) -> Int { operations.map { $0.body?.bytesMax ?? 0 }.max() ?? 0 }

    func respond(to request: Request, _ context: ControlContext) async -> Response {
        let response: Response
        var operation = "none"
        do {
            response = try await serve(request, context, &operation)
        } catch let problem as APIProblem {
            response = problem.response()
        } catch let failure as ControlFailure {
            response = APIProblem(failure).response()
        } catch {
            logger.error("API request failed", metadata: ["operation": "\(operation)", "error": "\(type(of: error))"])
            response = APIProblem(.failed, "it failed here; the gate's own log says more").response()
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func serve(_ request: Request, _ context: ControlContext, _ name: inout String) async throws -> Response {
        let target = try APITarget(request.head.path ?? "")
        if target.segments == ["v1", "openapi.json"] { return try documentResponse(request) }
        guard let match = routes.match(target.segments) else {
            throw APIProblem(.pathUnknown, "\(Self.documentPath) lists the paths there are")
        }
        let method = request.method == .head ? "GET" : request.method.rawValue
        guard let operation = APIOperation.Method(rawValue: method).flatMap({ match.operations[$0] }) else {
            return Self.refused(allow: match.methods)
        }
        name = operation.id
        let now = clock.now()
        let caller = CredentialReading(request: request, context: context, access: access)
        let principal = operation.isSigned ? Self.sender(context) : try await caller.principal(now: now)
        guard operation.isSigned || principal.may(operation.permission) else {
            await access.refused(principal, operation.permission, now: now)
            throw APIProblem(.notPermitted, "this needs the permission \(operation.permission.rawValue)")
        }
        let ticket = try rates.enter(principal.id, now: now)
        let reading = APIRequestReading(operation: operation, request: request, target: target, pathValues: match.values, cursors: cursors)
        var (call, bytes) = try await reading.call(of: principal, now: now)
        if operation.isSigned {
            for field in request.headers { call.headers[field.name.canonicalName] = field.value }
            call.target = request.head.path ?? ""
        }
        context.allowTime(seconds: APILimits.answerSecondsMax)
        let answering = APIAnswering(operation: operation, request: request, target: target, values: call.values, cursors: cursors)
        let permission = ContinuedPermission(principal, operation.permission, clock: clock) { try await caller.principal(now: $0) }
        guard operation.takesIdempotencyKey, let key = try reading.idempotencyKey(), let repeats else {
            let rendered = try answering.rendered(try await run(operation, call))
            return answering.response(operation.isSigned ? rendered : rendered.holding(permission), holding: ticket)
        }
        let once = OnceOnly(
            store: repeats, key: RequestKey(principal: principal.id, operation: operation.id, key: key), bytes: bytes, now: now)
        let rendered = try await once.run { try answering.rendered(try await run(operation, call)) }
        return answering.response(rendered.holding(permission), holding: ticket)
    }

    /// What an operation itself refuses for lack of right (four eyes, one's own roles) is entered like what the table of permissions refuses.
    private func run(_ operation: APIOperation, _ call: APICall) async throws -> APIAnswer {
        do {
            return try await operation.run(call)
        } catch let problem as APIProblem where problem.code == .notPermitted && !problem.isEntered {
            await access.refused(call.principal, operation.permission, now: call.now)
            throw problem
        }
    }

    /// Nobody yet: the operation tells who by the signature. Requests are counted by address until then.
    private static func sender(_ context: ControlContext) -> Principal {
        Principal(id: "webhook@\(context.address)", name: "webhook", kind: .machine, roles: [])
    }

    private func documentResponse(_ request: Request) throws -> Response {
        guard [.get, .head].contains(request.method) else { return Self.refused(allow: ["GET", "HEAD"]) }
        let headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-cache", .eTag: "\"\(documentTag)\""]
        guard !APIAnswering.isKnown(documentTag, to: request) else { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
    }

    private static func refused(allow methods: [String]) -> Response {
        APIProblem(.methodNotAllowed, "this path serves \(methods.joined(separator: ", "))")
            .response(headers: [.allow: methods.joined(separator: ", ")])
    }
}

enum APILimits {
    /// From the end of a request's head until the first bytes of its answer, once it is permitted.
    static let answerSecondsMax = 60
    static let idempotencyKeyCharactersMax = 128
    /// How long a request is remembered by its key.
    static let repeatSeconds: Int64 = 24 * 3_600
}

extension APIBody {
    package var bytesMax: Int {
        switch self {
        case .json(_, let bytesMax), .ndjson(_, let bytesMax), .bytes(_, let bytesMax): bytesMax
        }
    }
}

/// Gives the API its paths, whole: what it does not know there is a problem of its own.
struct APIMiddleware: RouterMiddleware {
    typealias Context = ControlContext
    let machine: APIMachine

    @concurrent
    func handle(
        _ request: Request, context: ControlContext, next: @concurrent (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        guard APIMachine.serves(request.uri.path) else { return try await next(request, context) }
        return await machine.respond(to: request, context)
    }
}
