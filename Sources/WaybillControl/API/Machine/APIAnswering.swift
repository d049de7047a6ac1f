import HTTPTypes
import Hummingbird

/// An operation's answer on its way to HTTP.
struct RenderedAnswer: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Nil ends it.
        case stream(@Sendable () async throws -> [UInt8]?)
    }
    var status: Int
    var mediaType: String?
    var etag: String?
    var location: String?
    var link: String?
    /// Of a download: what it is called, and its length.
    var file: (name: String, bytes: Int)?
    var body: Body

    /// A stream ends with the permission.
    func holding(_ permission: ContinuedPermission) -> RenderedAnswer {
        guard case .stream(let next) = body else { return self }
        var held = self
        held.body = .stream(permission.holding(next))
        return held
    }
}

/// Writes what an operation answers.
struct APIAnswering {
    let operation: APIOperation
    let request: Request
    let target: APITarget
    let values: [String: String]
    let cursors: APICursors

    func rendered(_ answer: APIAnswer) throws -> RenderedAnswer {
        switch answer {
        case .json(let value, let status, let etag, let location):
            RenderedAnswer(status: status, mediaType: "application/json", etag: etag, location: location, body: .bytes(value.bytes))
        case .page(let items, let next):
            page(items, try next.map { try cursors.sealed($0, operation, values) })
        case .stream(let mediaType, let next):
            RenderedAnswer(status: 200, mediaType: mediaType, body: .stream(next))
        case .download(let name, let mediaType, let bytes, let next):
            RenderedAnswer(status: 200, mediaType: mediaType, file: (name, bytes), body: .stream(next))
        case .nothing: RenderedAnswer(status: 204, body: .none)
        }
    }

    private func page(_ items: [JSONValue], _ next: String?) -> RenderedAnswer {
        let value = JSONValue.object(["items": .array(items), "next_cursor": .optional(next)])
        var answer = RenderedAnswer(status: 200, mediaType: "application/json", body: .bytes(value.bytes))
        if let next {
            let path = target.segments.map { "/" + APITarget.encoded($0) }.joined()
            let query = target.query.filter { $0.name != "cursor" } + [("cursor", next)]
            let text = query.map { "\(APITarget.encoded($0.name))=\(APITarget.encoded($0.value))" }.joined(separator: "&")
            answer.link = "<\(path)?\(text)>; rel=\"next\""
        }
        return answer
    }

    /// `holding`: kept until the last byte is written.
    func response(_ answer: RenderedAnswer, holding ticket: APIRates.Ticket) -> Response {
        var headers: HTTPFields = [.cacheControl: answer.etag == nil ? "no-store" : "private, no-cache"]
        headers[.contentType] = answer.mediaType
        headers[.eTag] = answer.etag.map { "\"\($0)\"" }
        headers[.location] = answer.location
        if let name = HTTPField.Name("Link") { headers[name] = answer.link }
        headers[.xContentTypeOptions] = "nosniff"
        if let file = answer.file {
            headers[.contentDisposition] = "attachment; filename=\"\(ConsoleAddress.fileName(file.name))\""
            headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        }
        if operation.method == .get, let etag = answer.etag, Self.isKnown(etag, to: request) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        let status = HTTPResponse.Status(code: answer.status)
        switch answer.body {
        case .none: return Response(status: status, headers: headers)
        case .bytes(let bytes): return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let next):
            let body = ResponseBody(contentLength: answer.file?.bytes) { writer in
                while let bytes = try await next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
                withExtendedLifetime(ticket) {}
            }
            return Response(status: status, headers: headers, body: body)
        }
    }

    /// `If-None-Match`, by weak comparison.
    static func isKnown(_ etag: String, to request: Request) -> Bool {
        request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }.contains { tag in
            let tag = tag.filter { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == "\"\(etag)\"" || tag == "W/\"\(etag)\""
        }
    }
}
