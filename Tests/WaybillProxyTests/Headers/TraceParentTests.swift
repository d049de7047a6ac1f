import NIOCore
import Testing
import WaybillTesting

@testable import WaybillProxy

@Suite("Trace context")
struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    static let taken: [(String, Bool)] = [
        ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false), ("00-\(trace)-\(span)-03", true),
        ("00-\(trace)-\(span)-0a", false), ("00-\(trace)-\(span)-fb", true),
    ]

    @Test("What has the form of version 00 is taken, its sampled bit kept", arguments: taken)
    func takes(text: String, sampled: Bool) throws {
        let parent = try #require(TraceParent(Array(text.utf8)))
        #expect(parent.text == Self.trace && parent.isSampled == sampled && parent.spanID == Array(Self.span.utf8))
    }

    static let ignored = [
        "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-x", "00-\(trace)-\(span)-1", "01-\(trace)-\(span)-01",
        "ff-\(trace)-\(span)-01", "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01",
        "00-\(trace)-\(span)-0A", "00-\(trace)-\(span)-0g", "00-00000000000000000000000000000000-\(span)-01",
        "00-\(trace)-0000000000000000-01", "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
        "00-anna.schmidt@example.com.0000000-\(span)-01", "00-\(trace)-\(span)-01 ",
    ]

    @Test("Anything else is as if it were not there", arguments: ignored)
    func ignores(text: String) { #expect(TraceParent(Array(text.utf8)) == nil) }

    @Test("The vendor gets the caller's trace under a span of the gate's own, and neither tracestate nor baggage")
    func forwarded() async throws {
        try await Harness.run { harness in
            let fields = ["traceparent: 00-\(Self.trace)-\(Self.span)-01", "tracestate: a=anna@example.com", "baggage: user=anna"]
            for _ in 0..<2 { #expect(try await harness.send(Wire.post(fields: fields)).status == 200) }
            let sent = harness.vendor.requests.map { $0.values("traceparent") }
            let spans = try sent.map { values in
                let text = try #require(values.count == 1 ? values[0] : nil)
                #expect(TraceParent(Array(text.utf8))?.text == Self.trace && text.hasSuffix("-01"))
                return String(text.dropFirst(36).prefix(16))
            }
            #expect(Set(spans + [Self.span]).count == 3, "\(spans)")
            #expect(harness.vendor.requests.allSatisfy { $0.values("tracestate").isEmpty && $0.values("baggage").isEmpty })
        }
    }

    @Test(
        "What is malformed or said twice is not passed on, and the transfer goes its way",
        arguments: [["traceparent: 00-anna-1-01"], ["traceparent: 00-\(trace)-\(span)-01", "traceparent: 00-\(trace)-\(span)-01"], []])
    func notForwarded(fields: [String]) async throws {
        try await Harness.run { harness in
            let answer = try await harness.send(Wire.post(fields: fields))
            #expect(answer.status == 200 && harness.vendor.requests.map { $0.values("traceparent") } == [[]])
        }
    }

    @Test("Span ids differ from each other and are never zero")
    func spans() {
        var ids = SpanIDs(seed: 0 &- 0x9e37_79b9_7f4a_7c15)
        let some = (0..<1_000).map { _ in ids.next() }
        #expect(Set(some).count == 1_000 && !some.contains(0))
    }
}
