/// A message that is not HTTP as we accept it. Texts are fixed: nothing of the message is in them.
struct HTTPFault: Error, Equatable {
    var status: Int
    var code: String
    /// Which rule it broke.
    var rule: String

    static func malformed(_ rule: String) -> HTTPFault { HTTPFault(status: 400, code: "request_malformed", rule: rule) }

    static let headTooLarge = HTTPFault(status: 431, code: "request_head_too_large", rule: "The request's head is larger than the limit.")
    static let bareCRorLF = malformed("A line does not end with CR LF, or holds a bare CR or LF.")
    static let badStartLine = malformed("The first line is not method, target and HTTP/1.1, each separated by one space.")
    static let bodyOfCONNECT = malformed("CONNECT comes with a body.")
    static let badName = malformed("A header name is empty or holds a byte that is not allowed; '_' and bytes above 0x7f are not.")
    static let folded = malformed("A header is folded over several lines.")
    static let badValue = malformed("A header value holds a control character.")
    static let badHost = malformed("Host is missing, repeated, empty or unlike the target.")
    static let badLength = malformed("Content-Length is repeated or not a number.")
    static let badTransferEncoding = malformed(
        "Transfer-Encoding is not exactly 'chunked', comes with Content-Length, or comes with HTTP/1.0.")
    static let repeatedContentField = malformed("Content-Type or Content-Encoding is repeated or named by Connection.")
    static let badChunk = malformed("A chunk is not framed as RFC 9112 says.")
    static let forbiddenTrailer = malformed("A trailer holds a header that must come before the body.")
}
