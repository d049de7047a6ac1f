import HTTPTypes
import Hummingbird

/// Says of each request who sends it: the peer, or whom a proxy names that the configuration knows. What others say of themselves in such
/// headers is not believed; that they say it at all shows that they do not come from this machine.
struct PeerMiddleware: RouterMiddleware {
    typealias Context = ControlContext
    let proxies: [AddressBlock]
    let isTLS: Bool

    @concurrent
    func handle(
        _ request: Request, context: ControlContext, next: @concurrent (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.isSecure = isTLS
        if let peer = context.peer, isProxy(peer) {
            context.isProxied = true
            context.isFromLoopback = false
            context.isSecure = isTLS || Self.values("X-Forwarded-Proto", request) == ["https"]
            if let sender = sender(request) { context.address = sender.place }
        } else if Self.marks.contains(where: { !Self.values($0, request).isEmpty }) {
            context.isFromLoopback = false
        }
        return try await next(request, context)
    }

    private static let marks = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"]

    private func isProxy(_ address: PeerAddress) -> Bool { proxies.contains { $0.contains(address) } }

    /// The last that no proxy of ours is: what stands before it the sender may have written. Nil: the list is malformed there, or empty.
    private func sender(_ request: Request) -> PeerAddress? {
        for text in Self.values("X-Forwarded-For", request).reversed() {
            guard let address = PeerAddress(text) else { return nil }
            if !isProxy(address) { return address }
        }
        return nil
    }

    private static func values(_ name: String, _ request: Request) -> [String] {
        guard let name = HTTPField.Name(name) else { return [] }
        return request.headers[values: name].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { $0.filter { $0 != " " && $0 != "\t" } }
    }
}
