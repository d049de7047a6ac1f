import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillProxy

@Suite("Shedding")
struct SheddingTests {
    @Test("What is shed gets 503 with Retry-After, is counted, is not judged, and keeps its connection")
    func shed() async throws {
        try await Harness.run {
            // Every turn is too long, at once: each loop sheds after its first.
            $0.limits.turnMicrosecondsMax = 0
            $0.limits.intakeMicrosecondsMax = 0
            $0.limits.overloadPatienceMilliseconds = 0
            $0.limits.exchangesPerLoopMin = 0
        } _: { harness in
            let client = try await harness.client()
            try await client.send(Wire.post())
            #expect(try await client.answer().status == 200)
            for _ in 0..<2 {
                try await client.send(Wire.post())
                let answer = try await client.answer()
                #expect(answer.status == 503 && answer.value("retry-after") == "1" && answer.value("connection") == nil)
                #expect(answer.text.contains(#""code":"overloaded""#) && answer.value("waybill-records") == "sent=0; held=0; denied=0")
            }
            client.close()
            #expect(harness.gate.judgedBodies.count == 1 && harness.recorder.intents.count == 1 && harness.recorder.denials.isEmpty)
            try await harness.eventually("what was shed is counted in the log, all together") {
                harness.recorder.counts == ["overloaded": 2]
            }
            #expect(harness.vendor.requests.count == 1)
            let metrics = try await harness.metrics()
            #expect(metrics.count("waybill_requests_total", ["gate", "shed"]) == 2)
            #expect(metrics.count("waybill_refusals_total", ["503", "overloaded"]) == 2)
            #expect((metrics.number("waybill_loops_shedding") ?? 0) >= 1)
        }
    }

    @Test("More exchanges than a loop may have in flight are shed")
    func inFlight() async throws {
        try await Harness.run {
            $0.limits.exchangesPerLoopMax = 0
        } _: { harness in
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 503 && harness.gate.heads.isEmpty)
        }
    }
}
