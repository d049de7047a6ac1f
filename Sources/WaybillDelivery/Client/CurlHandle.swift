import CCurl

/// One easy handle: its connection, its TLS sessions, and its options until the next `reset`.
struct CurlHandle: ~Copyable {
    let easy: UnsafeMutableRawPointer
    /// The system's bundle of root certificates; nil where libcurl has none.
    let defaultRoots: String?

    /// Once in the process; the language makes it safe from any thread.
    private static let isReady = waybill_curl_init_all() == CURLE_OK

    init() throws(DeliveryFailure) {
        guard Self.isReady, let easy = curl_easy_init() else {
            throw DeliveryFailure("libcurl cannot be used; check its installation and the memory left.")
        }
        self.easy = easy
        defaultRoots = Self.text(easy, CURLINFO_CAINFO)
    }

    deinit { curl_easy_cleanup(easy) }

    /// Forgets every option; connections and TLS sessions stay.
    func reset() { curl_easy_reset(easy) }

    func set(_ option: CURLoption, _ value: Int) { waybill_curl_set_long(easy, option, value) }
    func set(_ option: CURLoption, offset: Int) { waybill_curl_set_offset(easy, option, curl_off_t(offset)) }
    /// libcurl keeps a copy.
    func set(_ option: CURLoption, _ value: String) { waybill_curl_set_text(easy, option, value) }
    /// Must stay valid until the work is done.
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) { waybill_curl_set_pointer(easy, option, pointer) }
    func set(_ option: CURLoption, callback: waybill_curl_callback) { waybill_curl_set_callback(easy, option, callback) }
    func set(_ option: CURLoption, _ list: HeaderList) { waybill_curl_set_list(easy, option, list.first) }
    func set(_ option: CURLoption, blob: [UInt8]) {
        blob.withUnsafeBytes { bytes in _ = waybill_curl_set_blob(easy, option, bytes.baseAddress, bytes.count) }
    }

    var status: Int {
        var status = 0
        waybill_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    private static func text(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard waybill_curl_get_text(easy, info, &text) == CURLE_OK, let text else { return nil }
        return String(cString: text)
    }
}

extension CurlHandle {
    /// Who is trusted, who asks, and which way: the same for HTTP and for bare connections.
    func apply(_ identity: CurlIdentity, _ roots: TrustedRoots, to target: CurlTarget) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, target.isTLS ? "https" : "http")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let pem = roots.pem { set(CURLOPT_CAINFO_BLOB, blob: pem) }
        if let client = identity.clientCertificate {
            set(CURLOPT_SSLCERT, client.certificate)
            set(CURLOPT_SSLKEY, client.key)
        }
        // An empty name keeps those of the environment away.
        set(CURLOPT_PROXY, "")
        guard let proxy = identity.proxy, !target.isLoopback else { return }
        let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
        set(CURLOPT_PROXY, "\(proxy.isTLS ? "https" : "http")://\(host):\(proxy.port)")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_HTTPPROXYTUNNEL, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
        set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
        if let pem = roots.pem { set(CURLOPT_PROXY_CAINFO_BLOB, blob: pem) }
        if let username = proxy.username {
            set(CURLOPT_PROXYUSERNAME, username)
            set(CURLOPT_PROXYPASSWORD, proxy.password ?? "")
        }
    }

    func apply(_ limits: CurlLimits, _ flag: StopFlag) {
        set(CURLOPT_CONNECTTIMEOUT_MS, limits.connectMillisecondsMax)
        set(CURLOPT_TIMEOUT_MS, limits.totalMillisecondsMax)
        set(CURLOPT_LOW_SPEED_LIMIT, 1)
        set(CURLOPT_LOW_SPEED_TIME, limits.stallSecondsMax)
        set(CURLOPT_NOPROGRESS, 0)
        set(CURLOPT_XFERINFODATA, pointer: Unmanaged.passUnretained(flag).toOpaque())
        waybill_curl_set_progress(easy) { context, _, _, _, _ in
            guard let context else { return 1 }
            return Unmanaged<StopFlag>.fromOpaque(context).takeUnretainedValue().isRaised ? 1 : 0
        }
    }
}

/// Lines of a request's head, as libcurl takes them.
final class HeaderList {
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    /// Throws for a name or value that would end its line, and a value that cannot be sent.
    init(_ request: CurlRequest) throws(DeliveryFailure) {
        // A body of a megabyte would else wait for a `100 Continue` that few servers send.
        for (name, value) in request.headers + [("Expect", "")] {
            guard Self.isToken(name), value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw DeliveryFailure("The header `\(Self.isToken(name) ? name : "?")` holds characters that a header cannot; correct it.")
            }
            guard let longer = curl_slist_append(first, value.isEmpty ? "\(name):" : "\(name): \(value)") else {
                throw DeliveryFailure("There is no memory for the request; give the process more.")
            }
            first = longer
        }
    }

    deinit { curl_slist_free_all(first) }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3a }
    }
}
