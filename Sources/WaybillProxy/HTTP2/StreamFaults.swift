/// What breaks HTTP/2's own rules on a request (RFC 9113 §8.2 and §8.3).
extension HTTPFault {
    static let badPseudoField = malformed(
        "The pseudo-header fields are not exactly :method, :scheme, :authority and :path, each once and before all others.")
    static let badScheme = malformed("The scheme is not https.")
    static let badPath = malformed("The path is not one that HTTP/1.1 could carry.")
    static let badAuthority = malformed("The authority is missing, or Host is unlike it.")
    static let connectionField = malformed("A header that concerns one HTTP/1.1 connection has no place in HTTP/2.")
    static let upperCaseName = malformed("A header name is not in lower case.")
    static let blankAroundValue = malformed("A header value begins or ends with a blank.")
    static let notText = malformed("A header value is not UTF-8.")
    static let connectOverStreams = malformed("CONNECT is not served over HTTP/2.")
    static let lengthUnlikeData = malformed("The body is not as long as Content-Length says.")
}
