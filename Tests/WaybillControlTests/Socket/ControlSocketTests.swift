import Crypto
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WaybillControl
import WaybillCore
import WaybillStorage

@Suite struct ControlSocketTests {
    static let now = Timestamp(seconds: 1_780_000_000)

    /// A gate's half of the socket over a real store.
    struct Gate {
        let directory: URL
        let store: SQLiteConsentStore
        let server: ControlServer
        var socket: String { directory.appending(path: "var/waybill.sock").path }
        var client: ControlClient { ControlClient(socketPath: socket) }

        func stop() async throws {
            await server.stop()
            try FileManager.default.removeItem(at: directory)
        }
    }

    static func startGate(_ more: [any ControlCommand] = [], limits: ControlLimits = .patient) async throws -> Gate {
        let directory = FileManager.default.temporaryDirectory.appending(path: "wb-\(UInt32.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let keyring = Keyring(master: SymmetricKey(size: .bits256))
        let store = try SQLiteConsentStore(
            path: directory.appending(path: "subjects.db").path, keyring: keyring,
            index: SubjectIndex(fingerprintKey: keyring.fingerprints), notices: [:])
        try await store.load(now: now)
        store.index.open()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let commands: [any ControlCommand] =
            [
                ImportCommand(.consents, store: store, purposes: { ["newsletter"] }, clock: { now }),
                ImportCommand(.subjects, store: store, purposes: { nil }, clock: { now }),
            ] + ShowCommand.Kind.allCases.map { ShowCommand($0, store: store, clock: { now }) } + more
        let server = ControlServer(
            socketPath: directory.appending(path: "var/waybill.sock").path, commands: commands, limits: limits,
            group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        try await server.start()
        return Gate(directory: directory, store: store, server: server)
    }

    /// Sends `text` in pieces and collects what came back.
    static func run(
        _ gate: Gate, _ command: String, _ arguments: [String: String] = [:], text: String = "", pieces: Int = 1_000
    ) async throws -> (last: ControlReply, others: [ControlReply]) {
        let bytes = Array(text.utf8)
        let position = Mutex(0)
        let others = Mutex<[ControlReply]>([])
        let last = try await gate.client.run(
            ControlRequest(command: command, arguments: arguments),
            input: { () throws(ControlFailure) in
                position.withLock { start in
                    defer { start = min(start + pieces, bytes.count) }
                    return start < bytes.count ? Array(bytes[start..<min(start + pieces, bytes.count)]) : nil
                }
            }, onReply: { reply in others.withLock { $0.append(reply) } })
        return (last, others.withLock { $0 })
    }

    /// Without a client that speaks the protocol.
    static func connect(_ gate: Gate) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(unixDomainSocketPath: gate.socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
    }

    /// Sends bytes and takes one line of answer.
    static func exchange(_ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ bytes: [UInt8]) async throws -> String {
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            var answer = ""
            for try await buffer in inbound {
                answer += String(buffer: buffer)
                if answer.hasSuffix("\n") { break }
            }
            return answer
        }
    }

    static func consent(_ subject: String, _ state: String = "given", purpose: String = "newsletter") -> String {
        #"{"subject":"\#(subject)","purpose":"\#(purpose)","state":"\#(state)","recipients":["hubspot"],"event_time":"2026-05-01"}"# + "\n"
    }

    @Test func `An import over the socket binds the next look-up and reports line by line`() async throws {
        let gate = try await Self.startGate()
        let text = Self.consent("crm:1") + "oops\n" + Self.consent("crm:2", purpose: "mystery") + Self.consent("crm:1")
        let (last, others) = try await Self.run(gate, "consent.import", text: text, pieces: 7)
        let report = try last.decode(ImportReport.self)
        #expect((report.lines, report.imported, report.duplicates, report.refused, report.warned) == (4, 2, 1, 1, 1))
        #expect(report.warnings.map(\.line) == [3])
        #expect(report.sequence == gate.store.index.sequence)
        #expect(try others.filter { $0.kind == .problem }.map { try $0.decode(LineProblem.self).line } == [2])
        for (name, isKnown) in [("crm:1", true), ("crm:2", true), ("crm:3", false)] {
            let found = if case .known = gate.store.index.find(try Identifier(importText: name), now: Self.now) { true } else { false }
            #expect(found == isKnown)
        }
        try await gate.stop()
    }

    @Test func `All or nothing is an argument`() async throws {
        let gate = try await Self.startGate()
        let (last, _) = try await Self.run(gate, "consent.import", ["strict": "true"], text: Self.consent("crm:1") + "oops\n")
        #expect(try last.decode(ImportReport.self).imported == 0)
        #expect(gate.store.index.memory.identifiers == 0)
        try await gate.stop()
    }

    @Test func `A large import is streamed with progress`() async throws {
        let gate = try await Self.startGate()
        let text = (0..<45_000).map { _ in "{}\n" }.joined()
        let (last, others) = try await Self.run(gate, "consent.import", text: text, pieces: 65_536)
        let report = try last.decode(ImportReport.self)
        #expect((report.lines, report.refused, report.problems.count) == (45_000, 45_000, SubjectImport.listedMax))
        #expect(try others.filter { $0.kind == .progress }.map { try $0.decode(ImportProgress.self).lines >= 20_000 } == [true, true])
        try await gate.stop()
    }

    @Test func `Consents and facts are shown by any of a subject's identifiers, and no other is named`() async throws {
        let gate = try await Self.startGate()
        _ = try await Self.run(gate, "consent.import", text: Self.consent("email:anna@example.com"))
        _ = try await Self.run(gate, "subject.import", text: #"{"ids":["email:anna@example.com","crm:17"],"countries":["DE"]}"#)
        let (standings, _) = try await Self.run(gate, "consent.show", ["subject": "crm:17", "at": "2026-06-01T00:00:00Z"])
        #expect(try standings.decode(ConsentStandings.self).standings.map(\.state) == ["given"])
        #expect(try standings.decode(ConsentStandings.self).at == "2026-06-01T00:00:00Z")
        let (history, _) = try await Self.run(gate, "consent.history", ["subject": "crm:17"])
        #expect(try history.decode(ConsentHistory.self).events.map(\.sequence) == [1])
        let (facts, _) = try await Self.run(gate, "subject.show", ["subject": "crm:17"])
        #expect(try facts.decode(SubjectReport.self).identifiers == ["email": 1, "crm": 1])
        for reply in [standings, history, facts] { #expect(!String(decoding: reply.line, as: UTF8.self).contains("anna")) }
        try await gate.stop()
    }

    @Test(
        arguments: [
            ("no.such", [:], "unknown_command"), ("consent.show", [:], "subject_missing"),
            ("consent.show", ["subject": "bob@example.net"], "subject_malformed"),
            ("consent.show", ["subject": "crm:0"], "subject_unknown"),
            ("consent.show", ["who": "crm:0"], "unknown_argument"),
        ] as [(String, [String: String], String)])
    func `A command that cannot be carried out says why`(command: String, arguments: [String: String], code: String) async throws {
        let gate = try await Self.startGate()
        let failure = await #expect(throws: ControlFailure.self) { _ = try await Self.run(gate, command, arguments) }
        #expect(failure?.code == code)
        for value in arguments.values { #expect(failure?.message.contains(value) == false) }
        try await gate.stop()
    }

    @Test func `A sender that dies before its end is never taken for one that has finished`() async throws {
        let gate = try await Self.startGate()
        let channel = try await Self.connect(gate)
        let request = #"{"version":1,"command":"consent.import","arguments":{}}"# + "\n"
        let lines = Self.consent("crm:1") + "oops\n"
        let answer = try await Self.exchange(channel, Array(request.utf8) + [0, 0, 0, UInt8(lines.utf8.count)] + lines.utf8)
        #expect(answer.contains("problem"))
        await gate.server.stop()
        #expect(gate.store.index.memory.identifiers == 0)
        try await gate.stop()
    }

    @Test func `A failure reaches a sender in the middle of its input`() async throws {
        struct Failing: ControlCommand {
            let name = "failing"
            let argumentNames: Set<String> = []
            func run(
                _ arguments: [String: String], input: ControlInput, output: ControlOutput
            ) async throws(ControlFailure) -> any Encodable & Sendable {
                throw ControlFailure(code: "disk_full", message: "The disk is full.")
            }
        }
        let gate = try await Self.startGate([Failing()])
        let text = String(repeating: "x", count: 3_000_000)
        let failure = await #expect(throws: ControlFailure.self) { _ = try await Self.run(gate, "failing", text: text, pieces: 10_000) }
        #expect(failure?.code == "disk_full")
        try await gate.stop()
    }

    @Test func `Only the gate's own user gets at the socket`() async throws {
        let gate = try await Self.startGate()
        func mode(_ path: String) throws -> Int? { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }
        #expect(try mode(gate.socket) == 0o600)
        #expect(try mode(gate.directory.appending(path: "var").path) == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: gate.directory.appending(path: "var").path) == ["waybill.sock"])
        await gate.server.stop()
        #expect(!FileManager.default.fileExists(atPath: gate.socket))
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: gate.directory.appending(path: "var").path)
        let failure = await #expect(throws: ControlFailure.self) { try await gate.server.start() }
        #expect(failure?.message.contains("chmod 700") ?? false)
        try await gate.stop()
    }

    @Test func `A dead gate's socket is replaced`() async throws {
        let gate = try await Self.startGate()
        await gate.server.stop()
        try Data("left over".utf8).write(to: URL(filePath: gate.socket))
        try await gate.server.start()
        #expect(await gate.client.answers())
        try await gate.stop()
        #expect(await !gate.client.answers())
    }

    @Test func `A path too long for a socket is refused at start`() async throws {
        let server = ControlServer(
            socketPath: "/tmp/" + String(repeating: "x", count: 90) + "/waybill.sock", commands: [],
            group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        let failure = await #expect(throws: ControlFailure.self) { try await server.start() }
        #expect(failure?.message.contains("too long") ?? false)
        try FileManager.default.removeItem(atPath: "/tmp/" + String(repeating: "x", count: 90))
    }

    @Test func `More commands at once than allowed are turned away`() async throws {
        var limits = ControlLimits()
        limits.connectionsMax = 1
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let (left, leave) = AsyncStream<Void>.makeStream()
        let waiting = ReplyCommand("wait") { () throws(ControlFailure) in
            enter.yield()
            for await _ in left { break }
            return "done"
        }
        let gate = try await Self.startGate([waiting], limits: limits)
        async let first = Self.run(gate, "wait")
        for await _ in entered { break }
        let failure = await #expect(throws: ControlFailure.self) { _ = try await Self.run(gate, "wait") }
        #expect(failure?.code == "too_many_commands")
        leave.yield()
        #expect(try await first.last.decode(String.self) == "done")
        try await gate.stop()
    }

    @Test func `A connection that says nothing is closed`() async throws {
        var limits = ControlLimits()
        limits.requestSeconds = 0
        let gate = try await Self.startGate(limits: limits)
        let channel = try await Self.connect(gate)
        let received = try await channel.executeThenClose { inbound, _ in
            var received = 0
            for try await buffer in inbound { received += buffer.readableBytes }
            return received
        }
        #expect(received == 0)
        try await gate.stop()
    }

    @Test(arguments: [
        "not json\n", "{}\n", #"{"version":9,"command":"status","arguments":{}}"# + "\n", String(repeating: "x", count: 1_100_000),
    ])
    func `What is no request of this version is refused`(text: String) async throws {
        let gate = try await Self.startGate()
        let channel = try await Self.connect(gate)
        let answer = try await Self.exchange(channel, Array(text.utf8))
        #expect(answer.contains(#""kind":"failure""#))
        #expect(answer.contains("bad_request") || answer.contains("other_version"))
        try await gate.stop()
    }

    @Test func `One process holds the store, and the next is sent to its gate`() async throws {
        let gate = try await Self.startGate()
        let lockPath = gate.directory.appending(path: "waybill.lock").path
        let lock = try #require(try StoreLock.take(path: lockPath))
        #expect(try StoreLock.take(path: lockPath) == nil)
        guard case .gate(let client) = try await StoreAccess.open(lock: lockPath, socket: gate.socket) else {
            Issue.record("the lock was given twice")
            return
        }
        #expect(await client.answers())
        let failure = await #expect(throws: ControlFailure.self) {
            _ = try await StoreAccess.open(lock: lockPath, socket: gate.socket + ".none")
        }
        #expect(failure?.code == "store_busy")
        lock.release()
        guard case .owned(let next) = try await StoreAccess.open(lock: lockPath, socket: gate.socket) else {
            Issue.record("the lock did not end with its holder")
            return
        }
        next.release()
        try await gate.stop()
    }
}

extension ControlLimits {
    /// Other tests may hold every core for longer than a command's first line should take.
    fileprivate static var patient: ControlLimits {
        var limits = ControlLimits()
        limits.requestSeconds = 300
        return limits
    }
}
