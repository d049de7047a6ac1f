package import WaybillCore

/// Prometheus' text exposition format, version 0.0.4.
package enum MetricsText {
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    package static func write(_ families: [MetricFamily]) -> String {
        var out = ""
        out.reserveCapacity(16 * 1_024)
        for family in families { write(family, to: &out) }
        return out
    }

    private static func write(_ family: MetricFamily, to out: inout String) {
        let definition = family.definition
        out += "# HELP \(definition.name) \(escaped(definition.help, quotes: false))\n"
        out += "# TYPE \(definition.name) \(definition.kind.rawValue)\n"
        for sample in family.samples {
            let labels = zip(definition.labels, sample.labels).map { "\($0)=\"\(escaped($1, quotes: true))\"" }
            switch sample.value {
            case .count(let count): line(definition.name, labels, String(count), to: &out)
            case .number(let number): line(definition.name, labels, text(number), to: &out)
            case .histogram(let histogram): write(histogram, definition.name, labels, to: &out)
            }
        }
    }

    /// Buckets are cumulative there.
    private static func write(_ histogram: MetricFamily.Histogram, _ name: String, _ labels: [String], to out: inout String) {
        var sum: UInt64 = 0
        for (position, count) in histogram.counts.enumerated() {
            sum &+= count
            let bound = histogram.bounds.indices.contains(position) ? text(histogram.bounds[position]) : "+Inf"
            line("\(name)_bucket", labels + ["le=\"\(bound)\""], String(sum), to: &out)
        }
        line("\(name)_sum", labels, text(histogram.sumSeconds), to: &out)
        line("\(name)_count", labels, String(sum), to: &out)
    }

    private static func line(_ name: String, _ labels: [String], _ value: String, to out: inout String) {
        out += name
        if !labels.isEmpty { out += "{" + labels.joined(separator: ",") + "}" }
        out += " " + value + "\n"
    }

    /// As Go's ParseFloat reads it; whole numbers without a fraction.
    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: number), abs(whole) < 1 << 53 { return String(whole) }
        return String(number)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
