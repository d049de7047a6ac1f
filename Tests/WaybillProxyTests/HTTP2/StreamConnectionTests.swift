import NIOCore
import NIOHTTP2
import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

/// What the streams of one connection share: its end, its limits, its floods.
@Suite struct StreamConnectionTests {
    @Test func stoppingSaysGoodbyeAndFinishesWhatIsUnderWay() async throws {
        try await Harness.runWithStreams { harness, client in
            harness.vendor.respond { _ in [.wait(milliseconds: 150), .write(FakeVendor.answer(200, "late"))] }
            let stream = try await client.open()
            try await stream.send(Head.post())
            try await stream.send("{}", endsStream: true)
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            await harness.server.stop(grace: .seconds(5))
            let answer = try await stream.answer()
            #expect(answer.status == 200 && answer.text == "late" && answer.isWhole)
            #expect(client.farewells.first == .noError)
            #expect(harness.recorder.outcomes.map(\.result) == [.ok])
            try await harness.eventually("the connection ends") { client.isClosed }
        }
    }

    @Test func anIdleConnectionIsToldToGo() async throws {
        try await Harness.runWithStreams {
            $0.limits.callerIdleMillisecondsMax = 100
        } _: { harness, client in
            do {
                let answer = try await client.send(Head.post(), "{}")
                #expect(answer.status == 200)
            } catch {
                // On a machine that was too slow to ask in time it was idle before it asked, and goes all the same.
                #expect(client.isClosed || !client.farewells.isEmpty)
            }
            try await harness.eventually("GOAWAY") { client.farewells.first == .noError }
            try await harness.eventually("the connection ends") { client.isClosed }
        }
    }

    @Test func resetsInSeriesEndTheConnection() async throws {
        try await Harness.runWithStreams {
            $0.limits.floodFramesMax = 20
            $0.limits.drainMillisecondsMax = 200
        } _: { harness, client in
            for _ in 0..<60 where client.farewells.isEmpty {
                do {
                    let stream = try await client.open()
                    try await stream.send(Head.post())
                    try await stream.reset()
                } catch {
                    break
                }
            }
            try await harness.eventually("the connection ends") { client.isClosed }
            #expect(client.farewells.contains(.enhanceYourCalm))
            #expect(harness.recorder.intents.isEmpty && harness.vendor.bytes.isEmpty)
        }
    }

    @Test func moreStreamsThanTheLimitWaitTheirTurn() async throws {
        try await Harness.runWithStreams {
            $0.limits.streamsPerConnectionMax = 2
        } _: { harness, client in
            harness.vendor.respond { request in [.wait(milliseconds: 20), .write(FakeVendor.answer(200, request.text))] }
            // Until the gate's settings have come, a client goes by its own idea.
            let first = try await client.send(Head.post(), "first")
            #expect(first.status == 200)
            let count = try await withThrowingTaskGroup { group in
                for number in 0..<8 { group.addTask { try await client.send(Head.post(), "\(number)").status } }
                return try await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
            }
            #expect(count == 8)
            #expect(harness.vendor.connections <= 2)
        }
    }

    @Test func aHeadBeyondTheLimitIsRefused() async throws {
        try await Harness.runWithStreams {
            $0.limits.drainMillisecondsMax = 200
        } _: { harness, client in
            let tooMany = try await client.send(Head.post("/to/acme/v1", (0..<250).map { ("x-\($0)", "a") }), "{}")
            #expect(tooMany.status == 431)
            let answer = try await client.send(Head.post("/to/acme/v1", [("x-a", String(repeating: "a", count: 70_000))]), "{}")
            #expect(answer.status == 0 || answer.status == 431)
            #expect(harness.vendor.bytes.isEmpty && harness.recorder.intents.isEmpty)
        }
    }

    @Test func theSecondProtocolOfTheListenerIsHTTP11() async throws {
        let authority = try TestAuthority(name: "listener authority")
        let identity = try authority.issue(["localhost"])
        try await Harness.run {
            $0.listenerTLS = identity
        } _: { harness in
            let client = try await RawClient.connect(port: harness.port, trustPEM: authority.certificatePEM)
            try await client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            let refused = try await client.answer()
            #expect(refused.status == 400)
            client.close()
        }
    }
}
