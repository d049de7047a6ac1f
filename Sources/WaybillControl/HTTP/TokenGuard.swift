import Crypto
import Hummingbird
import WaybillCore

/// Who may read a part of the control listener that is for machines: whoever has its token, or this machine where there is none, or somebody
/// known who has the permission.
struct TokenGuard: Sendable {
    struct Problem: Sendable {
        var code: String
        var title: String
        var detail: String
    }
    struct Principals: Sendable {
        var surface: ControlSurface
        var permission: Permission
    }
    /// Nil: no token is asked for, and only peers on loopback are answered.
    let tokenSHA256: [UInt8]?
    let whenRemote: Problem
    /// What to do about a missing or wrong token.
    let whenWrong: String
    /// Nil: nobody can sign in.
    var principals: Principals?

    func refusal(_ request: Request, _ context: ControlContext) async throws -> Response? {
        if tokenSHA256 == nil, context.isFromLoopback { return nil }
        if let tokenSHA256, Self.shows(tokenSHA256, request) { return nil }
        if let principals, let answer = try await refusal(of: request, context, principals) { return answer.response }
        guard tokenSHA256 != nil else {
            return Answer.problem(.forbidden, code: whenRemote.code, title: whenRemote.title, detail: whenRemote.detail)
        }
        return Answer.problem(
            .unauthorized, code: "token_invalid", title: "A token is needed", detail: whenWrong, headers: [.wwwAuthenticate: "Bearer"])
    }

    /// Tokens are compared by their SHA-256, in constant time (`Digest.==`), so that the time it takes tells nothing about one that is close.
    private static func shows(_ tokenSHA256: [UInt8], _ request: Request) -> Bool {
        let fields = request.headers[values: .authorization]
        let scheme = "bearer "
        guard fields.count == 1, fields[0].utf8.count > scheme.utf8.count, fields[0].prefix(scheme.count).lowercased() == scheme else {
            return false
        }
        return SHA256.hash(data: Array(fields[0].dropFirst(scheme.count).utf8)) == tokenSHA256
    }

    /// Nil: go on.
    private struct Verdict: Sendable { var response: Response? }

    /// Nil: nobody known asks. All of the log is for those who are not bound to a vendor, an engagement or a caller.
    private func refusal(of request: Request, _ context: ControlContext, _ principals: Principals) async throws -> Verdict? {
        let now = principals.surface.clock.now()
        let principal: Principal
        do {
            principal = try await CredentialReading(request: request, context: context, access: principals.surface.access).principal(
                now: now)
        } catch let problem as APIProblem where problem.code.status == 401 {
            return nil
        } catch let problem as APIProblem {
            return Verdict(response: problem.response())
        }
        if principal.may(principals.permission), !principal.isBound { return Verdict(response: nil) }
        await principals.surface.access.refused(principal, principals.permission, now: now)
        return Verdict(
            response: APIProblem(
                .notPermitted, "this needs the permission \(principals.permission.rawValue), not narrowed to one vendor"
            ).response())
    }
}
