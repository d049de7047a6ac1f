import CCurl

/// Where a URL leads, by libcurl's own reading: what is checked is what is dialled.
struct CurlTarget: Sendable, Equatable {
    var isTLS: Bool
    /// Lower case; an IPv6 address in brackets.
    var host: String
    var port: String

    /// For sentences: never more of the URL than this.
    var name: String { "\(host):\(port)" }

    init(_ url: String, allowsPlainHTTP: Bool) throws(DeliveryFailure) {
        guard let parts = curl_url() else { throw DeliveryFailure("There is no memory for the request; give the process more.") }
        defer { curl_url_cleanup(parts) }
        guard curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = Self.part(parts, CURLUPART_SCHEME), let host = Self.part(parts, CURLUPART_HOST),
            let port = Self.part(parts, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT))
        else { throw DeliveryFailure("A receiver's URL cannot be read; write it like https://receiver.example/path.") }
        guard scheme == "https" || scheme == "http" else {
            throw DeliveryFailure("A receiver's URL must begin with https://.")
        }
        guard Self.part(parts, CURLUPART_USER) == nil, Self.part(parts, CURLUPART_PASSWORD) == nil else {
            throw DeliveryFailure("A receiver's URL holds a user name or password; put it into a secret instead.")
        }
        isTLS = scheme == "https"
        self.host = host.lowercased()
        self.port = port
        guard isTLS || isLoopback || allowsPlainHTTP else {
            throw DeliveryFailure("Plain HTTP to \(name) would be readable on the network; use https://.")
        }
    }

    /// An address of this machine, or the name that libcurl resolves to one without asking.
    var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts.allSatisfy { $0 != nil } && parts[0] == 127
    }

    private static func part(_ url: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
