import ArgumentParser
import WaybillCore
import WaybillStorage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy consents, log, control data and policy sets, consistent and beside a running gate.",
        subcommands: [Make.self, Verify.self], defaultSubcommand: Make.self)

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "make", abstract: "Make a backup in a new folder (what `waybill backup DIR` does).",
            discussion: """
                Traffic goes on meanwhile. The folder takes its name when everything in it is written, synced and verified; until then it is \
                called DIR.unfinished. Keys, vendors' secrets, the configuration and policies/ are not in it, nor is the checkpoint outside \
                the database, which must never be in a backup.
                """)
        @Argument(help: "The folder to make.", completion: .directory)
        var directory: String
        @OptionGroup var installation: ConfigurationOptions
        @Flag(name: .long, help: "Also copy the keys, into DIR-keys. Keep the two in different places.")
        var withKeys = false
        @Flag(name: .long, help: "Do not verify the copied log entry by entry; `waybill backup verify` can do so later.")
        var skipVerify = false

        func run() async throws {
            keepFilesPrivate()
            let settings = try await installation.settings()
            let target = BackupCommand.plain(directory)
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let logKeys = try Wiring.logKeys(keys, keyring, create: false)
            let making = BackupMaking(settings: settings, target: target, keyring: keyring, logKeys: logKeys)
            let manifest = try BackupCommand.reporting { progress in try making.run(verify: !skipVerify, progress: progress) }
            StandardStreams.writeOutput("\(target): \(manifest.summary)\n")
            guard withKeys else { return }
            let folder = "\(target)-keys"
            let names = try BackupCommand.reporting { _ in try BackupMaking.copyKeys(settings, to: folder) }
            StandardStreams.writeOutput("\(folder): \(names.joined(separator: ", "))\n")
            StandardStreams.writeError(
                "waybill: warning: whoever has \(folder) and \(target) can read who is in it; move the keys to another place\n")
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Check a backup: signature, every file, the log from its entries, and that the parts fit.",
            discussion: "Needs the keys the backup was made with. Exit code 0, or 5 if the backup is not what was written.")
        @Argument(help: "The backup's folder.", completion: .directory)
        var directory: String
        @OptionGroup var installation: ConfigurationOptions

        func run() async throws {
            let settings = try await installation.settings()
            let (keys, keyring) = try Wiring.keyring(settings, create: false)
            let check = BackupCheck(
                folder: BackupCommand.plain(directory), keyring: keyring, logKeys: try Wiring.logKeys(keys, keyring, create: false))
            let manifest = try BackupCommand.reporting { progress in try check.run(progress: progress) }
            StandardStreams.writeOutput("The backup is whole: \(manifest.summary), made \(manifest.madeAt)\n")
        }
    }

    /// Without slashes at its end.
    static func plain(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// Shows how far it is, and says what the stores and the system say as a failure of the command.
    static func reporting<Value>(_ work: ((String, Int, Int) -> Void) throws -> Value) throws -> Value {
        var progress: (label: String, line: Progress)?
        defer { progress?.line.clear() }
        do {
            return try reading {
                try work { label, done, total in
                    if progress?.label != label {
                        progress?.line.clear()
                        progress = (label, Progress(label))
                    }
                    progress?.line.update(done: done, total: total)
                }
            }
        } catch let error as BackupStoreError {
            throw CommandFailure(error.message)
        }
    }
}

extension BackupManifest {
    /// `1204 entries, consents up to 41, 3 policy sets`
    var summary: String {
        let entries = shards.reduce(UInt64(0)) { $0 + $1.entries }
        let sets = Set(files.map(\.name).filter { $0.hasPrefix(BackupManifest.policySets) }.map { $0.split(separator: "/")[1] }).count
        let bytes = files.reduce(0) { $0 + $1.bytes }
        return "\(entries) log entries in \(shards.count) shard\(shards.count == 1 ? "" : "s"), consents up to change \(consentSequence), "
            + "\(sets) policy set\(sets == 1 ? "" : "s"), \(bytes) bytes"
    }
}
