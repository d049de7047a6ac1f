import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

/// The data plane with the gate of production behind it.
@Suite struct RealGateTests {
    private static let anna = #"{"email":"anna@example.com","name":"Anna","ssn":"536-90-4399"}"#

    private func run(recordsPerDay: Int, _ body: (Harness) async throws -> Void) async throws {
        let gate = try RealPolicy.gate(recordsPerDay: recordsPerDay)
        try await Harness.run {
            $0.vendorHost = RealPolicy.host
            $0.certified = [RealPolicy.host]
            $0.realGate = gate
        } _: {
            try await body($0)
        }
    }

    @Test func anOptedInContactLeavesReduced() async throws {
        try await run(recordsPerDay: 100) { harness in
            let answer = try await harness.send(Wire.post("/to/mailer/contacts", Self.anna))
            #expect(answer.status == 200)
            #expect(answer.value("waybill-decision") == "allow_redacted" && answer.value("waybill-records") == "sent=1; held=0; denied=0")
            #expect(harness.vendor.requests.map(\.text) == [#"{"email":"anna@example.com","name":"A"}"#])
            let seen = String(decoding: harness.vendor.bytes, as: UTF8.self)
            #expect(!seen.contains("536-90-4399") && !seen.contains("Anna\"") && !seen.contains(FakePolicy.token))
        }
    }

    @Test func aWithdrawnContactDoesNot() async throws {
        try await run(recordsPerDay: 100) { harness in
            let answer = try await harness.send(
                Wire.post("/to/mailer/contacts", Self.anna.replacing("anna@example.com", with: "carl@example.net")))
            #expect(answer.status == 403 && answer.text.contains(#""code":"consent_withdrawn""#))
            #expect(answer.value("waybill-records") == "sent=0; held=0; denied=1")
            #expect(!answer.text.contains("carl"))
            #expect(harness.vendor.connections == 0)
            #expect(harness.recorder.denials.count == 1)
        }
    }

    @Test func everyPurposeLineCounts() async throws {
        let cases: [([String], Int)] = [
            (["Waybill-Purpose: newsletter"], 200), (["Waybill-Purpose: newsletter", "Waybill-Purpose: other"], 403),
            (["Waybill-Purpose:"], 403), (["Waybill-Purpose: newsl\u{e9}tter"], 403), (["Waybill-Purpose: newsletter,newsletter"], 200),
        ]
        try await run(recordsPerDay: 100) { harness in
            for (fields, status) in cases {
                let answer = try await harness.send(Wire.post("/to/mailer/contacts", Self.anna, fields: fields))
                #expect(answer.status == status, "\(answer.text)")
                if status == 403 { #expect(answer.text.contains("purpose_unknown")) }
            }
            #expect(harness.vendor.requests.count == 2)
        }
    }

    @Test func bodiesAndHeadsTheGateRefusesKeepTheirStatus() async throws {
        let cases: [(String, String)] = [
            ("422", Wire.post("/to/mailer/contacts", #"{"email":"anna@example.com","email":"x"}"#)),
            ("415", Wire.post("/to/mailer/contacts", Self.anna, fields: ["Content-Encoding: br"])),
            ("405", Wire.get("/to/mailer/contacts")), ("403", Wire.post("/to/mailer/else", Self.anna)),
            ("400", Wire.post("/to/mailer/contacts/%2e%2e/x", Self.anna)), ("403", Wire.post("/to/nobody/contacts", Self.anna)),
        ]
        try await run(recordsPerDay: 100) { harness in
            for (status, request) in cases {
                let answer = try await harness.send(request)
                #expect("\(answer.status)" == status, "\(answer.text)")
            }
            #expect(harness.vendor.connections == 0)
        }
    }

    @Test func exchangesSideBySideCannotPassADailyLimitTogether() async throws {
        try await run(recordsPerDay: 3) { harness in
            harness.recorder.set(.holds)
            let request = Wire.post("/to/mailer/contacts", Self.anna)
            let answers = try await withThrowingTaskGroup { tasks in
                for _ in 0..<8 { tasks.addTask { try await harness.send(request).status } }
                // Five are refused at once; three wait for their commit.
                var statuses: [Int] = []
                for try await status in tasks {
                    statuses.append(status)
                    if statuses.count == 5 { harness.recorder.releaseHeld() }
                }
                return statuses
            }
            #expect(answers.filter { $0 == 200 }.count == 3)
            #expect(answers.filter { $0 == 429 }.count == 5)
            #expect(harness.vendor.requests.count == 3)
        }
    }

    @Test func volumeThatDidNotLeaveIsGivenBack() async throws {
        try await run(recordsPerDay: 1) { harness in
            let request = Wire.post("/to/mailer/contacts", Self.anna)
            for code in [RecordError.Code.diskFull, .busy] {
                harness.recorder.set(.fails(code))
                let refused = try await harness.send(request)
                #expect(refused.status == 503)
            }
            harness.recorder.set(.commitsAtOnce)
            let sent = try await harness.send(request)
            let full = try await harness.send(request)
            #expect(sent.status == 200 && full.status == 429)
        }
    }

    @Test func anAgreementThatEndsWhileTheIntentCommitsSendsNothing() async throws {
        let gate = try RealPolicy.gate(recordsPerDay: 100)
        let until = try #require(gate.policy.agreements.first?.until)
        for (millisecondsLeft, status, results) in [(Int64(1), 200, [TransferOutcome.Result.ok]), (0, 403, [.aborted])] {
            let clock = ManualClock()
            let milliseconds = (until.nanoseconds - clock.now().nanoseconds) / 1_000_000 - millisecondsLeft
            try await Harness.run {
                $0.vendorHost = RealPolicy.host
                $0.certified = [RealPolicy.host]
                $0.realGate = gate
                $0.clock = clock
            } _: { harness in
                harness.recorder.onCommit { _ in clock.advance(milliseconds: milliseconds) }
                let answer = try await harness.send(Wire.post("/to/mailer/contacts", Self.anna))
                #expect(answer.status == status, "\(answer.text)")
                #expect(harness.recorder.intents.count == 1)
                #expect(harness.vendor.requests.count == (status == 200 ? 1 : 0))
                if status == 403 { #expect(answer.text.contains("agreement_expired") && harness.recorder.denials.count == 1) }
                try await harness.eventually("the intent has its outcome") { harness.recorder.outcomes.map(\.result) == results }
            }
        }
    }
}
