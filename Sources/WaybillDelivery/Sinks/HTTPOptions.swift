/// What sinks over HTTPS have in common.
enum HTTPOptions {
    static let token = SinkOption("token", .secret, "The credential in the `Authorization` header.")
    static let scheme = SinkOption(
        "scheme", .text, fallback: "Bearer", "What stands before the token there: `Bearer`, `Splunk`, `ApiKey`, …")
    static let trust = SinkOption(
        "trust", .path, "PEM file of root certificates trusted beside the system's, in place of the `trust` of the installation.")
    static let clientCertificate = SinkOption(
        "client_certificate", .path, "PEM file: the certificate that this sink shows, where the receiver asks for one.")
    static let clientKey = SinkOption("client_key", .path, "PEM file of its private key (0600).")
    static let timeout = SinkOption(
        "timeout", .milliseconds(100...600_000), fallback: "60s", "How long one delivery may take, from connecting to the acknowledgement.")
    static let gzip = SinkOption("gzip", .flag, fallback: "false", "Compresses what is sent.")

    static func identity(_ values: SinkValues, _ surroundings: SinkSurroundings) throws(DeliveryFailure) -> CurlIdentity {
        var identity = CurlIdentity()
        identity.trust = values.text(trust).map { [$0] } ?? surroundings.trust
        identity.proxy = surroundings.proxy
        identity.agent = surroundings.agent
        switch (values.text(clientCertificate), values.text(clientKey)) {
        case (nil, nil): break
        case (let certificate?, let key?): identity.clientCertificate = .init(certificate: certificate, key: key)
        default: throw DeliveryFailure("The sink needs `client_certificate` and `client_key` together; add or remove one.")
        }
        return identity
    }

    static func limits(_ values: SinkValues) -> CurlLimits {
        var limits = CurlLimits()
        if let timeout = values.milliseconds(timeout) {
            limits.totalMillisecondsMax = timeout
            limits.connectMillisecondsMax = min(limits.connectMillisecondsMax, timeout)
        }
        return limits
    }

    static func authorization(_ values: SinkValues) -> [(name: String, value: String)] {
        values.text(token).map { [("Authorization", "\(values.text(scheme) ?? "Bearer") \($0)")] } ?? []
    }
}

extension CurlResponse {
    /// Throws unless the receiver has taken it. `receiver`: for the sentence.
    func checkTaken(by receiver: String) throws(DeliveryFailure) {
        guard !isSuccess else { return }
        throw switch status {
        case 429, 503:
            DeliveryFailure(
                "\(receiver) asks to wait (\(status)); it is tried again by itself.",
                retryAfterSeconds: Self.seconds(headers["retry-after"]))
        case 413: DeliveryFailure("\(receiver) takes less at once (413); lower `batch_entries`.", isTooMuch: true)
        case 401, 403:
            DeliveryFailure("\(receiver) refuses the credential (\(status)); renew the secret and restart the gate, and check the clock.")
        case 300...399: DeliveryFailure("\(receiver) redirects (\(status)), which is not followed; correct the URL.")
        case 404, 405: DeliveryFailure("\(receiver) has nothing at that path (\(status)); correct the URL.")
        case 500...599: DeliveryFailure("\(receiver) has a fault of its own (\(status)); it is tried again by itself.")
        default: DeliveryFailure("\(receiver) refuses what it was given (\(status)); check the URL and the format it expects.")
        }
    }

    private static let retryAfterSecondsMax = 3_600

    /// Seconds only: a date would need its clock to agree with ours.
    private static func seconds(_ text: String?) -> Int? {
        text.flatMap { Int($0) }.flatMap { $0 >= 0 ? min($0, retryAfterSecondsMax) : nil }
    }
}
