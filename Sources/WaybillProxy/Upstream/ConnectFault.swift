/// Why there is no verified connection to a vendor. Nothing was recorded and nothing was sent.
enum ConnectFault: String, Error, CaseIterable {
    case nameUnresolved = "vendor_name_unresolved"
    case addressRefused = "vendor_address_refused"
    case unreachable = "vendor_unreachable"
    case tlsFailed = "vendor_tls_failed"
    case timedOut = "vendor_connect_timeout"
    case circuitOpen = "vendor_circuit_open"
    case tooManyConnections = "vendor_connections_exhausted"
    case proxyUnreachable = "upstream_proxy_unreachable"
    case proxyRefused = "upstream_proxy_refused"

    /// 502 the vendor's fault, 503 ours.
    var status: Int { self == .tooManyConnections ? 503 : 502 }

    var detail: String {
        switch self {
        case .nameUnresolved: "The vendor's name has no address; nothing was sent."
        case .addressRefused:
            "The vendor's name leads to a special-purpose address; nothing was sent. A private link needs an entry in 'resolve'."
        case .unreachable: "The vendor does not accept connections; nothing was sent."
        case .tlsFailed: "The vendor's certificate could not be verified, or TLS failed; nothing was sent."
        case .timedOut: "The vendor did not accept a connection in time; nothing was sent."
        case .circuitOpen: "The vendor could not be reached several times in a row and is left alone for some seconds; nothing was sent."
        case .proxyUnreachable: "The upstream proxy does not accept connections, or its certificate is not trusted; nothing was sent."
        case .proxyRefused: "The upstream proxy gives no connection to the vendor; nothing was sent."
        case .tooManyConnections: "All connections to the vendor are in use; nothing was sent."
        }
    }

    var title: String { self == .tooManyConnections ? "Too many transfers at once" : "The vendor cannot be reached" }

    /// Says something about the vendor, not about us.
    var countsAgainstVendor: Bool {
        switch self {
        case .circuitOpen, .tooManyConnections, .proxyUnreachable, .proxyRefused: false
        default: true
        }
    }
}
