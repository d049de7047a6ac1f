import WaybillCore

/// `docs/reference/metrics.md`, written from the definitions that the gate serves.
enum MetricsReference {
    static var text: String {
        """
        # Metrics

        <!-- Generated: waybill reference metrics > docs/reference/metrics.md -->

        `GET /metrics` at the control listener, in Prometheus' text format. Times are seconds, sizes bytes. Labels hold ids of the policy set
        and codes, never anything of a request. Histograms have buckets from 50 µs to 10 s. Counters begin at 0 when the gate starts.

        | metric | type | labels | meaning |
        |---|---|---|---|

        """
            + MetricList.definitions.map { definition in
                let labels = definition.labels.map { "`\($0)`" }.joined(separator: ", ")
                return "| `\(definition.name)` | \(definition.kind.rawValue) | \(labels) | \(definition.help) |\n"
            }.joined()
    }
}
