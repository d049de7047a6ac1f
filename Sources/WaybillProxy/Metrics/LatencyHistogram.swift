import NIOCore
import WaybillCore

/// Durations in fixed buckets from 50 µs to 10 s. Adding one costs a few comparisons.
struct LatencyHistogram: Sendable {
    /// Upper bounds, in seconds; the last bucket has none.
    static let boundsSeconds: [Double] = [
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    private var counts = InlineArray<18, UInt64>(repeating: 0)
    private var nanoseconds: UInt64 = 0

    /// A clock that seems to run backwards counts as no time.
    mutating func add(_ duration: TimeAmount) {
        let value = duration.nanoseconds > 0 ? UInt64(duration.nanoseconds) : 0
        counts[Self.bucket(value)] &+= 1
        nanoseconds &+= value
    }

    mutating func add(_ other: borrowing LatencyHistogram) {
        for bucket in counts.indices { counts[bucket] &+= other.counts[bucket] }
        nanoseconds &+= other.nanoseconds
    }

    var count: UInt64 {
        var sum: UInt64 = 0
        for bucket in counts.indices { sum &+= counts[bucket] }
        return sum
    }

    var value: MetricFamily.Histogram {
        MetricFamily.Histogram(
            bounds: Self.boundsSeconds, counts: counts.indices.map { counts[$0] }, sumSeconds: Double(nanoseconds) / 1e9)
    }

    /// A bound belongs to the bucket below it, as in Prometheus. Constants instead of the table: no load, no bounds check.
    private static func bucket(_ nanoseconds: UInt64) -> Int {
        switch nanoseconds {
        case 0...50_000: 0
        case 0...100_000: 1
        case 0...250_000: 2
        case 0...500_000: 3
        case 0...1_000_000: 4
        case 0...2_500_000: 5
        case 0...5_000_000: 6
        case 0...10_000_000: 7
        case 0...25_000_000: 8
        case 0...50_000_000: 9
        case 0...100_000_000: 10
        case 0...250_000_000: 11
        case 0...500_000_000: 12
        case 0...1_000_000_000: 13
        case 0...2_500_000_000: 14
        case 0...5_000_000_000: 15
        case 0...10_000_000_000: 16
        default: 17
        }
    }
}
