import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recompute everything from the raw entries.",
        discussion: """
            Works beside a running gate and on a copy. Compares with the checkpoint kept outside the database, if it is there. Exit \
            code 0 if the log is whole, 5 if anything in it was added, removed or changed.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @Option(
        name: .long, help: ArgumentHelp("An evidence package instead of the log: its folder or zip.", valueName: "path"),
        completion: .file())
    var package: String?
    @Option(
        name: .long,
        help: ArgumentHelp("With --package: the log's key, had from elsewhere, as `log checkpoint --key` prints it.", valueName: "vkey"))
    var key: [String] = []
    @Flag(name: .long, help: "Print the report as JSON.")
    var json = false

    func run() async throws {
        if let package { return try PackageVerification(path: package, keys: key).run(json: json) }
        guard key.isEmpty else { throw ValidationError("--key goes with --package; the log itself is verified with its own key") }
        let settings = try await installation.settings()
        let copy = settings.log.checkpointCopy
        let outside: [UInt8]? = try failing { () throws(SystemError) in
            try Files.facts(copy) == nil ? nil : try Files.read(copy, bytesMax: 1 << 20)
        }
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let logKeys = try Wiring.logKeys(keys, keyring, create: false)
        let started = monotonicSeconds()
        let outcome: Outcome
        if outside != nil, try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) == nil {
            outcome = Outcome(faults: [(nil, "The log is gone; the checkpoint kept outside it is still there.")])
        } else {
            outcome = try verify(settings, logKeys, outside)
        }
        outcome.print(json: json, seconds: monotonicSeconds() - started, hasOutside: outside != nil)
        if !outcome.faults.isEmpty { throw ExitStatus.verificationFailed.quietly }
    }

    /// A store that cannot even be read is a fault of the log, not of the command.
    private func verify(_ settings: Settings, _ keys: LogKeys, _ outside: [UInt8]?) throws -> Outcome {
        guard try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil else {
            throw CommandFailure("there is no transfer log at \(settings.logStore) yet", remedy: "start `waybill serve` to create it")
        }
        var progress = Progress("entries")
        defer { progress.clear() }
        do {
            let reader = try SQLiteLogReader(path: settings.logStore)
            defer { reader.close() }
            let verifier = LogVerifier(reader: reader, publicKeys: try keys.publicKeys(), outside: outside, keys: keys)
            return Outcome(try verifier.verify { done, total in progress.update(done: Int(done), total: Int(total)) })
        } catch let error as LogStoreError {
            return Outcome(faults: [(nil, error.message)])
        }
    }

    struct Outcome {
        var entries: UInt64 = 0
        var root = ""
        var openIntents = 0
        var faults: [(index: UInt64?, what: String)]

        init(faults: [(UInt64?, String)]) { self.faults = faults }
        init(_ report: VerificationReport) {
            entries = report.entries
            root = report.root.description
            openIntents = report.openIntents
            faults = report.faults.map { ($0.index, $0.what) }
        }

        func print(json: Bool, seconds: Double, hasOutside: Bool) {
            if json {
                let list = faults.map { fault in
                    JSONText.object([("index", fault.index.map { .number(Int64(clamping: $0)) } ?? .null), ("what", .text(fault.what))])
                }
                StandardStreams.writeOutput(
                    JSONText.object([
                        ("ok", .bool(faults.isEmpty)), ("entries", .number(Int64(clamping: entries))), ("root", .text(root)),
                        ("open_intents", .number(Int64(openIntents))), ("outside_checkpoint", .bool(hasOutside)), ("faults", .list(list)),
                    ]).pretty + "\n")
                return
            }
            var text = ""
            if faults.isEmpty {
                text += "The log is whole: \(entries) entries, root \(root)\n"
                text += hasOutside ? "" : "No checkpoint was kept outside it, so a rolled-back store could not be told.\n"
                text += openIntents > 0 ? "\(openIntents) transfers have no outcome yet.\n" : ""
            } else {
                text += "The log is NOT whole.\n"
                for fault in faults { text += (fault.index.map { "entry \($0): " } ?? "") + fault.what + "\n" }
            }
            if seconds >= 1, entries > 0 { text += "\(Int(Double(entries) / seconds)) entries/s\n" }
            StandardStreams.writeOutput(text)
        }
    }
}
