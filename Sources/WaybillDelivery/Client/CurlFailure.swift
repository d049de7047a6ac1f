import CCurl

/// libcurl's codes as sentences. Its own error text can quote the URL, so only the code is used.
enum CurlFailure {
    static let stopped = DeliveryFailure("The program stops; what was not sent is sent later.")

    static func of(_ code: CURLcode, _ target: CurlTarget, isOversized: Bool) -> DeliveryFailure {
        let receiver = target.name
        if isOversized { return DeliveryFailure("\(receiver) answered more than is taken; check that the URL names the right service.") }
        return switch code {
        case CURLE_ABORTED_BY_CALLBACK: stopped
        case CURLE_COULDNT_RESOLVE_HOST: DeliveryFailure("\(receiver) has no address; check the name in the URL, and name resolution.")
        case CURLE_COULDNT_RESOLVE_PROXY: DeliveryFailure("The upstream proxy has no address; check `upstream_proxy.address`.")
        case CURLE_COULDNT_CONNECT:
            DeliveryFailure("\(receiver) does not accept connections; check that it runs and that the network lets them through.")
        case CURLE_OPERATION_TIMEDOUT: DeliveryFailure("\(receiver) took too long; check that it runs, and how busy it is.")
        case CURLE_PEER_FAILED_VERIFICATION:
            DeliveryFailure(
                "The certificate of \(receiver) is not trusted or is for another name; add its root to `trust`, or correct the URL.")
        case CURLE_SSL_CERTPROBLEM:
            DeliveryFailure(
                "The client certificate for \(receiver) cannot be used; check that certificate and key are a pair of PEM files.")
        case CURLE_SSL_CACERT_BADFILE: DeliveryFailure("The root certificates cannot be used; check the files of `trust`.")
        case CURLE_SSL_CONNECT_ERROR:
            DeliveryFailure("TLS with \(receiver) could not be agreed; check that it speaks TLS 1.2 or later, and whom it lets in.")
        default:
            DeliveryFailure(
                "The exchange with \(receiver) broke off (\(String(cString: curl_easy_strerror(code)))); check that it runs.")
        }
    }
}
