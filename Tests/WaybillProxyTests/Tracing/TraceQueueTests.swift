import Testing
import WaybillCore

@testable import WaybillProxy

@Suite("Traces that wait for a collector")
struct TraceQueueTests {
    private func trace(_ number: Int) -> ExchangeTrace {
        ExchangeTrace(
            trace: "t", parent: "p", span: "\(number)", start: Timestamp(seconds: 0), end: Timestamp(seconds: 1), parts: [], attributes: [],
            status: nil, isFailed: false)
    }

    @Test("They leave in the order in which they came, and stay until they were taken")
    func order() {
        let queue = TraceQueue()
        for number in 0..<5 { queue.keep(trace(number)) }
        #expect(queue.first(3).map(\.span) == ["0", "1", "2"])
        #expect(queue.first(3).map(\.span) == ["0", "1", "2"])
        queue.remove(first: 3)
        #expect(queue.first(10).map(\.span) == ["3", "4"])
        queue.remove(first: 9)
        #expect(queue.first(1).isEmpty && queue.dropped == 0)
    }

    @Test("A full queue drops what comes and counts it")
    func full() {
        let queue = TraceQueue()
        for number in 0..<(TraceQueue.tracesMax + 7) { queue.keep(trace(number)) }
        #expect(queue.dropped == 7 && queue.first(.max).count == TraceQueue.tracesMax)
        #expect(queue.first(1).first?.span == "0")
    }
}
