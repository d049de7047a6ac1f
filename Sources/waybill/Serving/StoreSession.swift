import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Runs a command of the store: through the gate that owns it, or on the store itself when no gate runs.
struct StoreSession {
    let settings: Settings

    /// `input`: what the command reads, piece by piece. `told`: progress and problems as they come.
    func run(
        _ request: ControlRequest,
        input: @escaping @Sendable () async throws(ControlFailure) -> [UInt8]? = { () throws(ControlFailure) in nil },
        told: @escaping @Sendable (ControlReply) async -> Void = { _ in }
    ) async throws -> ControlReply {
        keepFilesPrivate()
        let directory = settings.stateDirectory
        try failing { () throws(SystemError) in try Files.makeDirectory(directory, mode: 0o700) }
        do {
            let access = try await StoreAccess.open(lock: settings.lock, socket: try settings.reachableSocket())
            switch consume access {
            case .gate(let client): return try await client.run(request, input: input, onReply: told)
            case .owned(let lock): return try await runHere(request, input: input, told: told, holding: lock)
            }
        } catch let failure as ControlFailure {
            throw CommandFailure(failure.message.withoutFullStop)
        }
    }

    /// Changes files that a running gate has read, and tells it to read them again; without one, none can start meanwhile.
    func change<Value: Sendable>(
        _ command: String, _ work: () throws(CommandFailure) -> Value
    ) async throws -> Value {
        keepFilesPrivate()
        let directory = settings.stateDirectory
        try failing { () throws(SystemError) in try Files.makeDirectory(directory, mode: 0o700) }
        do {
            let access = try await StoreAccess.open(lock: settings.lock, socket: try settings.reachableSocket())
            let value = try work()
            if case .gate(let client) = consume access {
                _ = try await client.run(ControlRequest(command: command), input: { () throws(ControlFailure) in nil }, onReply: { _ in })
            }
            return value
        } catch let failure as ControlFailure {
            throw CommandFailure(failure.message.withoutFullStop)
        }
    }

    private func runHere(
        _ request: ControlRequest, input: @escaping @Sendable () async throws(ControlFailure) -> [UInt8]?,
        told: @escaping @Sendable (ControlReply) async -> Void, holding lock: borrowing StoreLock
    ) async throws -> ControlReply {
        let last = LastReply()
        let output = ControlOutput { reply in
            if reply.isLast { await last.set(reply) } else { await told(reply) }
        }
        if request.command == EraseCommand.name {
            try await eraseHere(request, output: output)
            return try await answer(last)
        }
        if SubjectDeskCommand.Kind(rawValue: request.command) != nil {
            try await deskHere(request, input: ControlInput(next: input), output: output)
            return try await answer(last)
        }
        let (_, keyring) = try Wiring.keyring(settings, create: true)
        let policies = try policies(for: request)
        let index = SubjectIndex(fingerprintKey: keyring.fingerprints)
        let store = try Wiring.consents(settings, keyring: keyring, index: index, notices: policies?.notices ?? [:])
        let purposes = policies.map { set in Set(set.purposes.map(\.name)) }
        try await ControlDispatcher(StoreSession.commands(store, purposes: { purposes }))
            .run(request, input: ControlInput(next: input), output: output)
        return try await answer(last)
    }

    private func answer(_ last: LastReply) async throws -> ControlReply {
        guard let reply = await last.value else { throw CommandFailure("the command gave no answer", remedy: "run it again") }
        if reply.kind == .failure { throw try reply.decode(ControlFailure.self) }
        return reply
    }

    /// A broken set must not keep a withdrawal out of the store, so an import goes on without the catalogue. What a history says at
    /// a moment depends on the notices, so `consent show` needs the set.
    private func policies(for request: ControlRequest) throws -> PolicySet? {
        let directory = try Wiring.policies(settings)
        do {
            return try directory.loadForCommand()
        } catch  where request.command != ShowCommand.Kind.standings.rawValue {
            StandardStreams.writeError("waybill: warning: the policies cannot be read, so purposes are not checked\n")
            return nil
        }
    }

    /// What the gate carries out for others, and a command line for itself.
    static func commands(_ store: any ConsentStore, purposes: @escaping @Sendable () -> Set<String>?) -> [any ControlCommand] {
        let clock: @Sendable () -> Timestamp = { SystemWallClock().now() }
        return [
            ImportCommand(.consents, store: store, purposes: purposes, clock: clock),
            ImportCommand(.subjects, store: store, purposes: purposes, clock: clock),
        ] + ShowCommand.Kind.allCases.map { ShowCommand($0, store: store, clock: clock) }
    }

    private actor LastReply {
        private(set) var value: ControlReply?
        func set(_ reply: ControlReply) { value = reply }
    }
}

extension Settings {
    var lock: String { store + ".lock" }

    /// The socket under a name short enough for the system: a deep directory is reached through its descriptor.
    func reachableSocket() throws(CommandFailure) -> String {
        guard socket.utf8.count > ShortPath.bytesMax else { return socket }
        let directory = stateDirectory
        return try failing { () throws(SystemError) in Files.resolve("waybill.sock", against: try ShortPath.of(directory: directory)) }
    }
}

extension String {
    var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
