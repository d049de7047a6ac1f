import Hummingbird
import NIOCore
import NIOSSL

/// A request at the control listener, and who sent it.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// At the other end of the connection.
    let peer: PeerAddress?
    /// Who is counted as one; for rate limits, never for logs. This and the rest are set by `PeerMiddleware`.
    var address: String
    var isFromLoopback: Bool
    /// The browser speaks TLS, to us or to a proxy in front.
    var isSecure = false
    /// Comes by a proxy that the configuration knows.
    var isProxied = false
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        peer = source.channel.remoteAddress?.ipAddress.flatMap { PeerAddress($0) }
        isFromLoopback = peer?.isLoopback ?? false
        address = peer?.place ?? source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// Of a client certificate that TLS has verified; empty: it showed none, or there is no TLS. A proxy's is not its clients'.
    func certificateNames() async -> [String] {
        guard !isProxied else { return [] }
        do {
            guard let certificate = try await channel.nioSSL_peerCertificate().get() else { return [] }
            return ClientCertificate.dnsNames(certificate)
        } catch {
            // No TLS on this connection.
            return []
        }
    }

    /// The request is permitted, and its answer may take so long from now on.
    func allowTime(seconds: Int) { channel.triggerUserOutboundEvent(RequestBounds.Extension(seconds: seconds), promise: nil) }
}
