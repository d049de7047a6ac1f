import CCurl
import Synchronization

/// HTTP as delivery needs it: one request, one answer, verified and bounded. Blocking; keeps its connection for the next request.
///
/// HTTPS is verified by the system's roots and `CurlIdentity.trust`; plain HTTP goes to loopback only, unless allowed. Redirects are not
/// followed, proxies of the environment not used. Safe from any thread; requests of one client go one after another.
package final class CurlClient: Sendable {
    private let identity: CurlIdentity
    private let roots: TrustedRoots
    private let handle: Mutex<CurlHandle>
    private let flag = StopFlag()

    /// Throws if a file of `trust` cannot be read.
    package init(_ identity: CurlIdentity = CurlIdentity()) throws(DeliveryFailure) {
        self.identity = identity
        let handle = try CurlHandle()
        roots = try TrustedRoots(identity.trust, beside: handle.defaultRoots)
        self.handle = Mutex(handle)
    }

    /// Ends what is under way, and everything later, with a failure: for a program that stops.
    package func stop() { flag.raise() }

    /// Any status is an answer. Throws one sentence where there is none: the receiver was not reached, is not who it should be, took too
    /// long or answered more than `limits` allow.
    package func send(_ request: CurlRequest, _ limits: CurlLimits = CurlLimits()) throws(DeliveryFailure) -> CurlResponse {
        let target = try CurlTarget(request.url, allowsPlainHTTP: identity.allowsPlainHTTP)
        guard !flag.isRaised else { throw CurlFailure.stopped }
        return try handle.withLock { handle throws(DeliveryFailure) in
            handle.reset()
            handle.apply(identity, roots, to: target)
            handle.apply(limits, flag)
            return try perform(request, target, limits, &handle)
        }
    }

    private func perform(
        _ request: CurlRequest, _ target: CurlTarget, _ limits: CurlLimits, _ handle: inout CurlHandle
    ) throws(DeliveryFailure) -> CurlResponse {
        let headers = try HeaderList(request)
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_HTTPHEADER, headers)
        if let signature = request.signature {
            handle.set(CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
            handle.set(CURLOPT_USERNAME, signature.accessKey)
            handle.set(CURLOPT_PASSWORD, signature.secretKey)
        }
        var collector = ResponseCollector(limits)
        let isGet = request.method == .get
        if isGet {
            handle.set(CURLOPT_HTTPGET, 1)
        } else {
            handle.set(CURLOPT_POST, 1)
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.body.count)
            handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        // Without an address libcurl would read the body from standard input.
        let body = request.body.isEmpty ? [0] : request.body
        let code = body.withUnsafeBytes { body in
            if !isGet { handle.set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: body.baseAddress)) }
            return withUnsafeMutablePointer(to: &collector) { collector in
                handle.set(CURLOPT_WRITEFUNCTION, callback: ResponseCollector.takeBody)
                handle.set(CURLOPT_WRITEDATA, pointer: collector)
                handle.set(CURLOPT_HEADERFUNCTION, callback: ResponseCollector.takeHead)
                handle.set(CURLOPT_HEADERDATA, pointer: collector)
                return curl_easy_perform(handle.easy)
            }
        }
        withExtendedLifetime((headers, flag)) {}
        guard code == CURLE_OK else { throw CurlFailure.of(code, target, isOversized: collector.isOversized) }
        return CurlResponse(status: handle.status, headers: collector.headers, body: collector.body)
    }
}

/// Asked by libcurl now and then while it works.
final class StopFlag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .relaxed) }
    func raise() { raised.store(true, ordering: .relaxed) }
}
