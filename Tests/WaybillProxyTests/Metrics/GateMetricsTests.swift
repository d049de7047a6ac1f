import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillProxy

@Suite("The data plane counts what it does")
struct GateMetricsTests {
    @Test("A transfer is counted once in each of its metrics")
    func transfer() async throws {
        try await Harness.run { harness in
            #expect(try await harness.send(Wire.post()).status == 200)
            try await harness.eventually("waybill_requests_total", ["gate", "allow_redacted"], is: 1)
            let metrics = try await harness.metrics()
            #expect(metrics.count("waybill_records_total", ["sent"]) == 1)
            #expect(metrics.count("waybill_records_total", ["denied"]) == 2)
            #expect(metrics.count("waybill_vendor_answers_total", ["acme", "2xx"]) == 1)
            for name in ["decide", "commit", "vendor", "added"] {
                #expect(metrics.observations("waybill_\(name)_seconds") == 1, "\(name)")
            }
            #expect((metrics.observations("waybill_loop_turn_seconds") ?? 0) >= 1)
            #expect(metrics.number("waybill_vendor_connections", ["acme", "open"]) == 1)
            #expect(metrics.number("waybill_requests_in_flight") == 0)
            #expect(metrics.number("waybill_bodies_in_flight_bytes") == 0)
        }
    }

    @Test("A denial is a refusal with its reasons; a stranger's request is one without")
    func refusals() async throws {
        try await Harness.run { harness in
            harness.gate.judge { _, _ throws(Refusal) in
                throw Refusal(
                    status: 403, code: "consent_missing", title: "t", detail: "",
                    records: [
                        RecordVerdict(index: 0, decision: .deny, codes: [.consentMissing, .ageUnknown]),
                        RecordVerdict(index: 1, decision: .hold, codes: [.consentMissing]),
                    ])
            }
            #expect(try await harness.send(Wire.post()).status == 403)
            #expect(try await harness.send(Wire.request("GET /to/acme/v1 HTTP/1.1", fields: [], token: nil)).status == 401)
            try await harness.eventually("waybill_requests_total", ["gate", "refused"], is: 2)
            let metrics = try await harness.metrics()
            #expect(metrics.count("waybill_refusals_total", ["403", "consent_missing"]) == 1)
            #expect(metrics.count("waybill_refusals_total", ["401", "caller_unauthenticated"]) == 1)
            #expect(metrics.count("waybill_decision_reasons_total", ["consent_missing"]) == 2)
            #expect(metrics.count("waybill_decision_reasons_total", ["age_unknown"]) == 1)
            #expect(metrics.count("waybill_records_total", ["denied"]) == 1 && metrics.count("waybill_records_total", ["held"]) == 1)
            #expect(metrics.observations("waybill_decide_seconds") == 1 && metrics.observations("waybill_added_seconds") == 0)
            #expect(metrics.number("waybill_requests_in_flight") == 0)
        }
    }

    @Test("A vendor that cannot be verified is counted by fault")
    func connectFailure() async throws {
        try await Harness.run {
            $0.trusted = false
        } _: { harness in
            #expect(try await harness.send(Wire.post()).status == 502)
            let metrics = try await harness.metrics()
            #expect(metrics.count("waybill_vendor_connect_failures_total", ["acme", "vendor_tls_failed"]) == 1)
            #expect(metrics.observations("waybill_commit_seconds") == 0)
        }
    }

    @Test("A caller that leaves in the middle of its body is counted as gone, and its connection no longer")
    func abandoned() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            try await client.send(
                Wire.request("POST /to/acme/v1/contacts HTTP/1.1", fields: ["Content-Type: application/json", "Content-Length: 9"]) + "{")
            try await harness.eventually("waybill_caller_connections_total", ["gate"], is: 1)
            #expect(try await harness.metrics().number("waybill_caller_connections", ["gate"]) == 1)
            client.close()
            try await harness.eventually("waybill_requests_total", ["gate", "abandoned"], is: 1)
            let metrics = try await harness.metrics()
            #expect(metrics.number("waybill_caller_connections", ["gate"]) == 0 && metrics.number("waybill_requests_in_flight") == 0)
        }
    }

    @Test("What waits for the log is in flight")
    func inFlight() async throws {
        try await Harness.run { harness in
            harness.recorder.set(.holds)
            let client = try await harness.client()
            defer { client.close() }
            try await client.send(Wire.post())
            try await harness.eventually("the intent waits for the log") { harness.recorder.held == 1 }
            #expect(try await harness.metrics().number("waybill_requests_in_flight") == 1)
            harness.recorder.releaseHeld()
            #expect(try await client.answer().status == 200)
            try await harness.eventually("waybill_requests_total", ["gate", "allow_redacted"], is: 1)
            #expect(try await harness.metrics().number("waybill_requests_in_flight") == 0)
        }
    }

    @Test("Every family has its definition in the list, and every definition a family, with one value for each label")
    func definitions() async throws {
        try await Harness.run { harness in
            let families = try await harness.metrics()
            #expect(families.map(\.definition.name).sorted() == GateMetrics.definitions.map(\.name).sorted())
            #expect(families.allSatisfy { family in family.samples.allSatisfy { $0.labels.count == family.definition.labels.count } })
        }
    }

    @Test("Codes beyond the limit become one")
    func boundedCodes() {
        var counts = GateCounts()
        for number in 0..<1_000 { counts.count(Refusal(status: 400, code: "c\(number)", title: "", detail: "")) }
        #expect(counts.refusals.count <= GateCounts.refusalCodesMax + 1)
        #expect(counts.refusals[.init(status: 400, code: "other")] == 744)
    }
}
