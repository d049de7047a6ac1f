/// One metric with its present values, apart from any format: modules say what they count, the control listener writes it down.
///
/// Names and units follow Prometheus' conventions: seconds, bytes, `_total` for counters. Label values come from the policy set, from
/// tables of codes or from the code itself, never from a request, so that their number is bounded and nobody's data is in them.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    /// What a metric is, whatever its values; the reference is written from these.
    package struct Definition: Sendable, Hashable {
        package var name: String
        package var kind: Kind
        package var labels: [String]
        /// One sentence.
        package var help: String
        package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
            self.name = name
            self.kind = kind
            self.labels = labels
            self.help = help
        }
    }

    package struct Histogram: Sendable, Equatable {
        /// Upper bounds in seconds, rising; there is one more bucket above the last.
        package var bounds: [Double]
        /// Of each bucket alone, one more than `bounds`.
        package var counts: [UInt64]
        package var sumSeconds: Double
        package init(bounds: [Double], counts: [UInt64], sumSeconds: Double) {
            self.bounds = bounds
            self.counts = counts
            self.sumSeconds = sumSeconds
        }
    }

    package enum Value: Sendable, Equatable {
        case count(UInt64)
        case number(Double)
        case histogram(Histogram)
    }

    package struct Sample: Sendable, Equatable {
        /// One for each of the definition's labels, in their order.
        package var labels: [String]
        package var value: Value
        package init(_ labels: [String] = [], _ value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    package var definition: Definition
    package var samples: [Sample]

    package init(_ definition: Definition, _ samples: [Sample]) {
        self.definition = definition
        self.samples = samples
    }

    package init(_ definition: Definition, count: UInt64) { self.init(definition, [Sample([], .count(count))]) }
    package init(_ definition: Definition, count: Int) { self.init(definition, count: UInt64(clamping: count)) }
    package init(_ definition: Definition, number: Double) { self.init(definition, [Sample([], .number(number))]) }
}
