import Crypto
import Hummingbird

/// Who may read a part of the control listener before there are roles: whoever has its token, or this machine where there is none.
struct TokenGuard: Sendable {
    struct Problem: Sendable {
        var code: String
        var title: String
        var detail: String
    }
    /// Nil: no token is asked for, and only peers on loopback are answered.
    let tokenSHA256: [UInt8]?
    let whenRemote: Problem
    /// What to do about a missing or wrong token.
    let whenWrong: String

    /// Tokens are compared by their SHA-256, in constant time (`Digest.==`), so that the time it takes tells nothing about one that is close.
    func refusal(_ request: Request, _ context: ControlContext) -> Response? {
        guard let tokenSHA256 else {
            guard !context.isFromLoopback else { return nil }
            return Answer.problem(.forbidden, code: whenRemote.code, title: whenRemote.title, detail: whenRemote.detail)
        }
        let fields = request.headers[values: .authorization]
        let scheme = "bearer "
        if fields.count == 1, fields[0].utf8.count > scheme.utf8.count, fields[0].prefix(scheme.count).lowercased() == scheme {
            let digest = SHA256.hash(data: Array(fields[0].dropFirst(scheme.count).utf8))
            if digest == tokenSHA256 { return nil }
        }
        return Answer.problem(
            .unauthorized, code: "token_invalid", title: "A token is needed", detail: whenWrong, headers: [.wwwAuthenticate: "Bearer"])
    }
}
