import FoundationEssentials
import Logging
import Synchronization
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// How tunnels begin, end and count.
@Suite struct TunnelLifeTests {
    @Test func `a tunnel without TLS is closed in time and counted`() async throws {
        try await Harness.proxy { setup in
            setup.limits.callerHandshakeMillisecondsMax = 200
        } _: { harness in
            for bytes in [[], [0x16, 0x03], Array("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}".utf8)] as [[UInt8]] {
                let client = try await harness.client()
                try await client.send(Harness.connect())
                let answer = try await client.answer(toCONNECT: true)
                #expect(answer.status == 200)
                if !bytes.isEmpty { try await client.send(bytes) }
                try await client.waitForClose(withinMilliseconds: 2_000)
            }
            #expect(harness.recorder.counts["tls_handshake_failed"] == 3)
        }
    }

    @Test func `plain HTTP in a tunnel, and a client that does not trust the CA, get nothing`() async throws {
        let stranger = try TestAuthority(name: "stranger")
        try await Harness.proxy { harness in
            let plain = try await harness.client()
            try await plain.send(Harness.connect())
            _ = try await plain.answer(toCONNECT: true)
            try await plain.send(Wire.inner())
            try await plain.waitForClose()
            let distrusting = try await harness.client()
            try await distrusting.send(Harness.connect())
            _ = try await distrusting.answer(toCONNECT: true)
            try await distrusting.startTLS(trustPEM: stranger.certificatePEM, serverName: FakePolicy.vendorHost)
            try await distrusting.waitForClose()
            try await harness.eventually("both are counted") { harness.recorder.counts["tls_handshake_failed"] == 2 }
            #expect(harness.gate.heads.isEmpty)
            harness.expectNothingLeft("no TLS")
        }
    }

    @Test func `a listener's TLS has the same time to stand`() async throws {
        try await Harness.run { setup in
            setup.limits.callerHandshakeMillisecondsMax = 200
            setup.clientCA = TunnelLifeTests.authority.map { $0.certificatePEM }
        } _: { harness in
            let client = try await harness.client()
            try await client.waitForClose(withinMilliseconds: 2_000)
            #expect(harness.recorder.counts.isEmpty)
        }
    }
    private static let authority: TestAuthority? = {
        do { return try TestAuthority() } catch {
            Issue.record(error)
            return nil
        }
    }()

    @Test func `a tunnel is one of the listener's connections, from CONNECT to its end`() async throws {
        try await Harness.proxy { setup in
            setup.limits.callerConnectionsMax = 1
            setup.limits.callerHandshakeMillisecondsMax = 300
        } _: { harness in
            for round in 0..<6 {
                let client: RawClient
                if round % 2 == 0 {
                    client = try await harness.tunnel()
                    let answer = try await harness.ask(client, Wire.inner())
                    #expect(answer.status == 200)
                } else {
                    client = try await harness.client()
                    try await client.send(Harness.connect())
                    _ = try await client.answer(toCONNECT: true)
                }
                let other = try await harness.client()
                try await other.waitForClose()
                client.close()
                try await client.waitForClose()
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test func `idle tunnels go when the gate stops, busy ones after their answer`() async throws {
        try await Harness.proxy { harness in
            harness.vendor.respond { _ in [.wait(milliseconds: 600), .write(FakeVendor.answer(200, "done"))] }
            let busy = try await harness.tunnel()
            try await busy.send(Wire.inner())
            try await harness.eventually("the vendor has it") { harness.vendor.requests.count == 1 }
            let idle = try await harness.tunnel()
            let bad = try await harness.ask(idle, Wire.inner(host: "evil.test"))
            #expect(bad.status == 421)
            let unfinished = try await harness.client()
            try await unfinished.send(Harness.connect())
            _ = try await unfinished.answer(toCONNECT: true)
            async let stopped: Void = harness.server.stop(grace: .seconds(5))
            try await idle.waitForClose(withinMilliseconds: 500)
            try await unfinished.waitForClose(withinMilliseconds: 500)
            let answer = try await busy.answer()
            #expect(answer.status == 200 && answer.text == "done" && answer.value("connection") == "close")
            try await busy.waitForClose()
            busy.close()
            await stopped
            #expect(harness.recorder.outcomes.map(\.result) == [.ok])
        }
    }

    @Test func `an idle tunnel is closed like any idle connection`() async throws {
        try await Harness.proxy {
            $0.limits.callerIdleMillisecondsMax = 150
        } _: { harness in
            let client = try await harness.tunnel()
            _ = try await harness.ask(client, Wire.inner())
            try await client.waitForClose(withinMilliseconds: 2_000)
        }
    }

    @Test func `logs of failed tunnels name the destination and no one else`() async throws {
        let lines = Lines()
        try await Harness.proxy { setup in
            setup.logger = Logger(label: "test") { _ in lines.handler }
            setup.logger.logLevel = .trace
        } _: { harness in
            let client = try await harness.client()
            try await client.send(Harness.connect())
            _ = try await client.answer(toCONNECT: true)
            try await client.send("GET /anna@example.com HTTP/1.1\r\nHost: anna.example\r\n\r\n")
            try await client.waitForClose()
            _ = try await harness.ask(try await harness.client(), Harness.connect("anna.example:443", host: "anna.example:443"))
            try await harness.eventually("it is logged") {
                lines.all.contains { $0.contains("caller=crm destination=api.acme.test reason=handshake_failed") }
            }
            let lines = lines.all.filter { $0.contains("anna") || $0.contains("s3cret") }
            #expect(lines.isEmpty)
        }
    }
}

/// What was logged.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let pairs = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
            lines.lines.withLock { $0.append("\(event.message) \(pairs)") }
        }
    }
}
