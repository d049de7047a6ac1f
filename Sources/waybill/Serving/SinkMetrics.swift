import WaybillCore
import WaybillDelivery

/// The sinks' metrics. Labels are names of the configuration.
enum SinkMetrics {
    private static let behind = MetricFamily.Definition(
        "waybill_sink_behind_entries", .gauge, labels: ["sink"], "Entries of the log that the sink has not acknowledged.")
    private static let failures = MetricFamily.Definition(
        "waybill_sink_failures_total", .counter, labels: ["sink"], "Deliveries that failed; what they held comes again.")
    private static let delivered = MetricFamily.Definition(
        "waybill_sink_delivered_entries_total", .counter, labels: ["sink"], "Entries that the sink acknowledged.")
    private static let success = MetricFamily.Definition(
        "waybill_sink_last_success_timestamp_seconds", .gauge, labels: ["sink"],
        "When the sink last acknowledged entries; absent until it has.")

    static let definitions = [behind, failures, delivered, success]

    /// `size`: entries of the log now.
    static func families(_ board: SinkBoard, size: UInt64) -> [MetricFamily] {
        let sinks = board.progress.map { ($0.name, $0.counts, $0.behindEntries(now: size)) }
        return [
            MetricFamily(behind, sinks.map { .init([$0.0], .count($0.2)) }),
            MetricFamily(failures, sinks.map { .init([$0.0], .count($0.1.failures)) }),
            MetricFamily(delivered, sinks.map { .init([$0.0], .count($0.1.deliveredEntries)) }),
            MetricFamily(
                success,
                sinks.compactMap { name, counts, _ in counts.lastSuccess.map { .init([name], .number(Double($0.milliseconds) / 1_000)) } }),
        ]
    }
}
