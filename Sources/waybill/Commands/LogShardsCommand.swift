import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

/// `log shards`: the log's files by half-year.
struct LogShardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shards", abstract: "The log by half-year: what there is, and deleting whole shards.",
        subcommands: [List.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Every shard, oldest first.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let settings = try await installation.settings()
            var table = Table(
                columns: ["shard", "state", "origin", "entries", "from", "to", "bytes", "file"], whenEmpty: "There is no log yet.")
            for shard in try Wiring.logShards(settings) {
                defer { shard.reader.close() }
                let facts = try failing { () throws(SystemError) in try Files.facts(shard.file.path) }
                let (head, identity) = try reading { (try shard.reader.head(), try shard.reader.identity()) }
                let first = try reading { try shard.reader.time(ofEntry: 0)?.time }
                let state = shard.isLive ? "live" : facts?.mode == 0o400 ? "frozen" : "ended"
                table.append([
                    .text(shard.name), .text(state), .optional(identity?.origin), .number(Int64(clamping: head?.size ?? 0)),
                    .optional(first?.rfc3339), .optional(head?.time.rfc3339), .number(Int64(facts?.bytes ?? 0)), .text(shard.file.path),
                ])
            }
            StandardStreams.writeOutput(table.text(format.output))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Delete the oldest shard, whole.",
            discussion: """
                Its entries can no longer be shown, exported or proven afterwards; the live log keeps an entry that says so, with the checkpoint \
                the shard ended with. The live shard is never deleted. Stop the gate before.
                """)
        @Argument(help: "The shard, as `waybill log shards list` names it: 2024h1.")
        var shard: String
        @OptionGroup var installation: ConfigurationOptions
        @Flag(name: .long, help: "Delete it. Without this flag the command says what it would delete.")
        var confirm = false

        func run() async throws {
            keepFilesPrivate()
            let settings = try await installation.settings()
            let lock = try settings.ownStore("delete the shard")
            let shards = try Wiring.logShards(settings)
            defer { for shard in shards { shard.reader.close() } }
            let chosen = try choose(shards)
            let (head, identity) = try reading { (try chosen.reader.head(), try chosen.reader.identity()) }
            guard let head, let identity else {
                throw CommandFailure("\(chosen.file.path) has no entries", remedy: "restore it, or remove it by hand")
            }
            try Delete.notNeeded(
                chosen.name, from: try reading { try chosen.reader.time(ofEntry: 0)?.time } ?? head.time, to: head.time, settings)
            let what = "\(shard): \(head.size) entries up to \(head.time.rfc3339), \(chosen.file.path)"
            guard confirm else { return StandardStreams.writeOutput("would delete \(what)\nnothing was deleted; add --confirm\n") }
            for shard in shards { shard.reader.close() }
            try await Delete.enter(
                ShardAct.deleted(Checkpoint(origin: identity.origin, size: head.size, root: head.root)), settings)
            for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
                try failing { () throws(SystemError) in try Files.removeTree(chosen.file.path + suffix) }
            }
            try failing { () throws(SystemError) in try Files.syncDirectory(settings.stateDirectory) }
            withExtendedLifetime(lock) {}
            StandardStreams.writeOutput("deleted \(what)\n")
        }

        private func choose(_ shards: [LogShardReader]) throws(CommandFailure) -> LogShardReader {
            guard let chosen = shards.first(where: { $0.name == shard }) else {
                throw CommandFailure("there is no shard \(shard)", remedy: "see `waybill log shards list`")
            }
            guard !chosen.isLive else {
                throw CommandFailure("\(shard) is the live shard", remedy: "it can be deleted when the next half-year has begun")
            }
            guard chosen.file == shards.first?.file else {
                throw CommandFailure("\(shard) is not the oldest shard", remedy: "delete \(shards[0].name) first")
            }
            return chosen
        }

        /// An auditor of an open engagement may still ask for any entry of its period.
        private static func notNeeded(_ shard: String, from: Timestamp, to: Timestamp, _ settings: Settings) throws {
            guard try Files.facts(settings.controlStore) != nil else { return }
            let needed = try Wiring.control(settings).engagements().first { engagement in
                engagement.state != .closed && engagement.scope.from <= to && from < engagement.scope.until
            }
            guard let needed else { return }
            throw CommandFailure("the open engagement \(needed.id) is about entries of \(shard)", remedy: "close it first")
        }

        /// Appends to the live log; durable on return.
        private static func enter(_ act: LogNotice, _ settings: Settings) async throws {
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let logKeys = try Wiring.logKeys(keys, keyring, create: false)
            let policies = try Wiring.policies(settings).loadForCommand()
            let opening = try LogRollover(
                settings: settings, keys: logKeys, base: Wiring.baseOrigin(settings, policies), now: SystemWallClock().now(),
                logger: ServeCommand.logger(settings.logLevel)
            ).open(mayRoll: false)
            var configuration = LogConfiguration(origin: opening.origin, node: Serving.node)
            configuration.previous = opening.previous
            do {
                let log = try TransferLog.open(
                    store: opening.store, keys: logKeys, configuration: configuration,
                    copy: FileCheckpointCopy(path: settings.log.checkpointCopy))
                defer { log.close() }
                _ = try await log.enter(act)
            } catch let error as LogOpenError {
                throw CommandFailure(error.message.withoutFullStop)
            } catch let error as RecordError {
                throw CommandFailure(error.message.withoutFullStop)
            }
        }
    }
}

/// `log retention`: which side rows there are, and which are due.
struct LogRetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "Side rows by month, and what `retention.side_months` deletes next. Deletes nothing.")
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try await installation.settings()
        let kept = SideRetention.oldestKept(settings, now: SystemWallClock().now())
        var table = Table(columns: ["shard", "month", "rows", "bytes", "due"], whenEmpty: "There are no side rows.")
        for shard in try Wiring.logShards(settings) {
            defer { shard.reader.close() }
            for month in try reading({ try shard.reader.sideMonths() }) {
                table.append([
                    .text(shard.name), .text(month.month.description), .number(Int64(month.rows)), .number(Int64(month.bytes)),
                    .bool(kept.map { month.month < $0 } ?? false),
                ])
            }
        }
        StandardStreams.writeOutput(table.text(format.output))
    }
}
