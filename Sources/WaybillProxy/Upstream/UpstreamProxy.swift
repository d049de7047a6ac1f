import FoundationEssentials

/// The company's own proxy, through which vendors are reached.
///
/// It resolves their names, so the gate cannot check their addresses; their certificates are verified end to end all the same.
package struct UpstreamProxy: Sendable {
    package var host: String
    package var port: Int
    /// TLS to the proxy itself, verified by the general roots.
    package var isTLS: Bool
    /// `Basic …`; nil: none is sent.
    var authorization: String?

    package init(host: String, port: Int, isTLS: Bool = false, username: String? = nil, password: String = "") {
        self.host = host
        self.port = port
        self.isTLS = isTLS
        authorization = username.map { "Basic " + Data("\($0):\(password)".utf8).base64EncodedString() }
    }

    /// The whole request for a tunnel.
    func connectRequest(host: String, port: Int) -> String {
        let authority = "\(host):\(port)"
        let credentials = authorization.map { "Proxy-Authorization: \($0)\r\n" } ?? ""
        return "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\(credentials)\r\n"
    }

    /// What the proxy would reach is its own machine, not the vendor.
    static func isInside(_ host: String) -> Bool { host == "localhost" || host.hasSuffix(".localhost") || host.hasPrefix("[") }
}
