import WaybillCore
import WaybillLedger

/// Refusals the data plane itself makes, all fixed text. None of them has an entry of its own: they are counted.
extension Refusal {
    init(_ fault: HTTPFault) {
        let title =
            switch fault.status {
            case 431: "The request's head is too large"
            default: "The request is malformed"
            }
        self.init(status: fault.status, code: fault.code, title: title, detail: fault.rule)
    }

    init(_ fault: ConnectFault) {
        self.init(status: fault.status, code: fault.rawValue, title: fault.title, detail: fault.detail)
    }

    /// No detail: it would tell a stranger what came close.
    static let unauthenticated = Refusal(
        status: 401, code: ReasonCode.callerUnauthenticated.rawValue, title: "The caller is not known", detail: "")
    static let noSuchPath = Refusal(
        status: 404, code: "path_unknown", title: "No such path",
        detail: "This listener serves /to/{vendor}/{path}; point the vendor's base URL at it.")
    static let misdirected = Refusal(
        status: 421, code: "misdirected_request", title: "The request is for another server",
        detail: "This listener is no forward proxy; it serves /to/{vendor}/{path}.")
    static let methodNotAllowed = Refusal(
        status: 405, code: "method_not_allowed", title: "The method is not allowed", detail: "CONNECT and TRACE are not served here.")
    static let unknownExpectation = Refusal(
        status: 417, code: "expectation_unknown", title: "The expectation is not known", detail: "Only 'Expect: 100-continue' is served.")
    static let bodyTooLarge = Refusal(
        status: 413, code: BodyError.Kind.tooLarge.rawValue, title: "The body is too large",
        detail: "The body is larger than the limit; nothing was sent.")
    static let bodiesInFlight = Refusal(
        status: 503, code: "bodies_in_flight", title: "Too much is in flight",
        detail: "The bodies in flight together reach the limit; nothing was sent. Try again soon.")
    static let overloaded = Refusal(
        status: 503, code: "overloaded", title: "The gate is overloaded",
        detail: "More requests come than the gate can serve in time; nothing was decided and nothing was sent. Try again soon.")
    static let headTimedOut = Refusal(
        status: 408, code: "request_timeout", title: "The request did not come in time",
        detail: "The request's head was not complete in time.")
    static let bodyTimedOut = Refusal(
        status: 408, code: "request_timeout", title: "The request did not come in time",
        detail: "The body stopped coming; nothing was sent.")
    static let consentUnavailable = Refusal(
        status: 503, code: ReasonCode.consentStoreUnavailable.rawValue, title: "Consents cannot be read",
        detail: "The consent store did not answer in time; nothing was sent.")
    static let decisionUnstable = Refusal(
        status: 503, code: ReasonCode.policyUnavailable.rawValue, title: "The decision did not hold",
        detail: "Policies or subjects changed again and again while the transfer was recorded; nothing was sent. Try again.")
    static let volumeExceeded = Refusal(
        status: 429, code: ReasonCode.volumeExceeded.rawValue, title: "The day's volume is used up",
        detail: "The agreement's daily limit is reached; nothing was sent.")
    static let connectionUnstable = Refusal(
        status: 502, code: ConnectFault.unreachable.rawValue, title: "The vendor cannot be reached",
        detail: "The vendor closed each connection before the transfer could leave; nothing was sent.")
    static let logUnavailable = Refusal(
        status: 503, code: ReasonCode.logUnavailable.rawValue, title: "The transfer cannot be recorded",
        detail: "The transfer log did not take the entry; nothing was sent.")
    static let clockUntrusted = Refusal(
        status: 503, code: ReasonCode.clockUntrusted.rawValue, title: "The clock cannot be trusted",
        detail: "The clock is behind the transfer log; nothing was sent.")
    static let answerTimedOut = Refusal(
        status: 502, code: "vendor_answer_timeout", title: "The vendor did not answer in time",
        detail: "The request was sent and the vendor gave no answer; it may have been processed.")
    static let noAnswer = Refusal(
        status: 502, code: "vendor_no_answer", title: "The vendor did not answer",
        detail: "The vendor closed the connection after the request began to leave; it may have been processed.")
    static func badAnswer(_ fault: AnswerFault) -> Refusal {
        Refusal(
            status: 502, code: fault.rawValue, title: "The vendor's answer cannot be passed on",
            detail: "The request was sent; the answer breaks a rule of HTTP or of the gate.")
    }

    init(_ error: RecordError) { self = error.code == .clock ? .clockUntrusted : .logUnavailable }
}
