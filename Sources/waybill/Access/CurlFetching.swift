import Dispatch
import FoundationEssentials
import WaybillControl
import WaybillDelivery

/// Access's HTTP over libcurl, on a thread of its own: it blocks.
final class CurlFetching: HTTPFetching {
    private let client: CurlClient
    private let queue = DispatchQueue(label: "waybill.oidc")

    init(_ settings: Settings, proxy: CurlIdentity.Proxy?) throws(DeliveryFailure) {
        var identity = CurlIdentity()
        identity.trust = settings.trust
        identity.allowsPlainHTTP = settings.insecure
        identity.proxy = proxy
        client = try CurlClient(identity)
    }

    func fetch(_ request: FetchRequest) async throws -> FetchAnswer {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [client] in continuation.resume(with: Result { try Self.answer(client, request) }) }
        }
    }

    private static func answer(_ client: CurlClient, _ request: FetchRequest) throws -> FetchAnswer {
        var limits = CurlLimits()
        limits.connectMillisecondsMax = 5_000
        limits.totalMillisecondsMax = 10_000
        limits.stallSecondsMax = 5
        limits.responseBytesMax = 256 * 1_024
        let headers = request.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let sent = CurlRequest(
            request.form == nil ? .get : .post, request.url, headers: headers, body: request.form.map { Array($0.utf8) } ?? [])
        let answer = try client.send(sent, limits)
        return FetchAnswer(status: answer.status, body: answer.body)
    }
}

extension Wiring {
    /// Nil: none is configured.
    static func provider(_ settings: Settings, proxy: CurlIdentity.Proxy?) throws(CommandFailure) -> OIDCProvider? {
        guard var configuration = settings.oidc else { return nil }
        if let template = configuration.clientSecret {
            let name = SecretStore.names(in: template).first ?? ""
            let store = SecretStore(directory: settings.secrets, environment: ProcessInfo.processInfo.environment)
            guard let secret = try store.value(name) else {
                throw CommandFailure(
                    "`access.oidc.client_secret` needs the secret `\(name)`, which is missing",
                    remedy:
                        "set \(SecretStore.variable(name)), or write it to \(Files.resolve(name, against: settings.secrets)) with mode 0600"
                )
            }
            configuration.clientSecret = secret
        }
        do throws(DeliveryFailure) {
            return OIDCProvider(configuration, fetcher: try CurlFetching(settings, proxy: proxy))
        } catch {
            throw CommandFailure("\(error)".withoutFullStop)
        }
    }
}
