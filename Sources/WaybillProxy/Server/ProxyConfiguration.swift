/// What the data plane is told at start; nothing in it changes while it runs.
package struct ProxyConfiguration: Sendable {
    package struct Listener: Sendable {
        /// `gate`: vendors' base URLs, `/to/{vendor}/…`. `proxy`: a forward proxy that stands in for vendors' destinations.
        package enum Kind: Sendable { case gate, proxy }
        package struct TLS: Sendable {
            /// PEM files: the chain, leaf first, and its key.
            package var certificatePath: String
            package var keyPath: String
            /// PEM file of the CAs whose client certificates name callers; nil: none is asked for.
            package var clientCAPath: String?
            package init(certificatePath: String, keyPath: String, clientCAPath: String? = nil) {
                self.certificatePath = certificatePath
                self.keyPath = keyPath
                self.clientCAPath = clientCAPath
            }
        }
        package var kind: Kind
        package var host: String
        /// 0: any free one; `GateServer.start` tells which.
        package var port: Int
        package var tls: TLS?
        /// Lets plain HTTP listen off loopback.
        package var insecure: Bool
        package init(kind: Kind = .gate, host: String, port: Int, tls: TLS? = nil, insecure: Bool = false) {
            self.kind = kind
            self.host = host
            self.port = port
            self.tls = tls
            self.insecure = insecure
        }
    }
    package var listeners: [Listener]
    /// `host:port` of a destination → `ip:port` to dial instead. Named at start; exempt from the special-purpose check because
    /// explicit; the certificate is still verified against the host's own name.
    package var resolve: [String: String]
    /// PEM files with roots trusted for vendors besides the system's.
    package var trust: [String]
    package var limits: ProxyLimits
    /// Needed by listeners of kind `proxy`.
    package var leaves: (any LeafIssuer)?
    /// Vendors are reached through it, but for those with an entry in `resolve`; nil: directly.
    package var upstreamProxy: UpstreamProxy?
    package init(
        listeners: [Listener], resolve: [String: String] = [:], trust: [String] = [], limits: ProxyLimits = ProxyLimits(),
        leaves: (any LeafIssuer)? = nil, upstreamProxy: UpstreamProxy? = nil
    ) {
        self.listeners = listeners
        self.resolve = resolve
        self.trust = trust
        self.limits = limits
        self.leaves = leaves
        self.upstreamProxy = upstreamProxy
    }
}

/// Where a listener really listens.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why the data plane cannot start or take a policy set. The message is one sentence with the remedy.
package struct ProxyError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case insecureListener = "insecure_listener"
        case listenFailed = "listen_failed"
        case authorityMissing = "authority_missing"
        case certificateUnreadable = "certificate_unreadable"
        case trustUnreadable = "trust_unreadable"
        case resolveInvalid = "resolve_invalid"
        case secretMissing = "secret_missing"
        case vendorTLSInvalid = "vendor_tls_invalid"
    }
    package var code: Code
    package var message: String
    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
    package var description: String { message }
}
