import FoundationEssentials
import WaybillCore
import WaybillLedger

/// OpenTelemetry log records over HTTP, in OTLP's JSON: one record an entry, its body the entry's own bytes.
struct OTLPSink: DeliverySink {
    private static let url = SinkOption(
        "url", .url, isRequired: true, "The collector's OTLP/HTTP address; without a path `/v1/logs` is meant.")
    static let kind = SinkKind(
        name: "otlp", summary: "OTLP logs over HTTP, in its JSON encoding.",
        options: [
            url, HTTPOptions.token, HTTPOptions.scheme, HTTPOptions.gzip, HTTPOptions.trust, HTTPOptions.clientCertificate,
            HTTPOptions.clientKey, HTTPOptions.timeout,
        ],
        make: { values, surroundings throws(DeliveryFailure) in try OTLPSink(values, surroundings) }, takesFormat: false)

    let pace: SinkPace
    private let url: String
    private let headers: [(name: String, value: String)]
    private let coding: ContentCoding
    private let limits: CurlLimits
    private let client: CurlClient

    init(_ values: SinkValues, _ surroundings: SinkSurroundings) throws(DeliveryFailure) {
        pace = values.pace()
        url = Self.endpoint(try values.required(Self.url))
        coding = values.flag(HTTPOptions.gzip) ? .gzip : .identity
        headers =
            HTTPOptions.authorization(values) + [("Content-Type", "application/json")]
            + (coding == .gzip ? [("Content-Encoding", "gzip")] : [])
        limits = HTTPOptions.limits(values)
        client = try CurlClient(try HTTPOptions.identity(values, surroundings))
    }

    private static func endpoint(_ url: String) -> String {
        let path = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true).dropFirst(2)
        guard path.isEmpty else { return url }
        return url.hasSuffix("/") ? url + "v1/logs" : url + "/v1/logs"
    }

    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure) {
        guard !records.isEmpty else { return }
        let request = CurlRequest(.post, url, headers: headers, body: try coding.encoded(OTLPFormat.request(records)))
        let receiver = try CurlTarget(url, allowsPlainHTTP: false).name
        let response = try client.send(request, limits)
        try response.checkTaken(by: receiver)
        try Self.checkWhole(response.body, of: records.count, by: receiver)
    }

    func stop() { client.stop() }

    /// A collector says with 200 how many records it did not take, and may say so for good: they are not lost silently.
    static func checkWhole(_ body: [UInt8], of count: Int, by receiver: String) throws(DeliveryFailure) {
        guard let answer = Self.answer(body), let rejected = answer.partialSuccess?.rejectedLogRecords?.value, rejected > 0 else { return }
        // The collector's own words may quote what it was given.
        throw DeliveryFailure(
            "\(receiver) rejected \(rejected) of \(count) log records; look into its log for the reason and raise its limits.",
            isTooMuch: count > 1)
    }

    /// Nil: not JSON; a 2xx alone then says that all is taken.
    private static func answer(_ body: [UInt8]) -> OTLPAnswer? {
        do {
            return try JSONDecoder().decode(OTLPAnswer.self, from: Data(body))
        } catch {
            return nil
        }
    }
}

private struct OTLPAnswer: Decodable {
    struct PartialSuccess: Decodable {
        var rejectedLogRecords: Count?
    }
    /// Text in the JSON of protobuf, a number in that of some receivers.
    struct Count: Decodable {
        var value: Int
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                value = try container.decode(Int.self)
            } catch {
                value = Int(try container.decode(String.self)) ?? 0
            }
        }
    }
    var partialSuccess: PartialSuccess?
}
