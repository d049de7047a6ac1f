import ArgumentParser
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "The transfer log.",
        subcommands: [
            LogVerifyCommand.self,
            LogExportCommand.self,
            LogPackageCommand.self,
            Checkpoint.self,
            LogReindexCommand.self,
            LogProofCommand.self,
            LogConsistencyCommand.self,
            LogWitnessesCommand.self,
            Acknowledge.self,
            LogShardsCommand.self,
            LogRetentionCommand.self,
            LogSinksCommand.self,
        ])

    struct Checkpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "checkpoint", abstract: "Print the last signed checkpoint, a C2SP signed note.")
        @OptionGroup var installation: ConfigurationOptions
        @Flag(name: .long, help: "Print the keys that verify it (vkey) instead: those that sign, then those that were `replaced`.")
        var key = false

        func run() async throws {
            let settings = try await installation.settings()
            let reader = try Wiring.logReader(settings)
            defer { reader.close() }
            let last = try reading { try reader.checkpoints().last }
            guard let last else { throw CommandFailure("the log has no checkpoint yet", remedy: "start `waybill serve` once") }
            guard key else { return StandardStreams.writeOutput(last.note) }
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let logKeys = try Wiring.logKeys(keys, keyring, create: false)
            let signers = try logKeys.signers(origin: last.origin)
            for signer in signers { StandardStreams.writeOutput(signer.verifier.vkey + "\n") }
            for key in logKeys.retired {
                StandardStreams.writeOutput(
                    NoteVerifier(name: last.origin, algorithm: .ed25519, key: key).vkey
                        + LogVerifyCommand.replacedMark + "\n")
            }
        }
    }

    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "acknowledge", abstract: "Accept that entries were lost, and go on under a new name that says so.",
            discussion: """
                Needed when the store does not extend the checkpoint kept outside it: it was rolled back, or replaced. Find out what \
                happened first; nothing can be sent until then. Stop the gate before.
                """)
        @OptionGroup var installation: ConfigurationOptions

        func run() async throws {
            keepFilesPrivate()
            let settings = try await installation.settings()
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let logKeys = try Wiring.logKeys(keys, keyring, create: false)
            let policies = try Wiring.policies(settings).loadForCommand()
            let lock = try settings.ownStore("acknowledge")
            defer { lock.release() }
            let shard = try LogRollover(
                settings: settings, keys: logKeys, base: Wiring.baseOrigin(settings, policies), now: SystemWallClock().now(),
                logger: ServeCommand.logger(settings.logLevel)
            ).open(mayRoll: false)
            var configuration = LogConfiguration(origin: shard.origin, node: Serving.node)
            configuration.previous = shard.previous
            do throws(LogOpenError) {
                let log = try TransferLog.open(
                    store: shard.store, keys: logKeys, configuration: configuration,
                    copy: FileCheckpointCopy(path: settings.log.checkpointCopy))
                defer { log.close() }
                try log.acknowledge()
                StandardStreams.writeOutput("acknowledged; the log goes on after \(log.size) entries\n")
            } catch {
                throw CommandFailure(error.message.withoutFullStop)
            }
        }
    }
}

/// `--since` and `--until`, half-open.
struct TimeRange: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("From this time on: RFC 3339, or a date.", valueName: "time"))
    var since: String?
    @Option(name: .long, help: ArgumentHelp("Before this time.", valueName: "time"))
    var until: String?

    func validate() throws { _ = try times }

    var times: (Timestamp?, Timestamp?) {
        get throws { (try TimeRange.time(since, "--since"), try TimeRange.time(until, "--until")) }
    }

    static func required(_ text: String, _ option: String) throws -> Timestamp {
        guard let time = try time(text, option) else { throw ValidationError("\(option) is missing") }
        return time
    }

    private static func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(rfc3339: text) ?? Day(iso8601: text)?.start else {
            throw ValidationError("\(option) needs a time like 2026-06-01T12:00:00Z or 2026-06-01")
        }
        return time
    }
}

/// What the log's store says, as a failure of the command.
func reading<Value>(_ work: () throws -> Value) throws -> Value {
    do {
        return try work()
    } catch let error as LogStoreError {
        throw CommandFailure(error.message.withoutFullStop)
    } catch let error as ExportError {
        throw CommandFailure(error.message.withoutFullStop)
    } catch let error as SystemError {
        throw error.failure
    } catch let error as ProofError {
        throw CommandFailure(error.message.withoutFullStop)
    } catch let error as ControlDatabaseError {
        throw CommandFailure(error.message.withoutFullStop)
    }
}
