import FoundationEssentials
import WaybillCore
import WaybillDelivery
import WaybillProxy

/// Takes sampled traces to a collector, as OTLP over HTTP in its JSON encoding. Traces may be lost: those that a full queue drops are counted.
enum TraceExport {
    private static let tracesMax = 256
    private static let pauseMilliseconds = 1_000
    private static let path = "/v1/traces"

    private static let dropped = MetricFamily.Definition(
        "waybill_traces_dropped_total", .counter, "Sampled traces that were dropped because the collector did not take them in time.")
    static let definitions = [dropped]

    static func families(_ queue: TraceQueue?) -> [MetricFamily] {
        [MetricFamily(dropped, [.init([], .count(queue?.dropped ?? 0))])]
    }

    static func work(_ parts: GateParts, _ queue: TraceQueue, _ settings: Settings.Traces) throws -> BackgroundWork {
        var identity = CurlIdentity()
        identity.trust = parts.settings.trust
        identity.agent = "waybill/\(Waybill.version)"
        let secrets = SecretStore(directory: parts.settings.secrets, environment: ProcessInfo.processInfo.environment)
        identity.proxy = try SinkWiring.proxy(parts.settings, secrets)
        var headers = [(name: "Content-Type", value: "application/json")]
        if let token = settings.token {
            headers.append((name: "Authorization", value: "Bearer \(try SinkWiring.secret(token, "`traces`", secrets))"))
        }
        let client = try CurlClient(identity)
        let url = address(settings.url)
        return BackgroundWork(
            name: "traces", pauseMilliseconds: pauseMilliseconds, logger: parts.logger, stop: { client.stop() },
            turn: { [headers] in
                let traces = queue.first(tracesMax)
                guard !traces.isEmpty else { return false }
                let body = try JSONEncoder().encode(OTLPTraces(traces, version: Waybill.version))
                let answer = try client.send(CurlRequest(.post, url, headers: headers, body: Array(body)))
                guard answer.isSuccess else {
                    throw DeliveryFailure("The collector of traces answered \(answer.status); look into its log.")
                }
                queue.remove(first: traces.count)
                return traces.count == tracesMax
            })
    }

    private static func address(_ url: String) -> String {
        let hasPath = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true).count > 2
        return hasPath ? url : (url.hasSuffix("/") ? String(url.dropLast()) : url) + path
    }
}

/// `ExportTraceServiceRequest` in OTLP's JSON: numbers of 64 bits as text.
struct OTLPTraces: Encodable {
    struct Value: Encodable {
        var stringValue: String?
        var intValue: String?
    }
    struct Attribute: Encodable {
        var key: String
        var value: Value
        static func text(_ key: String, _ text: String) -> Attribute { Attribute(key: key, value: Value(stringValue: text)) }
    }
    struct Status: Encodable { var code: Int }
    struct Span: Encodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String
        var name: String
        /// OTLP's numbers: 1 internal, 2 server, 3 client.
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
        var status: Status?
    }
    struct Scope: Encodable {
        var name = "waybill.gate"
        var version: String
    }
    struct ScopeSpans: Encodable {
        var scope: Scope
        var spans: [Span]
    }
    struct Resource: Encodable { var attributes: [Attribute] }
    struct ResourceSpans: Encodable {
        var resource: Resource
        var scopeSpans: [ScopeSpans]
    }
    var resourceSpans: [ResourceSpans]

    init(_ traces: [ExchangeTrace], version: String) {
        resourceSpans = [
            ResourceSpans(
                resource: Resource(attributes: [.text("service.name", "waybill"), .text("service.version", version)]),
                scopeSpans: [ScopeSpans(scope: Scope(version: version), spans: traces.flatMap(Self.spans))])
        ]
    }

    private static func spans(_ trace: ExchangeTrace) -> [Span] {
        var attributes = trace.attributes.map { Attribute.text($0.name, $0.value) }
        if let status = trace.status {
            attributes.append(Attribute(key: "http.response.status_code", value: Value(intValue: String(status))))
        }
        let whole = Span(
            traceId: trace.trace, spanId: trace.span, parentSpanId: trace.parent, name: "transfer", kind: 2,
            startTimeUnixNano: String(trace.start.nanoseconds), endTimeUnixNano: String(trace.end.nanoseconds), attributes: attributes,
            status: trace.isFailed ? Status(code: 2) : nil)
        return [whole]
            + trace.parts.map { part in
                Span(
                    traceId: trace.trace, spanId: part.span, parentSpanId: trace.span, name: part.name.rawValue,
                    kind: part.name == .vendor ? 3 : 1, startTimeUnixNano: String(part.start.nanoseconds),
                    endTimeUnixNano: String(part.end.nanoseconds), attributes: [], status: nil)
            }
    }
}
