import HTTPTypes
import Hummingbird
import Logging
import WaybillCore
import WaybillLedger

/// Serves the console's pages: finds out who asks, whether they may, reads forms, checks their token, and writes what the page answers.
struct ConsoleRoutes: Sendable {
    static let root = "/console"
    static let signIn = "/console/sign-in"

    let surface: ControlSurface
    let writer: ConsoleWriter
    let logger: Logger
    let clock: any WallClock
    let tokens = ConsoleTokens()
    let notices = ConsoleNotices()
    /// GET pages by path.
    let shown: [String: ConsolePage]

    init(_ surface: ControlSurface, logger: Logger) throws(ControlFailure) {
        self.surface = surface
        self.logger = logger
        clock = surface.clock
        shown = Dictionary(surface.pages.filter { $0.method == .get }.map { ($0.path, $0) }) { first, _ in first }
        do {
            writer = ConsoleWriter(templates: try ConsoleTemplates(), assets: ConsoleAssets(), pages: shown, standing: surface.standing)
        } catch {
            throw ControlFailure(code: "console_templates", message: "The console cannot be shown: \(error).")
        }
    }

    func add(to router: Router<ControlContext>) {
        writer.assets.add(to: router)
        router.get("/") { _, _ in redirect(Self.root) }
        for page in surface.pages {
            let path = RouterPath(page.path)
            switch page.method {
            case .get: router.get(path) { request, context in await answer(page, request, context) }
            case .post: router.post(path) { request, context in await answer(page, request, context) }
            }
        }
        if shown[Self.root] == nil {
            let home = ConsolePage(.get, Self.root, permission: .useOwnAccount) { call in
                guard let path = call.principal.flatMap({ ConsoleNavigation.home(of: $0, pages: shown) }) else {
                    throw ConsoleRefusal(.forbidden, "There is nothing here that your roles permit. Ask an administrator for a role.")
                }
                return .redirect(path)
            }
            router.get("/console") { request, context in await answer(home, request, context) }
        }
        router.get("/console/**") { request, context in await answer(Self.nothing, request, context) }
        router.post("/console/**") { request, context in await answer(Self.nothing, request, context) }
    }

    private static let nothing = ConsolePage(.get, "/console/**", permission: .useOwnAccount) { _ in
        throw ConsoleRefusal(.notFound, "There is no such page. It may have been moved, or what it showed is gone.")
    }

    private func answer(_ page: ConsolePage, _ request: Request, _ context: ControlContext) async -> Response {
        let now = clock.now()
        var visit = ConsoleVisit(path: request.uri.path, now: now, isSecure: context.isSecure)
        var response: Response
        do {
            if let session = try await session(request, context, now) { visit.session = session }
            response = try await permitted(page, request, context, &visit)
        } catch let refusal as ConsoleRefusal {
            response = await write(refusal, visit)
        } catch let problem as APIProblem {
            response = await write(ConsoleRefusal(problem), visit)
        } catch let problem as FormProblem {
            // Of a page that has no form to show it in.
            response = await write(ConsoleRefusal(HTTPResponse.Status(code: problem.status), problem.message), visit)
        } catch {
            logger.error("console page failed", metadata: ["page": "\(page.path)", "error": "\(type(of: error))"])
            response = await write(
                ConsoleRefusal(.internalServerError, "The page could not be made. Nothing was changed that is not said here; try again."),
                visit)
        }
        for cookie in visit.cookies { ConsoleHeaders.set(cookie, in: &response, isTLS: context.isSecure) }
        ConsoleHeaders.add(to: &response, isTLS: context.isSecure)
        return response
    }

    private func session(_ request: Request, _ context: ControlContext, _ now: Timestamp) async throws -> ConsoleSession? {
        guard let cookie = ConsoleHeaders.cookie(ConsoleCookie.session, of: request, isTLS: context.isSecure), !cookie.isEmpty else {
            return nil
        }
        return try await surface.access.session(cookie: cookie, now: now)
    }

    private func permitted(
        _ page: ConsolePage, _ request: Request, _ context: ControlContext, _ visit: inout ConsoleVisit
    ) async throws -> Response {
        if let permission = page.permission {
            guard let session = visit.session else { return redirect(signInPath(page, request)) }
            guard session.principal.may(permission) else {
                await surface.access.refused(session.principal, permission, now: visit.now)
                throw ConsoleRefusal(
                    .forbidden, "Your roles do not permit this. Ask an administrator if you need it; that you asked stands in the log.")
            }
            visit.csrf = session.formToken
            visit.permission = ContinuedPermission(session.principal, permission, clock: clock) { now in
                try await self.session(request, context, now)?.principal
            }
        } else {
            // Whoever is signed in is nobody here: the page does not know them.
            visit.session = nil
            visit.csrf = formToken(request, &visit)
        }
        if let name = ConsoleHeaders.cookie(ConsoleNotices.cookie, of: request, isTLS: context.isSecure), page.method == .get {
            visit.notice = notices.take(name, now: visit.now)
            visit.cookies.append(ConsoleCookie(name: ConsoleNotices.cookie, value: nil, secondsMax: 0))
        }
        var call = ConsoleCall(principal: visit.session?.principal, now: visit.now)
        call.address = context.address
        call.cookies[ConsoleCookie.provider] = ConsoleHeaders.cookie(ConsoleCookie.provider, of: request, isTLS: context.isSecure)
        for (name, value) in context.parameters {
            guard let value = FormDecoding.part(value) else { throw ConsoleRefusal(.notFound, "There is no such page.") }
            call.values[String(name)] = value
        }
        guard page.method == .post else {
            guard let fields = FormDecoding.fields(request.uri.query ?? "") else { throw Self.malformed }
            call.fields = fields
            return try await write(try await run(page, call), visit)
        }
        return try await posted(page, request, call, visit)
    }

    private func posted(
        _ page: ConsolePage, _ request: Request, _ given: ConsoleCall, _ visit: ConsoleVisit
    ) async throws -> Response {
        var call = given
        if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ request.headers[$0] }), site == "cross-site" || site == "same-site" {
            throw Self.forged
        }
        // Strangers send no files: who they are is known only after the form was read.
        (call.fields, call.files) = try await ConsoleFormReading.read(request, takesFiles: page.permission != nil)
        guard let token = call.fields.removeValue(forKey: ConsoleTokens.field)?.first, ConsoleTokens.isEqual(token, visit.csrf) else {
            throw Self.forged
        }
        do {
            return try await write(try await run(page, call), visit)
        } catch {
            guard let problem = FormProblem(refusing: error), let form = shown[page.form ?? page.path],
                form.permission.map({ permission in call.principal?.may(permission) ?? false }) ?? true
            else {
                if let problem = FormProblem(refusing: error) { throw ConsoleRefusal(.unprocessableContent, problem.message) }
                throw error
            }
            var again = visit
            again.problem = problem
            call.problem = problem
            return try await write(try await form.run(call), again)
        }
    }

    /// What a page itself refuses for lack of right (four eyes, one's own roles) is entered like what the table of permissions refuses.
    private func run(_ page: ConsolePage, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        do {
            return try await page.run(call)
        } catch {
            if let principal = call.principal, let permission = page.permission, ConsoleRefusal.isLackOfRight(error) {
                await surface.access.refused(principal, permission, now: call.now)
            }
            throw error
        }
    }

    private static let malformed = ConsoleRefusal(.badRequest, "The address is not one that the console makes. Follow a link instead.")
    private static let forged = ConsoleRefusal(
        .forbidden, "The form is not one that this console gave you now, or it stood open too long. Open its page again and send it anew.")
}

extension ConsoleRoutes {
    private func formToken(_ request: Request, _ visit: inout ConsoleVisit) -> String {
        if let cookie = ConsoleHeaders.cookie(ConsoleTokens.cookie, of: request, isTLS: visit.isSecure), cookie.utf8.count == 64 {
            return tokens.token(of: cookie)
        }
        let cookie = ConsoleTokens.random()
        visit.cookies.append(ConsoleCookie(name: ConsoleTokens.cookie, value: cookie, secondsMax: ConsoleTokens.cookieSecondsMax))
        return tokens.token(of: cookie)
    }

    private func signInPath(_ page: ConsolePage, _ request: Request) -> String {
        let query = request.uri.query.map { "?\($0)" } ?? ""
        let next = page.method == .get ? request.uri.path + query : Self.root
        return next == Self.root || !ConsoleAddress.isOwn(next) ? Self.signIn : "\(Self.signIn)?next=\(FormDecoding.escaped(next))"
    }

    private func redirect(_ path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }

    private func write(_ answer: ConsoleAnswer, _ visit: ConsoleVisit) async throws -> Response {
        switch answer {
        case .page(let template, let title, let values, let status, let cookies):
            let status = visit.problem?.status ?? status
            guard let html = await writer.html(template, title: title, values, visit) else {
                logger.error("console template is not there", metadata: ["template": "\(template)"])
                throw ConsoleRefusal(.internalServerError, "The page could not be made.")
            }
            return Self.html(html, status, cookies, isTLS: visit.isSecure)
        case .redirect(let path, let notice, var cookies):
            guard ConsoleAddress.isOwn(path) || ConsoleAddress.isForeign(path) else {
                throw ConsoleRefusal(.internalServerError, "The page leads nowhere.")
            }
            if let notice {
                let name = notices.keep(notice, now: visit.now)
                cookies.append(ConsoleCookie(name: ConsoleNotices.cookie, value: name, secondsMax: ConsoleNotices.secondsMax))
            }
            var response = redirect(path)
            for cookie in cookies { ConsoleHeaders.set(cookie, in: &response, isTLS: visit.isSecure) }
            return response
        case .file(let name, let mediaType, let next):
            var headers: HTTPFields = [.contentType: mediaType]
            headers[.contentDisposition] = "attachment; filename=\"\(ConsoleAddress.fileName(name))\""
            let next = visit.permission?.holding(next) ?? next
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { writer in
                    while let bytes = try await next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                })
        }
    }

    private func write(_ refusal: ConsoleRefusal, _ visit: ConsoleVisit) async -> Response {
        let html = await writer.html(
            "refusal", title: refusal.title,
            .object(["heading": .string(refusal.title), "message": .string(refusal.message)]), visit)
        var response = Self.html(html ?? refusal.message, Int(refusal.status.code), [], isTLS: visit.isSecure)
        if refusal.status == .tooManyRequests { response.headers[.retryAfter] = "60" }
        return response
    }

    private static func html(_ text: String, _ status: Int, _ cookies: [ConsoleCookie], isTLS: Bool) -> Response {
        var response = Response(
            status: HTTPResponse.Status(code: status), headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        for cookie in cookies { ConsoleHeaders.set(cookie, in: &response, isTLS: isTLS) }
        return response
    }
}
