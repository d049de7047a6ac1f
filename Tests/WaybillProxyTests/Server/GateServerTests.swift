import Logging
import NIOPosix
import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

@Suite struct GateServerTests {
    private func server(_ configuration: ProxyConfiguration) throws -> GateServer {
        let state = try GateState(gate: FakeGate(), recorder: FakeRecorder(), refresher: FakeRefresher(), clock: FixedClock())
        return GateServer(
            configuration: configuration, state: state, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, group: .singleton)
    }

    @Test func whatCannotStartSaysWhyInOneSentence() async throws {
        let cases: [(ProxyConfiguration, ProxyError.Code)] = [
            (.init(listeners: [.init(host: "0.0.0.0", port: 0)]), .insecureListener),
            (.init(listeners: [.init(host: "::", port: 0)]), .insecureListener),
            (.init(listeners: [.init(host: "192.0.2.1", port: 0, insecure: true)]), .listenFailed),
            (.init(listeners: [.init(host: "no-such-name.invalid", port: 0)]), .listenFailed),
            (.init(listeners: [.init(host: "127.0.0.1", port: 0)], trust: ["/does/not/exist.pem"]), .trustUnreadable),
            (.init(listeners: [.init(host: "127.0.0.1", port: 0)], trust: ["/dev/null"]), .trustUnreadable),
            (.init(listeners: [.init(host: "127.0.0.1", port: 0)], resolve: ["x": "y"]), .resolveInvalid),
            (
                .init(listeners: [.init(host: "127.0.0.1", port: 0, tls: .init(certificatePath: "/none.pem", keyPath: "/none.key"))]),
                .certificateUnreadable
            ),
        ]
        for (configuration, code) in cases {
            let error = await #expect(throws: ProxyError.self) { try await server(configuration).start() }
            #expect(error?.code == code)
            #expect(error?.message.hasSuffix(".") == true)
        }
    }

    @Test func plainHTTPOffLoopbackNeedsToBeAskedFor() async throws {
        let server = try server(.init(listeners: [.init(host: "0.0.0.0", port: 0, insecure: true), .init(host: "127.0.0.1", port: 0)]))
        let addresses = try await server.start()
        #expect(addresses.count == 2 && addresses.allSatisfy { $0.port > 0 })
        await server.stop(grace: .zero)
    }

    @Test func aListenerMaySpeakTLS() async throws {
        let authority = try TestAuthority(name: "listener authority")
        try await Harness.run { setup in
            do { setup.listenerTLS = try authority.issue(["localhost"]) } catch { Issue.record(error) }
        } _: { harness in
            let client = try await RawClient.connect(port: harness.port, trustPEM: authority.certificatePEM)
            for _ in 0..<2 {
                try await client.send(Wire.post())
                let answer = try await client.answer()
                #expect(answer.status == 200)
            }
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            let refused = try await client.answer()
            #expect(refused.status == 400)
            try await client.waitForClose()
        }
    }

    @Test func stoppingLetsExchangesFinishAndAcceptsNoMore() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { _ in [.wait(milliseconds: 1_000), .write(FakeVendor.answer(200, "done"))] }
            let busy = try await harness.client()
            let idle = try await harness.client()
            try await busy.send(Wire.post())
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            async let stopped: Void = harness.server.stop(grace: .seconds(5))
            try await idle.waitForClose(withinMilliseconds: 800)
            let answer = try await busy.answer()
            #expect(answer.status == 200 && answer.text == "done" && answer.value("connection") == "close")
            try await busy.waitForClose()
            busy.close()
            await stopped
            #expect(harness.recorder.outcomes.map(\.result) == [.ok])
            await #expect(throws: (any Error).self) { try await harness.client() }
        }
    }

    @Test func theGraceEndsAndTheLogIsToldWhatIsKnown() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { _ in [] }
            let client = try await harness.client()
            try await client.send(Wire.post())
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            await harness.server.stop(grace: .milliseconds(50))
            #expect(harness.recorder.outcomes.map(\.result) == [.unknown])
            #expect(harness.recorder.outcomes.first?.reason == "gate_stopped")
            try await client.waitForClose()
        }
    }

    @Test func underLoadEveryIntentHasOneOutcomeWhenItStops() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { _ in [.wait(milliseconds: .random(in: 0...4)), .write(FakeVendor.answer(200, "x"))] }
            await withTaskGroup { tasks in
                for _ in 0..<16 {
                    tasks.addTask {
                        do {
                            let client = try await harness.client()
                            while !client.isClosed {
                                try await client.send(Wire.post())
                                _ = try await client.answer(withinMilliseconds: 500)
                            }
                        } catch {}  // the gate stopped in the middle of it
                    }
                }
                tasks.addTask {
                    do { try await Task.sleep(for: .milliseconds(400)) } catch {}
                    await harness.server.stop(grace: .seconds(2))
                }
            }
            let intents = harness.recorder.intents.map(\.xid)
            #expect(intents.count > 16)
            #expect(Set(harness.recorder.outcomes.map(\.xid)) == Set(intents))
            #expect(harness.recorder.outcomes.count == intents.count)
            #expect(harness.vendor.requests.count <= intents.count)
        }
    }

    @Test func connectionsBeyondTheLimitAreClosed() async throws {
        try await Harness.run {
            $0.limits.callerConnectionsMax = 1
        } _: { harness in
            let first = try await harness.client()
            try await first.send(Wire.get())
            _ = try await first.answer()
            let second = try await harness.client()
            try await second.waitForClose()
            first.close()
            try await Task.sleep(for: .milliseconds(50))
            let third = try await harness.send(Wire.get())
            #expect(third.status == 200)
        }
    }
}
