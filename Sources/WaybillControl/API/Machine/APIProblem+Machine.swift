import Hummingbird

extension APIProblem.Code {
    static let pathUnknown = Self("path_unknown", 404, "No such path")
    static let methodNotAllowed = Self("method_not_allowed", 405, "The method is not allowed")
    static let headerMalformed = Self("header_malformed", 400, "A header is not what the operation takes")
    static let bodyTooLarge = Self("body_too_large", 413, "The body is too large")
    static let mediaTypeUnsupported = Self("media_type_unsupported", 415, "The media type is not taken")
    static let keyReused = Self("key_reused", 422, "The idempotency key was used for another request")
    static let keyInProgress = Self("key_in_progress", 409, "The first request with this key is not done")

    /// That every operation can answer, whatever it does.
    static let general: [Self] = [
        .parameterMalformed, .headerMalformed, .bodyMalformed, .credentialMissing, .notPermitted, .tooMany, .failed, .unavailable,
    ]
}

extension APIProblem {
    static let typePrefix = "urn:waybill:problem:"

    /// `application/problem+json`.
    var document: JSONValue {
        var members: [String: JSONValue] = [
            "type": .string(Self.typePrefix + code.name), "title": .string(code.title), "status": .int(Int64(code.status)),
            "detail": .string(detail), "code": .string(code.name),
        ]
        members["pointer"] = pointer.map { .string($0) }
        members["parameter"] = parameter.map { .string($0) }
        return .object(members)
    }

    func response(headers more: HTTPFields = [:]) -> Response {
        var headers = more
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        if code.status == 401, headers[.wwwAuthenticate] == nil { headers[.wwwAuthenticate] = #"Bearer realm="waybill""# }
        if [429, 503].contains(code.status), headers[.retryAfter] == nil { headers[.retryAfter] = String(retryAfterSeconds ?? 1) }
        return Response(
            status: .init(code: code.status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.bytes)))
    }

    /// What a desk refused, as the API says it: which problem it is, by the failure's code.
    package init(_ failure: ControlFailure) {
        let code: Code =
            switch failure.code {
            case "engagement_unknown", "vendor_unknown", "agreement_unknown": .notFound
            case "changed_meanwhile": .changedMeanwhile
            case "not_suspended", "act_unfit": .conflict
            case "control_store", "io_error", "log_closed", "disk_full", "log_refusing": .unavailable
            default: .unprocessable
            }
        self.init(code, failure.message)
    }
}
