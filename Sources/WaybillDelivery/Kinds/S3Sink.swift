import Crypto
import FoundationEssentials
import WaybillLedger

/// One object for each full bundle of 256 entries, its key from origin and bundle: what comes twice overwrites itself.
struct S3Sink: DeliverySink {
    static let bundleEntries = 256
    private static let url = SinkOption("url", .url, isRequired: true, "The service: `https://s3.eu-central-1.amazonaws.com`.")
    private static let bucket = SinkOption("bucket", .text, isRequired: true, "The bucket; it must exist.")
    private static let prefix = SinkOption("prefix", .text, "What objects' keys begin with, like `waybill/`.")
    private static let region = SinkOption("region", .text, fallback: "us-east-1", "The region that requests are signed for.")
    private static let accessKey = SinkOption("access_key", .secret, isRequired: true, "The access key's id.")
    private static let secretKey = SinkOption("secret_key", .secret, isRequired: true, "The access key's secret.")
    private static let tailAfter = SinkOption(
        "tail_after", .milliseconds(0...86_400_000), fallback: "15m",
        "How long entries of an unfinished bundle wait before it is written as it is, to be overwritten when it has grown; 0s: until it is "
            + "full.")
    static let kind = SinkKind(
        name: "s3", summary: "S3-compatible objects: one for each full bundle of 256 entries.",
        options: [
            url, bucket, prefix, region, accessKey, secretKey, tailAfter, HTTPOptions.trust,
            HTTPOptions.clientCertificate, HTTPOptions.clientKey, HTTPOptions.timeout,
        ],
        make: { values, surroundings throws(DeliveryFailure) in try S3Sink(values, surroundings) }, takesBatch: false)

    let pace: SinkPace
    private let base: String
    private let prefix: String
    private let format: any ExportFormat
    private let headers: [(name: String, value: String)]
    private let signature: CurlRequest.AWSSignature
    private let limits: CurlLimits
    private let client: CurlClient

    init(_ values: SinkValues, _ surroundings: SinkSurroundings) throws(DeliveryFailure) {
        let bucket = try values.required(Self.bucket)
        let prefix = values.text(Self.prefix) ?? ""
        guard Self.isKey(bucket), !bucket.contains("/"), prefix.isEmpty || Self.isKey(prefix) else {
            throw DeliveryFailure("`bucket` and `prefix` may hold letters, digits, `-`, `_`, `.` and, in the prefix, `/`; correct them.")
        }
        let url = try values.required(Self.url)
        base = (url.hasSuffix("/") ? String(url.dropLast()) : url) + "/\(bucket)/"
        self.prefix = prefix
        format = surroundings.format
        headers = [("Content-Type", format.mediaType)]
        signature = CurlRequest.AWSSignature(
            region: values.text(Self.region) ?? "us-east-1", service: "s3", accessKey: try values.required(Self.accessKey),
            secretKey: try values.required(Self.secretKey))
        limits = HTTPOptions.limits(values)
        client = try CurlClient(try HTTPOptions.identity(values, surroundings))
        var pace = SinkPace()
        pace.bundleEntries = Self.bundleEntries
        pace.tailMilliseconds = values.milliseconds(Self.tailAfter).flatMap { $0 > 0 ? $0 : nil }
        self.pace = pace
    }

    /// All of one bundle.
    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure) {
        guard let first = records.first else { return }
        let body = records.body(in: format)
        let digest = SHA256.hash(data: body)
        let request = CurlRequest(
            .put, base + key(first),
            headers: headers + [
                ("x-amz-content-sha256", hex(Array(digest))), ("x-amz-checksum-sha256", Data(digest).base64EncodedString()),
            ], body: body, signature: signature)
        try client.send(request, limits).checkTaken(by: try CurlTarget(base, allowsPlainHTTP: false).name)
    }

    func stop() { client.stop() }

    /// `waybill/acme.example/waybill/000000000042.ndjson`: entries 10,752 to 11,007.
    func key(_ first: ExportRecord) -> String {
        let digits = String(first.index / UInt64(Self.bundleEntries))
        let number = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
        let origin = String(first.origin.map { Self.isKey(String($0)) ? $0 : "_" })
        return "\(prefix)\(origin)/\(number).\(format.fileExtension)"
    }

    /// Characters that no one along the way writes differently.
    private static func isKey(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x2f, 0x5f: true
                default: false
                }
            }
    }
}
