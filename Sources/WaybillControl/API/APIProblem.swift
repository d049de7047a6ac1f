/// RFC 9457: why a request was not done. The texts are fixed words, codes and numbers, never a value from the request.
package struct APIProblem: Error, Sendable, Equatable {
    /// The last part of the problem's type, its status and its title, one line each.
    package struct Code: Sendable, Hashable {
        package var name: String
        package var status: Int
        package var title: String
        package init(_ name: String, _ status: Int, _ title: String) {
            self.name = name
            self.status = status
            self.title = title
        }
    }
    package var code: Code
    /// One sentence with the remedy.
    package var detail: String
    /// RFC 6901, to the member of the body at fault; empty: the body as a whole; nil: it is not about the body.
    package var pointer: String?
    /// The variable of the path or the query at fault.
    package var parameter: String?
    /// Of 429 and 503: after how long it is worth asking again; nil: a second.
    package var retryAfterSeconds: Int64?
    /// Of 403: whoever threw it has entered the refusal in the log, with the permission that was needed.
    package var isEntered = false

    package init(_ code: Code, _ detail: String, pointer: String? = nil, parameter: String? = nil) {
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.parameter = parameter
    }
}

extension APIProblem.Code {
    package static let bodyMalformed = Self("body_malformed", 400, "The body is not what the operation takes")
    package static let parameterMalformed = Self("parameter_malformed", 400, "A parameter is not what the operation takes")
    package static let credentialMissing = Self("credential_missing", 401, "Who asks is not known")
    package static let notPermitted = Self("not_permitted", 403, "This may not be done by who asks")
    package static let notFound = Self("not_found", 404, "There is no such thing")
    package static let conflict = Self("conflict", 409, "It is not in a state for this")
    package static let changedMeanwhile = Self("changed_meanwhile", 412, "It was changed meanwhile")
    package static let matchMissing = Self("match_missing", 428, "The version that is changed must be named")
    package static let unprocessable = Self("unprocessable", 422, "It is understood and cannot be done")
    package static let tooMany = Self("too_many", 429, "Too many requests")
    package static let failed = Self("failed", 500, "It failed here")
    package static let unavailable = Self("unavailable", 503, "It cannot be done now")
}
