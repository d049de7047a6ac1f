import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Prometheus' text format")
struct MetricsTextTests {
    @Test("Help and type stand before the samples; labels and help are escaped")
    func samples() {
        let definition = MetricFamily.Definition("a_total", .counter, labels: ["x", "y"], "Says \"a\\b\"\nand c.")
        let family = MetricFamily(definition, [.init(["1", "q\"\\\n"], .count(7)), .init(["2", ""], .number(0.5))])
        #expect(
            MetricsText.write([family]) == """
                # HELP a_total Says "a\\\\b"\\nand c.
                # TYPE a_total counter
                a_total{x="1",y="q\\"\\\\\\n"} 7
                a_total{x="2",y=""} 0.5

                """)
    }

    @Test("Buckets add up to the last one, which has no bound; sum and count follow")
    func histogram() {
        let histogram = MetricFamily.Histogram(bounds: [0.000_05, 1], counts: [2, 0, 3], sumSeconds: 12.25)
        let family = MetricFamily(.init("d_seconds", .histogram, "D."), [.init([], .histogram(histogram))])
        #expect(
            MetricsText.write([family]) == """
                # HELP d_seconds D.
                # TYPE d_seconds histogram
                d_seconds_bucket{le="5e-05"} 2
                d_seconds_bucket{le="1"} 2
                d_seconds_bucket{le="+Inf"} 5
                d_seconds_sum 12.25
                d_seconds_count 5

                """)
    }

    @Test(
        "Numbers read as Go reads them",
        arguments: [
            (0.0, "0"), (-3, "-3"), (1_764_000_000, "1764000000"), (0.1, "0.1"), (1e300, "1e+300"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"),
        ])
    func numbers(number: Double, text: String) { #expect(MetricsText.text(number) == text) }

    @Test("A family without samples is still announced")
    func empty() {
        #expect(MetricsText.write([MetricFamily(.init("g", .gauge, "G."), [])]) == "# HELP g G.\n# TYPE g gauge\n")
    }
}
