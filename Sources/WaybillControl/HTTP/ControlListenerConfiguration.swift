/// Where the control listener listens and what it bounds. Sizes in bytes, times in seconds.
package struct ControlListenerConfiguration: Sendable {
    package struct TLS: Sendable {
        /// PEM files: the chain, leaf first, and its key.
        package var certificatePath: String
        package var keyPath: String
        /// PEM: who issues the certificates of machines that may show one; nil: none is asked for.
        package var clientCAPath: String?
        package init(certificatePath: String, keyPath: String, clientCAPath: String? = nil) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
            self.clientCAPath = clientCAPath
        }
    }
    package var host: String
    /// 0: any free one; `ControlListener.start` tells which.
    package var port: Int
    package var tls: TLS?
    /// SHA-256 of the token that `/metrics` asks for; nil: no token is asked for, and only peers on loopback are answered.
    package var metricsTokenSHA256: [UInt8]?
    /// The same for `/log`.
    package var logTokenSHA256: [UInt8]?
    /// Proxies in front, whose word is taken for who sends a request and whether by TLS.
    package var proxies: [AddressBlock] = []
    /// Connections at once; more wait to be accepted.
    package var connectionsMax = 256
    /// Of one address, or of one /64; beyond it they are closed. Of this machine and of the proxies as many as there are.
    package var connectionsMaxPerPlace = 32
    /// All of one request, head and body, beyond what the API's operations take as bodies; beyond it the connection closes.
    package var requestBytesMax = 64 * 1_024
    /// From a request's first byte, or from the connection's beginning, until its answer is written; a large body that keeps coming, and
    /// a permitted request of the API, have longer.
    package var requestSecondsMax = 10
    /// Between two requests of a connection.
    package var idleSecondsMax = 60

    package init(host: String, port: Int, tls: TLS? = nil, metricsTokenSHA256: [UInt8]? = nil, logTokenSHA256: [UInt8]? = nil) {
        self.host = host
        self.port = port
        self.tls = tls
        self.metricsTokenSHA256 = metricsTokenSHA256
        self.logTokenSHA256 = logTokenSHA256
    }
}
