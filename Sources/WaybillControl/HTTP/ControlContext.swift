import Hummingbird
import NIOCore

/// A request at the control listener, and who sent it.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let isFromLoopback: Bool
    /// Without a port; for rate limits, never for logs.
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        isFromLoopback = source.channel.remoteAddress?.isLoopback ?? false
        address = source.channel.remoteAddress?.ipAddress ?? ""
    }
}

extension SocketAddress {
    var isLoopback: Bool {
        guard let address = ipAddress else { return false }
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
