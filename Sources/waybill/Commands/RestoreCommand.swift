import ArgumentParser
import WaybillCore

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in place of an installation's data.",
        discussion: """
            Stop the gate first. The backup is verified before anything is moved; what was there is moved aside, never deleted. Keys are not \
            in a backup: put them into the key directory, or name the folder that `waybill backup --with-keys` wrote. Afterwards the gate \
            sends nothing until `waybill log acknowledge`, unless the backup is as new as the checkpoint kept outside the database.
            """)
    @Argument(help: "The backup's folder.", completion: .directory)
    var directory: String
    @OptionGroup var installation: ConfigurationOptions
    @Flag(name: .long, help: "Move what is there aside (var/replaced-…).")
    var replace = false
    @Option(name: .long, help: ArgumentHelp("Keys to copy where the installation has none.", valueName: "dir"), completion: .directory)
    var keys: String?

    func run() async throws {
        let settings = try await installation.settings()
        let restore = RestoreRun(
            settings: settings, source: BackupCommand.plain(directory), replace: replace, keysFrom: keys.map(BackupCommand.plain))
        let outcome = try BackupCommand.reporting { progress in try restore.run(progress: progress) }
        StandardStreams.writeOutput("restored: \(outcome.manifest.summary), as of \(outcome.manifest.madeAt)\n")
        if let aside = outcome.aside { StandardStreams.writeOutput("what was there before: \(aside)\n") }
        StandardStreams.writeOutput(RestoreCommand.next(outcome, settings.log.checkpointCopy))
    }

    private static let stops =
        "stops, ends and approvals since the backup are not in it either: before you acknowledge, enter again what must stay stopped\n"

    static func next(_ outcome: RestoreRun.Outcome, _ copy: String) -> String {
        let entries = outcome.manifest.shards.last?.entries ?? 0
        switch outcome.start {
        case .goesOn: return "the checkpoint outside the database fits: `waybill serve` goes on\n"
        case .mustAcknowledge(nil):
            return
                "there is no checkpoint outside the database (\(copy)), so nobody can tell whether entries came after the backup: the gate "
                + "sends nothing until `waybill log acknowledge`\n" + stops
        case .mustAcknowledge(let known?):
            return
                "the checkpoint outside the database (\(copy)) covers \(known) entries of its shard, the backup \(entries): what came after the "
                + "backup is not in this log, and the gate sends nothing until `waybill log acknowledge`\n" + stops
        }
    }
}
