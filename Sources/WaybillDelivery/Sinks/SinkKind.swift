package import WaybillLedger

/// A sort of sink: its options and how one is made of them. Making contacts nobody.
package struct SinkKind: Sendable {
    package var name: String
    package var summary: String
    /// Of this kind alone, or shared with some; `SinkKinds.common` come beside them.
    package var options: [SinkOption]
    package var make: @Sendable (SinkValues, SinkSurroundings) throws(DeliveryFailure) -> any DeliverySink

    /// False: the kind says itself how entries look.
    package var takesFormat = true
    /// False: the kind says itself how many come at once.
    package var takesBatch = true

    /// All that may stand under a sink of this kind.
    package var allOptions: [SinkOption] {
        [SinkKinds.kindName] + (takesFormat ? [SinkKinds.formatName] : []) + options + [SinkKinds.from]
            + (takesBatch ? [SinkKinds.batchEntries] : [])
    }
}

/// What a sink finds about it, whatever its kind.
package struct SinkSurroundings: Sendable {
    package var format: any ExportFormat
    /// PEM files of extra roots, where the sink names none of its own.
    package var trust: [String]
    package var proxy: CurlIdentity.Proxy?
    /// `waybill/0.4`.
    package var agent: String

    package init(format: any ExportFormat, trust: [String], proxy: CurlIdentity.Proxy?, agent: String) {
        self.format = format
        self.trust = trust
        self.proxy = proxy
        self.agent = agent
    }
}

/// Every kind of sink, one line each.
package enum SinkKinds {
    package static let all: [SinkKind] = [
        FileSink.kind,
        HTTPSSink.kind,
        SyslogSink.kind,
        OTLPSink.kind,
        S3Sink.kind,
    ]

    /// Written out, because each kind's options hold this one.
    private static let names = ["file", "https", "syslog", "otlp", "s3"]

    package static func named(_ name: String) -> SinkKind? { all.first { $0.name == name } }

    package static let kindName = SinkOption(
        "kind", .choice(SinkKinds.names), isRequired: true, "Where it leads.")
    package static let formatName = SinkOption(
        "format", .text, fallback: "ndjson", "How entries look there: a format of `waybill log export`.")
    package static let from = SinkOption(
        "from", .choice(["start", "now"]), fallback: "start", "Where a new sink begins: at the log's first entry, or at the next one.")
    package static let batchEntries = SinkOption(
        "batch_entries", .integer(1...10_000), fallback: String(SinkPace.entriesMaxDefault),
        "Most entries given at once.")
}

extension SinkValues {
    func pace() -> SinkPace {
        var pace = SinkPace()
        if let entries = integer(SinkKinds.batchEntries) { pace.entriesMax = entries }
        return pace
    }
}
