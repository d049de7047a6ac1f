import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

/// Requests over HTTP/2 go through the same gate by the same rules.
@Suite struct StreamTests {
    @Test(arguments: [nil, 7])
    func aRequestIsForwardedAndItsAnswerComesBack(_ length: Int?) async throws {
        try await Harness.runWithStreams { harness, client in
            harness.vendor.respond { _ in
                [.write(FakeVendor.answer(201, "made", fields: ["X-Acme-Quota: 5", "Set-Cookie: a=b", "ETag: x"]))]
            }
            let answer = try await client.send(Head.post(length: length), #"{"a":1}"#)
            #expect(client.negotiated == "h2")
            #expect(answer.status == 201 && answer.text == "made" && answer.isWhole && answer.reset == nil)
            #expect(
                answer.value("waybill-decision") == "allow_redacted" && answer.value("x-acme-quota") == "5" && answer.value("etag") == "x")
            #expect(answer.value("content-length") == "4" && answer.value("set-cookie") == nil && answer.value("connection") == nil)
            let request = try #require(harness.vendor.requests.first)
            #expect(request.requestLine == "POST /v1/contacts HTTP/1.1" && request.text == #"{"a":1}"#)
            #expect(request.values("content-length") == ["7"] && request.values("host") == [FakePolicy.vendorHost])
            #expect(request.values("waybill-token").isEmpty && request.values("te").isEmpty)
            #expect(harness.recorder.intents.count == 1 && harness.recorder.outcomes.map(\.result) == [.ok])
        }
    }

    @Test func streamsOfOneConnectionAreServedSideBySide() async throws {
        try await Harness.runWithStreams { harness, client in
            harness.vendor.respond { request in [.wait(milliseconds: 60), .write(FakeVendor.answer(200, request.text))] }
            let texts = try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask { try await (number, client.send(Head.post(length: nil), "body \(number)").text) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(texts == Dictionary(uniqueKeysWithValues: (0..<20).map { ($0, "body \($0)") }))
            #expect(harness.vendor.connections > 1)
            #expect(harness.recorder.outcomes.count == 20)
        }
    }

    @Test func answersWithoutBodyEndWithTheirHead() async throws {
        try await Harness.runWithStreams { harness, client in
            harness.vendor.respond { _ in [.write("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")] }
            let head = try await client.send(Head.request("HEAD"))
            #expect(head.status == 200 && head.value("content-length") == "12" && head.body.isEmpty && head.isWhole)
            harness.vendor.respond { _ in [.write("HTTP/1.1 204 No Content\r\n\r\n")] }
            let none = try await client.send(Head.request("DELETE"))
            #expect(none.status == 204 && none.isWhole)
            harness.vendor.respond { _ in [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")]
            }
            let chunked = try await client.send(Head.request("GET"))
            #expect(chunked.status == 200 && chunked.text == "abcde" && chunked.isWhole && chunked.value("transfer-encoding") == nil)
        }
    }

    @Test func refusalsSayWhyAndTheConnectionLives() async throws {
        try await Harness.runWithStreams { harness, client in
            let stranger = try await client.send(
                HPACKHeaders([(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/to/acme/v1")]))
            #expect(stranger.status == 401 && stranger.value("content-type") == "application/problem+json" && stranger.isWhole)
            let forbidden = try await client.send(Head.post("/to/acme/forbidden", length: 2), "{}")
            #expect(forbidden.status == 403 && forbidden.reset == nil && forbidden.value("waybill-decision") == "deny")
            let stream = try await client.open()
            try await stream.send(Head.post(length: 999_999_999))
            let large = try await stream.answer()
            #expect(large.status == 413 && large.isWhole && large.reset == .noError)
            let fine = try await client.send(Head.post(), "{}")
            #expect(fine.status == 200)
            #expect(harness.vendor.requests.count == 1 && client.farewells.isEmpty)
        }
    }

    @Test func theBodyIsAskedForOnceTheHeadHasPassed() async throws {
        try await Harness.runWithStreams { harness, client in
            let stream = try await client.open()
            try await stream.send(Head.post("/to/acme/v1", [("expect", "100-continue")], length: 2))
            try await harness.eventually("100") { stream.received.heads.first?.first(name: ":status") == "100" }
            try await stream.send("{}", endsStream: true)
            let answer = try await stream.answer()
            #expect(answer.status == 200 && stream.received.heads.count == 2)
        }
    }

    @Test func largeBodiesPassBothWaysWithinTheirWindows() async throws {
        try await Harness.runWithStreams { harness, client in
            let (up, down) = (3_000_000, 5_000_000)
            harness.vendor.respond { _ in
                [.write("HTTP/1.1 200 OK\r\nContent-Length: \(down)\r\n\r\n"), .writeBytes([UInt8](repeating: 121, count: down))]
            }
            let stream = try await client.open()
            try await stream.send(Head.post())
            try await stream.send(ByteBuffer(repeating: 120, count: up), endsStream: true)
            let answer = try await stream.answer(withinMilliseconds: 20_000)
            #expect(answer.status == 200 && answer.body.count == down && answer.body.allSatisfy { $0 == 121 } && answer.isWhole)
            #expect(harness.vendor.requests.first?.body.count == up)
        }
    }

    @Test func aStalledReaderHoldsTheVendorBackAndEndsInTime() async throws {
        try await Harness.runWithStreams {
            $0.limits.callerWriteIdleMillisecondsMax = 400
        } _: { harness, client in
            let total = 64 * 1_024 * 1_024
            harness.vendor.respond { _ in
                [.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n"), .writeBytes([UInt8](repeating: 120, count: total))]
            }
            let stalled = try await client.open(readsSlowly: true)
            try await stalled.send(Head.post(), endsStream: false)
            try await stalled.send("{}", endsStream: true)
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            harness.vendor.respond { _ in [.write(FakeVendor.answer(200, "beside"))] }
            let beside = try await client.send(Head.post(), "{}")
            #expect(beside.text == "beside")
            try await harness.eventually("the stalled one's outcome") { harness.recorder.outcomes.count == 2 }
            #expect(harness.recorder.outcomes.map(\.result) == [.ok, .vendorError])
            let answer = try await stalled.answer()
            #expect(!answer.isWhole && answer.reset == .internalError && answer.body.count < total / 2)
        }
    }

    @Test func aRequestThatIsResetHalfWayLeavesNothing() async throws {
        try await Harness.runWithStreams { harness, client in
            let stream = try await client.open()
            try await stream.send(Head.post(length: 10))
            try await stream.send("half")
            try await harness.eventually("the head was admitted") { harness.gate.heads.count == 1 }
            try await stream.reset()
            let next = try await client.send(Head.post(), "{}")
            #expect(next.status == 200)
            #expect(harness.recorder.intents.count == 1 && harness.vendor.requests.map(\.text) == ["{}"])
        }
    }

    @Test func aRequestThatIsResetAfterItLeftStillGetsItsOutcome() async throws {
        try await Harness.runWithStreams { harness, client in
            harness.vendor.respond { _ in [.wait(milliseconds: 100), .write(FakeVendor.answer(201, "x"))] }
            let stream = try await client.open()
            try await stream.send(Head.post())
            try await stream.send("{}", endsStream: true)
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            try await stream.reset()
            try await harness.eventually("the outcome") { harness.recorder.outcomes.map(\.status) == [201] }
            #expect(harness.recorder.outcomes.map(\.result) == [.ok])
        }
    }

    @Test func anAnswerThatBreaksOffResetsTheStream() async throws {
        try await Harness.runWithStreams { harness, client in
            harness.vendor.respond { _ in [.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .wait(milliseconds: 20), .close] }
            let answer = try await client.send(Head.post(), "{}")
            #expect(answer.status == 200 && answer.text == "abc" && !answer.isWhole && answer.reset == .internalError)
            #expect(harness.recorder.outcomes.map(\.result) == [.vendorError])
        }
    }
}
