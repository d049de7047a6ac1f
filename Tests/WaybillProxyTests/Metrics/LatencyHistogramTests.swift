import NIOCore
import Testing
import WaybillCore

@testable import WaybillProxy

@Suite("Latency histograms")
struct LatencyHistogramTests {
    @Test("A duration falls into the bucket of the smallest bound that holds it, the bound included", arguments: 0..<17)
    func bounds(position: Int) {
        let nanoseconds = Int64((LatencyHistogram.boundsSeconds[position] * 1e9).rounded())
        var histogram = LatencyHistogram()
        histogram.add(.nanoseconds(nanoseconds))
        histogram.add(.nanoseconds(nanoseconds + 1))
        var expected = [UInt64](repeating: 0, count: 18)
        expected[position] = 1
        expected[position + 1] = 1
        #expect(histogram.value.counts == expected)
        #expect(histogram.count == 2)
    }

    @Test("A clock that runs backwards is no time, and sums add up")
    func sums() {
        var (one, other) = (LatencyHistogram(), LatencyHistogram())
        one.add(.nanoseconds(-5))
        other.add(.milliseconds(3))
        one.add(other)
        #expect(one.value.sumSeconds == 0.003)
        #expect(one.value.counts[0] == 1 && one.value.counts[6] == 1 && one.count == 2)
    }
}
