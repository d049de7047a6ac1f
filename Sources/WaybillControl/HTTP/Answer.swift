import Hummingbird

/// Answers of the control listener: JSON, text, and RFC 9457 problems. Fixed text, codes and numbers: never a value from the request.
enum Answer {
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        write(text, "application/json", status, [:])
    }

    static func text(_ text: String, mediaType: String) -> Response { write(text, mediaType, .ok, [:]) }

    static func bytes(_ bytes: [UInt8], cacheControl: String) -> Response {
        let headers: HTTPFields = [.contentType: "application/octet-stream", .cacheControl: cacheControl]
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// `members`: more members of the document, as JSON, each begun with a comma.
    static func problem(
        _ status: HTTPResponse.Status, code: String, title: String, detail: String, members: String = "", headers: HTTPFields = [:]
    ) -> Response {
        let text =
            #"{"type":"urn:waybill:problem:\#(code)","title":"\#(title)","status":\#(status.code),"detail":"\#(detail)","#
            + #""code":"\#(code)"\#(members)}"#
        return write(text, "application/problem+json", status, headers)
    }

    private static func write(_ text: String, _ mediaType: String, _ status: HTTPResponse.Status, _ more: HTTPFields) -> Response {
        var headers = more
        headers[.contentType] = mediaType
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
