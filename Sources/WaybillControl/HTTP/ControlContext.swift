import Hummingbird
import NIOCore
import NIOSSL

/// A request at the control listener, and who sent it.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let isFromLoopback: Bool
    /// Without a port; for rate limits, never for logs.
    let address: String
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        isFromLoopback = source.channel.remoteAddress?.isLoopback ?? false
        address = source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// Of a client certificate that TLS has verified; empty: it showed none, or there is no TLS.
    func certificateNames() async -> [String] {
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

extension SocketAddress {
    var isLoopback: Bool {
        guard let address = ipAddress else { return false }
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
