/// One HTTP request. Its URL's query, its header values and its body never show in errors.
package struct CurlRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
    }
    /// Signs the request as AWS services ask for it (Signature Version 4).
    package struct AWSSignature: Sendable {
        package var region: String
        package var service: String
        package var accessKey: String
        package var secretKey: String

        package init(region: String, service: String, accessKey: String, secretKey: String) {
            self.region = region
            self.service = service
            self.accessKey = accessKey
            self.secretKey = secretKey
        }
    }
    package var method: Method
    /// Absolute, `https://…`; `http://…` only where the client allows it. No user information.
    package var url: String
    /// A value with control characters is refused.
    package var headers: [(name: String, value: String)]
    /// Not of a GET.
    package var body: [UInt8]
    package var signature: AWSSignature?

    package init(
        _ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [], signature: AWSSignature? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.signature = signature
    }
}

package struct CurlResponse: Sendable {
    package var status: Int
    /// Names in lower case; of equal names the last.
    package var headers: [String: String]
    package var body: [UInt8]

    package var isSuccess: Bool { (200...299).contains(status) }
}

/// How long one exchange may take and how much may come back.
package struct CurlLimits: Sendable {
    /// Name look-up, TCP and TLS together.
    package var connectMillisecondsMax = 10_000
    package var totalMillisecondsMax = 60_000
    /// Without a byte in either direction.
    package var stallSecondsMax = 20
    package var responseBytesMax = 1 << 20
    package var responseHeadBytesMax = 64 * 1_024

    package init() {}
}

/// Whom a client trusts, who it is, and which way it goes out.
package struct CurlIdentity: Sendable {
    package struct ClientCertificate: Sendable {
        /// PEM files.
        package var certificate: String
        package var key: String
        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }
    /// A company's own proxy, by CONNECT. Not used towards loopback.
    package struct Proxy: Sendable {
        package var host: String
        package var port: Int
        package var isTLS: Bool
        package var username: String?
        package var password: String?
        package init(host: String, port: Int, isTLS: Bool, username: String? = nil, password: String? = nil) {
            self.host = host
            self.port = port
            self.isTLS = isTLS
            self.username = username
            self.password = password
        }
    }
    /// PEM files of roots trusted beside the system's.
    package var trust: [String] = []
    package var clientCertificate: ClientCertificate?
    package var proxy: Proxy?
    /// Plain HTTP off loopback. Default: refused.
    package var allowsPlainHTTP = false

    package init() {}
}
