import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// gateway.md, "Bodies": limits, draining, 100-continue.
@Suite struct BodyTests {
    private static let refusal = Refusal(status: 403, code: "consent_missing", title: "t", detail: "")

    @Test func theConnectionLivesAfterARefusedBodyThatIsShort() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            let long = String(repeating: "x", count: 900_000)
            try await client.send(Wire.post("/to/acme/forbidden", long))
            let first = try await client.answer()
            #expect(first.status == 403 && first.value("connection") == nil)
            try await client.send(
                Wire.request("POST /to/acme/forbidden HTTP/1.1", fields: ["Transfer-Encoding: chunked"]) + "4\r\nabcd\r\n0\r\n\r\n")
            let second = try await client.answer()
            #expect(second.status == 403 && second.value("connection") == nil)
            try await client.send(Wire.post())
            let third = try await client.answer()
            #expect(third.status == 200)
        }
    }

    @Test func aRefusedBodyThatIsLongIsAnsweredDrainedAndClosed() async throws {
        try await Harness.run { harness in
            for framing in ["Content-Length: 3000000", "Transfer-Encoding: chunked"] {
                let client = try await harness.client()
                try await client.send(Wire.request("POST /to/acme/forbidden HTTP/1.1", fields: [framing]))
                let chunk = String(repeating: "x", count: 0x10000)
                for _ in 0..<20 { try await client.send(framing.hasPrefix("T") ? "10000\r\n\(chunk)\r\n" : chunk) }
                let answer = try await client.answer()
                #expect(answer.status == 403 && answer.value("connection") == "close", "\(framing)")
                try await client.waitForClose()
                client.close()
            }
        }
    }

    @Test func aRefusedBodyThatStopsComingIsAnsweredAfterTheDrainTime() async throws {
        try await Harness.run {
            $0.limits.drainMillisecondsMax = 50
        } _: { harness in
            let answer = try await harness.send(Wire.request("POST /to/acme/forbidden HTTP/1.1", fields: ["Content-Length: 10"]) + "abc")
            #expect(answer.status == 403 && answer.value("connection") == "close")
        }
    }

    @Test func bodiesBeyondTheLimitAreRefusedBeforeTheyCome() async throws {
        try await Harness.run {
            $0.limits.bodyBytesMax = 10
        } _: { harness in
            let fits = try await harness.send(Wire.post("/to/acme/v1", "0123456789"))
            #expect(fits.status == 200)
            let announced = try await harness.send(Wire.post("/to/acme/v1", "0123456789a"))
            #expect(announced.status == 413 && announced.text.contains("too_large"))
            let chunked = try await harness.send(
                Wire.request("POST /to/acme/v1 HTTP/1.1", fields: ["Transfer-Encoding: chunked"])
                    + "8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n")
            #expect(chunked.status == 413)
            let early = try await harness.send(
                Wire.request("POST /to/acme/v1 HTTP/1.1", fields: ["Content-Length: 11", "Expect: 100-continue"]))
            #expect(early.status == 413 && early.value("connection") == "close")
            #expect(harness.vendor.requests.count == 1)
        }
    }

    @Test func bodiesInFlightTogetherStayUnderTheirLimitAndGiveItBack() async throws {
        try await Harness.run {
            $0.limits.bodiesInFlightBytesMax = 10
        } _: { harness in
            let waiting = try await harness.client()
            try await waiting.send(Wire.request("POST /to/acme/v1 HTTP/1.1", fields: ["Content-Length: 8"]) + "0123")
            try await harness.eventually("the first is admitted") { harness.gate.heads.count == 1 }
            let second = try await harness.send(Wire.post("/to/acme/v1", "01234567"))
            #expect(second.status == 503 && second.value("retry-after") == "1")
            let chunked = try await harness.send(
                Wire.request("POST /to/acme/v1 HTTP/1.1", fields: ["Transfer-Encoding: chunked"]) + "8\r\n01234567\r\n0\r\n\r\n")
            #expect(chunked.status == 503)
            try await waiting.send("4567")
            let first = try await waiting.answer()
            #expect(first.status == 200)
            for _ in 0..<3 {
                let again = try await harness.send(Wire.post("/to/acme/v1", "01234567"))
                #expect(again.status == 200)
            }
        }
    }

    @Test func continueIsSaidOnlyAfterAdmission() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            let fields = ["Content-Length: 2", "Expect: 100-Continue", "Content-Type: application/json"]
            try await client.send(Wire.request("POST /to/acme/v1 HTTP/1.1", fields: fields))
            try await harness.eventually("100 Continue comes") { client.received.elementsEqual("HTTP/1.1 100 Continue\r\n\r\n".utf8) }
            try await client.send("{}")
            let answer = try await client.answer()
            #expect(answer.status == 200)
            let refused = try await harness.client()
            try await refused.send(Wire.request("POST /to/acme/forbidden HTTP/1.1", fields: fields))
            try await refused.waitForClose()
            #expect(String(decoding: refused.received, as: UTF8.self).hasPrefix("HTTP/1.1 403 "))
        }
    }

    @Test func aBodyThatStopsComingTimesOutAndNothingIsSent() async throws {
        try await Harness.run {
            $0.limits.callerBodyIdleMillisecondsMax = 50
            $0.limits.drainMillisecondsMax = 50
        } _: { harness in
            let client = try await harness.client()
            try await client.send(Wire.request("POST /to/acme/v1 HTTP/1.1", fields: ["Content-Length: 10"]) + "abc")
            let answer = try await client.answer()
            #expect(answer.status == 408)
            try await client.waitForClose()
            #expect(harness.vendor.connections == 0)
        }
    }

    @Test func aHeadThatStopsComingTimesOut() async throws {
        try await Harness.run {
            $0.limits.callerHeadMillisecondsMax = 300
        } _: { harness in
            let client = try await harness.client()
            try await client.send("GET /to/acme")
            let answer = try await client.answer()
            #expect(answer.status == 408)
            let silent = try await harness.client()
            try await silent.waitForClose()
            #expect(silent.received.isEmpty)
        }
    }

    @Test func anIdleCallerIsClosed() async throws {
        try await Harness.run {
            $0.limits.callerIdleMillisecondsMax = 50
        } _: { harness in
            let client = try await harness.client()
            try await client.send(Wire.get())
            _ = try await client.answer()
            try await client.waitForClose()
            #expect(client.received.isEmpty)
        }
    }

    @Test func aCallerThatLeavesMidBodySendsNothing() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            try await client.send(Wire.request("POST /to/acme/v1 HTTP/1.1", fields: ["Content-Length: 10"]) + "abc")
            try await harness.eventually("it is admitted") { harness.gate.heads.count == 1 }
            client.close()
            try await Task.sleep(for: .milliseconds(50))
            #expect(harness.gate.judgedBodies.isEmpty && harness.vendor.connections == 0)
        }
    }

    @Test func aCallerThatEndsItsSideMidBodySendsNothing() async throws {
        try await Harness.run { harness in
            for framing in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
                let client = try await harness.client()
                try await client.send(Wire.request("POST /to/acme/v1 HTTP/1.1", fields: [framing]) + "3\r\nabc\r\n")
                try await client.finishSending()
                try await client.waitForClose()
                #expect(client.received.isEmpty)
            }
            #expect(harness.gate.judgedBodies.isEmpty && harness.vendor.connections == 0)
        }
    }

    @Test func aCallerThatEndsItsSideBehindItsRequestsGetsEveryAnswer() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { request in [.wait(milliseconds: 30), .write(FakeVendor.answer(200, request.text))] }
            let client = try await harness.client()
            try await client.send(Wire.post("/to/acme/v1", "first") + Wire.post("/to/acme/forbidden") + Wire.post("/to/acme/v1", "third"))
            try await client.finishSending()
            let answers = [try await client.answer(), try await client.answer(), try await client.answer()]
            #expect(answers.map(\.status) == [200, 403, 200] && answers[0].text == "first" && answers[2].text == "third")
            try await client.waitForClose()
        }
    }

    @Test func aCallerThatEndsItsSideInARefusedBodyGetsTheRefusal() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            try await client.send(Wire.request("POST /to/acme/forbidden HTTP/1.1", fields: ["Content-Length: 10"]) + "abc")
            try await client.finishSending()
            let answer = try await client.answer()
            #expect(answer.status == 403 && answer.value("connection") == "close")
            try await client.waitForClose()
        }
    }

    @Test func aCallerThatLeavesDuringTheCommitAbortsTheTransfer() async throws {
        try await Harness.run { harness in
            harness.recorder.set(.holds)
            let client = try await harness.client()
            try await client.send(Wire.post())
            try await harness.eventually("the intent is held") { harness.recorder.held == 1 }
            try await client.reset()
            try await Task.sleep(for: .milliseconds(50))
            harness.recorder.releaseHeld()
            try await harness.eventually("it is aborted") { harness.recorder.outcomes.map(\.result) == [.aborted] }
            #expect(harness.recorder.outcomes.first?.reason == "caller_gone")
            #expect(harness.vendor.bytes.isEmpty)
        }
    }

    @Test func aLargeBodyGoesThroughWholeBothWays() async throws {
        try await Harness.run { harness in
            let body = String(repeating: "0123456789abcdef", count: 200_000)
            harness.vendor.respond { request in [.write(FakeVendor.answer(200, request.text))] }
            let client = try await harness.client()
            try await client.send(Wire.post("/to/acme/v1", body))
            let answer = try await client.answer(withinMilliseconds: 20_000)
            #expect(answer.status == 200 && answer.text == body)
            try await harness.eventually("the outcome") { harness.recorder.outcomes.first?.sentBytes == body.utf8.count }
        }
    }
}
