import Hummingbird
import Logging

/// Turns what no route answers, and what a route throws, into problem documents.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = ControlContext
    let paths: Set<String>
    /// Everything below them is served too.
    let prefixes: [String]
    let logger: Logger

    @concurrent
    func handle(
        _ request: Request, context: ControlContext, next: @concurrent (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let path = request.uri.path
            guard paths.contains(path) || prefixes.contains(where: { path.hasPrefix($0) }) else {
                return Answer.problem(.notFound, code: "path_unknown", title: "No such path", detail: "see docs/operations.md")
            }
            return Answer.problem(
                .methodNotAllowed, code: "method_not_allowed", title: "The method is not allowed", detail: "this path serves GET and HEAD",
                headers: [.allow: "GET, HEAD"])
        } catch {
            logger.error("control request failed", metadata: ["error": "\(type(of: error))"])
            return Answer.problem(
                .internalServerError, code: "control_failed", title: "The request failed", detail: "the gate's own log says more")
        }
    }
}
