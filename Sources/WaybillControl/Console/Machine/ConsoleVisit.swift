import FoundationEssentials
import HTTPTypes
import WaybillCore

/// One request of the console while it is answered.
struct ConsoleVisit: Sendable {
    var path: String
    var now: Timestamp
    /// Nil: the page is for people who are not signed in.
    var session: ConsoleSession?
    /// What forms of the answer carry.
    var csrf = ""
    var notice: String?
    var problem: FormProblem?
    var cookies: [ConsoleCookie] = []
    /// Of who is signed in, for downloads.
    var permission: ContinuedPermission?

    /// The browser speaks TLS, to us or to a proxy in front.
    let isSecure: Bool

    init(path: String, now: Timestamp, isSecure: Bool) {
        self.path = path
        self.now = now
        self.isSecure = isSecure
    }
}

/// Why a page is not shown. The message is fixed words with the remedy.
struct ConsoleRefusal: Error, Sendable {
    var status: HTTPResponse.Status
    var message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    init(_ problem: APIProblem) {
        status = HTTPResponse.Status(code: problem.code.status)
        message = "\(problem.code.title). \(problem.detail)"
    }

    /// True: somebody else may do it, and nobody has entered the refusal yet.
    static func isLackOfRight(_ error: any Error) -> Bool {
        switch error {
        case let problem as APIProblem: problem.code.status == 403 && !problem.isEntered
        case let problem as FormProblem: problem.status == 403
        default: false
        }
    }

    var title: String {
        switch status.code {
        case 403: "Not permitted"
        case 404: "Not found"
        case 429: "Too many attempts"
        case 500...: "It failed here"
        default: "Not done"
        }
    }
}

extension FormProblem {
    /// What a form can show. Nil: it is not about what was filled in.
    init?(refusing error: any Error) {
        switch error {
        case let problem as FormProblem: self = problem
        case let problem as APIProblem:
            guard [400, 409, 412, 422, 428].contains(problem.code.status) else { return nil }
            self.init(problem.detail, field: problem.pointer.flatMap { $0.split(separator: "/").last.map(String.init) })
        case let failure as ControlFailure:
            guard !["control_store", "log_io", "control_failed"].contains(failure.code) else { return nil }
            self.init(failure.message)
        default: return nil
        }
    }
}

/// Addresses that the console may lead to.
package enum ConsoleAddress {
    private static let bytesMax = 2_000

    /// A path of this listener: not another host's by any reading of it.
    package static func isOwn(_ text: String) -> Bool {
        isPlain(text) && text.hasPrefix("/") && !text.hasPrefix("//") && !text.contains("\\")
    }

    /// What somebody was on the way to when they had to sign in; nil: it is none of the console's own pages.
    package static func next(_ text: String?) -> String? {
        guard let text, isOwn(text), text == "/console" || text.hasPrefix("/console/"), !text.hasPrefix("/console/sign-in") else {
            return nil
        }
        return text
    }

    /// Another site's, which only our own configuration names: an OpenID provider's.
    static func isForeign(_ text: String) -> Bool { isPlain(text) && (text.hasPrefix("https://") || text.hasPrefix("http://")) }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= bytesMax && text.utf8.allSatisfy { $0 > 32 && $0 < 127 }
    }

    /// One part of a path, escaped.
    package static func part(_ text: String) -> String { FormDecoding.escaped(text) }

    /// `path`, with these as its query.
    package static func path(_ path: String, _ fields: [String: [String]]) -> String {
        let query = FormDecoding.query(fields)
        return query.isEmpty ? path : "\(path)?\(query)"
    }

    static func fileName(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.@".contains($0)) ? $0 : "-" }.prefix(100))
    }
}
