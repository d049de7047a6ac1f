import WaybillCore

/// Refusals of the forward proxy; fixed text, counted.
extension Refusal {
    /// The same whatever was wrong: it would tell a stranger what came close.
    static let proxyUnauthenticated = Refusal(
        status: 407, code: "proxy_authentication_required", title: "The caller is not known to the proxy",
        detail: "Give the caller's name and token as proxy credentials: http://caller:token@proxy.")
    static let badConnect = Refusal(
        HTTPFault.malformed("CONNECT does not name host:port, names another host than Host does, or announces a body."))
    static let notADestination = Refusal(
        status: 403, code: "proxy_destination_unknown", title: "No vendor has this destination",
        detail: "The proxy serves destinations of the vendors' files, by exact scheme, host and port; it tunnels nothing unseen.")
    static let interceptionNotPermitted = Refusal(
        status: 403, code: "interception_not_permitted", title: "The gate's CA may not stand in for this name",
        detail: "The CA's name constraints do not cover it: use the vendor's base URL, /to/{vendor}/{path}, or renew the CA with the name.")
    static let interceptionUnavailable = Refusal(
        status: 503, code: "interception_unavailable", title: "No certificate can be made for this name",
        detail: "The gate's CA has ended or cannot sign; nothing was sent.")
    static let wrongServer = Refusal(
        status: 421, code: "misdirected_request", title: "The request is for another server",
        detail: "The name in TLS, Host and CONNECT must be one and the same.")
    static let noProxyTarget = Refusal(
        status: 404, code: "path_unknown", title: "No such path",
        detail: "This listener is a forward proxy; it serves CONNECT and targets in absolute form.")
}
