import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

/// What comes back from the vendor, and what the caller and the log see of it.
@Suite struct AnswerTests {
    private func answer(
        _ steps: [FakeVendor.Step], to request: String = Wire.post(), toHEAD: Bool = false, limits: (inout ProxyLimits) -> Void = { _ in }
    ) async throws -> (RawClient.Answer, [TransferOutcome]) {
        var result: (RawClient.Answer, [TransferOutcome])?
        try await Harness.run {
            limits(&$0.limits)
        } _: { harness in
            harness.vendor.respond { _ in steps }
            let answer = try await harness.send(request, toHEAD: toHEAD)
            try await harness.eventually("an outcome") { harness.recorder.outcomes.count == 1 }
            result = (answer, harness.recorder.outcomes)
        }
        return try #require(result)
    }

    @Test func errorsOfTheVendorPassMarked() async throws {
        let cases: [(Int, TransferOutcome.Result)] = [(400, .ok), (404, .ok), (429, .ok), (500, .vendorError), (503, .vendorError)]
        for (status, result) in cases {
            let (answer, outcomes) = try await answer([.write(FakeVendor.answer(status, "no", fields: ["Retry-After: 3"]))])
            #expect(answer.status == status && answer.text == "no" && answer.value("retry-after") == "3")
            #expect(answer.value("waybill-vendor-status") == "\(status)")
            #expect(outcomes.map(\.result) == [result] && outcomes.map(\.status) == [status])
        }
    }

    @Test func framingsOfTheVendorAreFramedAnew() async throws {
        let cases: [(String, [FakeVendor.Step], String)] = [
            ("length", [.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")], "abc"),
            ("empty", [.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], ""),
            (
                "chunked", [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX-T: u\r\n\r\n")],
                "abc"
            ),
            ("until close", [.write("HTTP/1.1 200 OK\r\n\r\nab"), .wait(milliseconds: 20), .write("c"), .close], "abc"),
            ("HTTP/1.0", [.write("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"), .close], "abc"),
            (
                "piecewise",
                Array("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").flatMap { [.write(String($0)), .wait(milliseconds: 1)] }, "abc"
            ),
            ("interim", [.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + FakeVendor.answer(200, "abc"))], "abc"),
        ]
        for (name, steps, body) in cases {
            let (answer, outcomes) = try await answer(steps)
            #expect(answer.status == 200 && answer.text == body, "\(name)")
            #expect(answer.values("x-t").isEmpty, "\(name)")
            #expect(answer.values("transfer-encoding").count + answer.values("content-length").count == 1, "\(name)")
            #expect(outcomes.map(\.result) == [.ok], "\(name)")
        }
    }

    @Test func answersWithoutBodyAreFramedSo() async throws {
        let head = Wire.get(method: "HEAD")
        let (toHead, _) = try await answer([.write("HTTP/1.1 200 OK\r\nContent-Length: 42\r\nETag: \"a\"\r\n\r\n")], to: head, toHEAD: true)
        #expect(toHead.status == 200 && toHead.value("content-length") == "42" && toHead.value("etag") == "\"a\"")
        let (chunkedHead, _) = try await answer([.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")], to: head, toHEAD: true)
        #expect(chunkedHead.values("transfer-encoding").isEmpty)
        let (noContent, _) = try await answer([.write("HTTP/1.1 204 No Content\r\n\r\n")])
        #expect(noContent.status == 204 && noContent.values("content-length").isEmpty)
        let (notModified, _) = try await answer(
            [.write("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n")], to: Wire.get())
        #expect(notModified.status == 304 && notModified.values("content-length").isEmpty)
    }

    @Test func refusalsOfHEADHaveNoBody() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            try await client.send(Wire.get("/to/acme/forbidden", method: "HEAD") + Wire.get("/to/acme/v1"))
            let refused = try await client.answer(toHEAD: true)
            let next = try await client.answer()
            #expect(refused.status == 403 && refused.values("content-length").count == 1)
            #expect(next.status == 200)
        }
    }

    @Test func answersThatBreakARuleBecome502() async throws {
        let cases: [(String, String, String)] = [
            ("206", "HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\na", "vendor_answer_partial_content"),
            ("unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na", "vendor_answer_transfer_coding"),
            ("gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "vendor_answer_transfer_coding"),
            (
                "both framings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                "vendor_answer_transfer_coding"
            ),
            ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "vendor_answer_malformed"),
            ("folded", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n", "vendor_answer_malformed"),
            ("bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "vendor_answer_malformed"),
            ("no HTTP", "SSH-2.0-x\r\n\r\n", "vendor_answer_malformed"),
            ("switching", "HTTP/1.1 101 Switching\r\n\r\n", "vendor_answer_interim"),
            (
                "eleven interim", String(repeating: "HTTP/1.1 100 C\r\n\r\n", count: 11) + FakeVendor.answer(200, ""),
                "vendor_answer_interim"
            ),
            ("long head", "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 70_000) + "\r\n\r\n", "vendor_answer_head_too_large"),
        ]
        for (name, text, code) in cases {
            let (answer, outcomes) = try await answer([.write(text)])
            #expect(answer.status == 502, "\(name)")
            #expect(answer.text.contains(#""code":"\#(code)""#), "\(name): \(answer.text)")
            #expect(
                answer.value("waybill-decision") == "allow_redacted" && answer.value("waybill-records") == "sent=1; held=0; denied=2",
                "\(name)")
            #expect(outcomes.map(\.result) == [.vendorError], "\(name)")
        }
    }

    @Test func tenInterimAnswersAreSkipped() async throws {
        let (answer, _) = try await answer([.write(String(repeating: "HTTP/1.1 100 C\r\n\r\n", count: 10) + FakeVendor.answer(200, "x"))])
        #expect(answer.status == 200)
    }

    @Test func aVendorThatClosesWithoutAnswerLeavesItUnknown() async throws {
        let (answer, outcomes) = try await answer([.close])
        #expect(answer.status == 502 && answer.text.contains("vendor_no_answer"))
        #expect(outcomes.map(\.result) == [.unknown] && outcomes.first?.sentBytes == 7)
    }

    @Test func aVendorThatStaysSilentTimesOut() async throws {
        let (answer, outcomes) = try await answer([]) { $0.answerHeadMillisecondsMax = 60 }
        #expect(answer.status == 502 && answer.text.contains("vendor_answer_timeout"))
        #expect(outcomes.map(\.result) == [.unknown] && outcomes.first?.reason == "upstream_timeout")
    }

    @Test func anAnswerThatBreaksOffBreaksOffForTheCaller() async throws {
        let cases: [[FakeVendor.Step]] = [
            [.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .wait(milliseconds: 20), .close],
            [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), .wait(milliseconds: 20), .close],
            [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")],
            [.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")],
        ]
        for steps in cases {
            try await Harness.run {
                $0.limits.answerIdleMillisecondsMax = 100
            } _: { harness in
                harness.vendor.respond { _ in steps }
                let client = try await harness.client()
                try await client.send(Wire.post())
                try await client.waitForClose()
                let text = String(decoding: client.received, as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && !text.hasSuffix("0\r\n\r\n"))
                try await harness.eventually("the outcome") { harness.recorder.outcomes.map(\.result) == [.vendorError] }
            }
        }
    }

    @Test func aConnectionIsUsedAgainOnlyIfItsAnswerEndedCleanly() async throws {
        let cases: [(String, Int)] = [
            (FakeVendor.answer(200, "a"), 1), (FakeVendor.answer(200, "a", fields: ["Connection: close"]), 2),
            (FakeVendor.answer(200, "a") + "HTTP/1.1 200 smuggled", 2), ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 2),
        ]
        for (text, connections) in cases {
            try await Harness.run { harness in
                harness.vendor.respond { _ in [.write(text)] }
                let client = try await harness.client()
                for _ in 0..<2 {
                    try await client.send(Wire.post())
                    let answer = try await client.answer()
                    #expect(answer.status == 200 && answer.text == "a")
                }
                #expect(harness.vendor.connections == connections, "\(text)")
            }
        }
    }

    @Test func aCallerThatLeavesBeforeTheAnswerStillGetsItsOutcomeEntered() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { _ in [.wait(milliseconds: 100), .write(FakeVendor.answer(201, "x"))] }
            let client = try await harness.client()
            try await client.send(Wire.post())
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            client.close()
            try await harness.eventually("the outcome") { harness.recorder.outcomes.map(\.status) == [201] }
            #expect(harness.recorder.outcomes.map(\.result) == [.ok])
        }
    }

    @Test func aSlowCallerHoldsTheVendorBack() async throws {
        try await Harness.run { harness in
            let total = 64 * 1_024 * 1_024
            harness.vendor.respond { _ in
                [.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n"), .writeBytes([UInt8](repeating: 120, count: total))]
            }
            let client = try await harness.client(readsSlowly: true)
            try await client.send(Wire.post())
            try await Task.sleep(for: .milliseconds(300))
            let held = client.received.count
            #expect(held < total / 2)
            #expect(harness.recorder.outcomes.isEmpty)
            client.close()
            try await harness.eventually("the outcome") { harness.recorder.outcomes.count == 1 }
        }
    }

    @Test func anHTTP10CallerGetsAnAnswerItCanRead() async throws {
        let request = "POST /to/acme/v1 HTTP/1.0\r\nHost: gate\r\nWaybill-Token: s3cret\r\nContent-Length: 2\r\n\r\n{}"
        let (answer, _) = try await answer(
            [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")], to: request)
        #expect(answer.status == 200 && answer.text == "abc")
        #expect(answer.values("transfer-encoding").isEmpty && answer.value("connection") == "close")
    }

    @Test func anEarlyAnswerBeforeTheWholeRequestWasTakenIsPartial() async throws {
        try await Harness.run { harness in
            harness.vendor.answersEarly(FakeVendor.answer(413, "no"))
            let client = try await harness.client()
            try await client.send(Wire.post("/to/acme/v1", String(repeating: "x", count: 24_000_000)))
            let answer = try await client.answer(withinMilliseconds: 20_000)
            #expect(answer.status == 413)
            try await harness.eventually("the outcome") { harness.recorder.outcomes.map(\.result) == [.partial] }
            #expect((harness.recorder.outcomes.first?.sentBytes ?? 0) < 24_000_000)
        }
    }
}
