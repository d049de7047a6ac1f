import WaybillCore
import WaybillLedger

/// A POST of a batch to a URL: 2xx says that it is taken.
struct HTTPSSink: DeliverySink {
    private static let url = SinkOption("url", .url, isRequired: true, "Where to POST.")
    static let kind = SinkKind(
        name: "https", summary: "POST of a batch to a URL; 2xx says that it is taken.",
        options: [
            url, HTTPOptions.token, HTTPOptions.scheme, HTTPOptions.gzip, HTTPOptions.trust, HTTPOptions.clientCertificate,
            HTTPOptions.clientKey, HTTPOptions.timeout,
        ],
        make: { values, surroundings throws(DeliveryFailure) in try HTTPSSink(values, surroundings) })

    let pace: SinkPace
    private let url: String
    private let format: any ExportFormat
    private let headers: [(name: String, value: String)]
    private let coding: ContentCoding
    private let limits: CurlLimits
    private let client: CurlClient

    init(_ values: SinkValues, _ surroundings: SinkSurroundings) throws(DeliveryFailure) {
        pace = values.pace()
        url = try values.required(Self.url)
        format = surroundings.format
        coding = values.flag(HTTPOptions.gzip) ? .gzip : .identity
        headers =
            HTTPOptions.authorization(values) + [("Content-Type", format.mediaType)]
            + (coding == .gzip ? [("Content-Encoding", "gzip")] : [])
        limits = HTTPOptions.limits(values)
        client = try CurlClient(try HTTPOptions.identity(values, surroundings))
    }

    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure) {
        guard let first = records.first, let last = records.last else { return }
        let body = records.body(in: format)
        guard !body.isEmpty else { return }
        // The same entries have the same key, however often and in whatever batches they come.
        let range = "\(first.index)-\(last.index)@\(first.origin)"
        let request = CurlRequest(
            .post, url, headers: headers + [("Waybill-Entries", range), ("Idempotency-Key", "\"\(range)\"")],
            body: try coding.encoded(body))
        try client.send(request, limits).checkTaken(by: try CurlTarget(url, allowsPlainHTTP: false).name)
    }

    func stop() { client.stop() }
}

extension [ExportRecord] {
    /// A whole file or body; empty if the format has no word for any of them.
    func body(in format: any ExportFormat) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(reduce(0) { $0 + $1.entry.count + 1 })
        for record in self { format.append(record, to: &lines) }
        return lines.isEmpty ? [] : format.header + lines
    }
}

extension ContentCoding {
    func encoded(_ bytes: [UInt8]) throws(DeliveryFailure) -> [UInt8] {
        do throws(BodyError) {
            return try encode(bytes)
        } catch {
            throw DeliveryFailure("The batch cannot be compressed; give the process more memory.")
        }
    }
}
