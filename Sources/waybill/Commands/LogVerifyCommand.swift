import ArgumentParser
import Crypto
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recompute everything from the raw entries.",
        discussion: """
            Works beside a running gate and on a copy. Compares with the checkpoint kept outside the database, if it is there. Exit \
            code 0 if the log is whole, 5 if anything in it was added, removed or changed: the first fault is named with its entry, its \
            kind and what follows from it.

            A copy that is verified with the log's public key alone (--store, --key, --checkpoint) needs no configuration; what stands \
            beside the entries (subject numbers, decision lines) can only be checked with the log's own keys.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @Option(name: .long, help: ArgumentHelp("An evidence package instead of the log.", valueName: "dir"), completion: .directory)
    var package: String?
    @Option(
        name: .long, help: ArgumentHelp("Another file than the installation's own log: a copy.", valueName: "file"), completion: .file())
    var store: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A public key of the log, a line of `log checkpoint --key`, `replaced` included. May be repeated.", valueName: "vkey"))
    var key: [String] = []
    @Option(
        name: .long, help: ArgumentHelp("The checkpoint that was kept elsewhere, for a copy.", valueName: "file"), completion: .file())
    var checkpoint: String?
    @Flag(name: .long, help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        if store == nil, !key.isEmpty { throw ValidationError("--key goes with --store") }
    }

    func run() async throws {
        if package != nil { throw CommandFailure("evidence packages are not built yet", remedy: "verify the log itself with --config") }
        let (subject, keys) = try await subjectAndKeys()
        let outside: [UInt8]? = try failing { () throws(SystemError) in
            guard let path = subject.checkpoint else { return nil }
            guard subject.mustHaveCheckpoint else { return try Files.facts(path) == nil ? nil : try Files.read(path, bytesMax: 1 << 20) }
            return try Files.read(path, bytesMax: 1 << 20)
        }
        let started = monotonicSeconds()
        let outcome: Outcome
        if outside != nil, try failing({ () throws(SystemError) in try Files.facts(subject.store) }) == nil {
            outcome = Outcome(.init(index: 0, kind: .rollback, what: "The log is gone; the checkpoint kept outside it is still there."))
        } else {
            outcome = try verify(subject, keys, outside)
        }
        outcome.print(json: json, seconds: monotonicSeconds() - started, hasOutside: outside != nil)
        if !outcome.faults.isEmpty { throw ExitStatus.verificationFailed.quietly }
    }

    /// What is verified.
    private struct Subject {
        var store: String
        /// Of the installation's own log: every shard, oldest first.
        var shards: [LogShardFile] = []
        var isCopy = true
        var checkpoint: String?
        /// It was named.
        var mustHaveCheckpoint = true
    }

    /// After a key that `log checkpoint --key` prints and that signs no more.
    static let replacedMark = " replaced"

    private enum Keys {
        case all(LogKeys)
        case publicOnly([Curve25519.Signing.PublicKey], retired: [Curve25519.Signing.PublicKey])
    }

    private func subjectAndKeys() async throws -> (Subject, Keys) {
        if let store, !key.isEmpty {
            var (keys, retired): ([Curve25519.Signing.PublicKey], [Curve25519.Signing.PublicKey]) = ([], [])
            for text in key {
                let isReplaced = text.hasSuffix(Self.replacedMark)
                guard let verifier = NoteVerifier(isReplaced ? String(text.dropLast(Self.replacedMark.count)) : text),
                    verifier.algorithm == .ed25519
                else {
                    throw CommandFailure(
                        "a --key is not a verifier key", remedy: "take it from `waybill log checkpoint --key`, quoted, in one piece",
                        status: .usage)
                }
                if isReplaced { retired.append(verifier.key) } else { keys.append(verifier.key) }
            }
            return (Subject(store: store, checkpoint: checkpoint), .publicOnly(keys, retired: retired))
        }
        let settings = try await installation.settings()
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let logKeys = try Wiring.logKeys(keys, keyring, create: false)
        if let store { return (Subject(store: store, checkpoint: checkpoint), .all(logKeys)) }
        let subject = Subject(
            store: settings.logStore, shards: try settings.logShards(), isCopy: false,
            checkpoint: checkpoint ?? settings.log.checkpointCopy,
            mustHaveCheckpoint: checkpoint != nil)
        return (subject, .all(logKeys))
    }

    /// A store that cannot even be read is a fault of the log, not of the command.
    private func verify(_ subject: Subject, _ keys: Keys, _ outside: [UInt8]?) throws -> Outcome {
        guard try failing({ () throws(SystemError) in try Files.facts(subject.store) }) != nil else {
            let remedy = subject.isCopy ? "name the copied database" : "start `waybill serve` to create it"
            throw CommandFailure("there is no transfer log at \(subject.store)\(subject.isCopy ? "" : " yet")", remedy: remedy)
        }
        var progress = Progress("entries")
        defer { progress.clear() }
        var shards: [ShardChainVerifier.Shard] = []
        do {
            if subject.isCopy {
                shards = [.init(name: "copy", reader: try SQLiteLogReader(copy: subject.store))]
            } else {
                shards = try LogShardReader.open(subject.shards).map { .init(name: $0.name, reader: $0.reader) }
            }
        } catch {
            return Outcome(.init(index: nil, kind: .unreadable, what: error.message))
        }
        let verifier =
            switch keys {
            case .all(let keys): ShardChainVerifier(shards: shards, publicKeys: try keys.publicKeys(), outside: outside, keys: keys)
            case .publicOnly(let keys, let retired):
                ShardChainVerifier(shards: shards, publicKeys: keys, retiredKeys: retired, outside: outside)
            }
        return Outcome(verifier.verify(isCopy: subject.isCopy) { done, total in progress.update(done: Int(done), total: Int(total)) })
    }

    struct Outcome {
        var entries: UInt64 = 0
        var root = ""
        var openIntents = 0
        var prunedSideRows = 0
        var hasSecretKeys = true
        var shards: [(name: String, entries: UInt64, root: String)] = []
        var faults: [VerificationReport.Fault]

        init(_ fault: VerificationReport.Fault) { faults = [fault] }
        init(_ report: ShardChainVerifier.Report) {
            let last = report.shards.last?.report
            entries = report.shards.reduce(0) { $0 + $1.report.entries }
            root = last?.root.description ?? ""
            openIntents = last?.openIntents ?? 0
            prunedSideRows = report.shards.reduce(0) { $0 + $1.report.prunedSideRows }
            hasSecretKeys = last?.hasSecretKeys ?? true
            shards = report.shards.map { ($0.name, $0.report.entries, $0.report.root.description) }
            // With one shard there is nothing to tell apart.
            let isOne = shards.count == 1
            faults = report.faults.map { .init(index: $0.index, kind: $0.kind, what: isOne ? $0.what : "\($0.shard): \($0.what)") }
        }

        func print(json: Bool, seconds: Double, hasOutside: Bool) {
            StandardStreams.writeOutput(
                json ? object(hasOutside: hasOutside).pretty + "\n" : text(seconds: seconds, hasOutside: hasOutside))
        }

        private func object(hasOutside: Bool) -> JSONText {
            let list = faults.map { fault in
                JSONText.object([
                    ("index", fault.index.map { .number(Int64(clamping: $0)) } ?? .null), ("kind", .text(fault.kind.rawValue)),
                    ("what", .text(fault.what)), ("consequence", .text(fault.kind.consequence)),
                ])
            }
            return JSONText.object([
                ("ok", .bool(faults.isEmpty)), ("entries", .number(Int64(clamping: entries))), ("root", .text(root)),
                ("open_intents", .number(Int64(openIntents))), ("outside_checkpoint", .bool(hasOutside)),
                ("side_records_checked", .bool(hasSecretKeys)), ("side_rows_pruned", .number(Int64(prunedSideRows))),
                ("shards", .list(shards.map(Self.object))), ("faults", .list(list)),
            ])
        }

        private static func object(_ shard: (name: String, entries: UInt64, root: String)) -> JSONText {
            .object([("shard", .text(shard.name)), ("entries", .number(Int64(clamping: shard.entries))), ("root", .text(shard.root))])
        }

        private func text(seconds: Double, hasOutside: Bool) -> String {
            var text = ""
            if let first = faults.first {
                text += "The log is NOT whole.\n"
                text +=
                    "First fault: \(place(first))\(first.what)\n  kind: \(first.kind.rawValue)\n  consequence: \(first.kind.consequence)\n"
                for fault in faults.dropFirst() { text += "\(place(fault))\(fault.what) [\(fault.kind.rawValue)]\n" }
                if faults.count == LogVerifier.faultsMax { text += "Only the first \(LogVerifier.faultsMax) faults are named.\n" }
            } else {
                text += "The log is whole: \(entries) entries, root \(root)\n"
                if shards.count > 1 {
                    for shard in shards { text += "  shard \(shard.name): \(shard.entries) entries, root \(shard.root)\n" }
                }
                text += hasOutside ? "" : "No checkpoint was kept outside it, so a rolled-back store could not be told.\n"
                text +=
                    hasSecretKeys ? "" : "What stands beside the entries was only compared with them: its seals need the log's own keys.\n"
                text += openIntents > 0 ? "\(openIntents) transfers have no outcome yet.\n" : ""
                text += prunedSideRows > 0 ? "The side records of \(prunedSideRows) commits were pruned, by whole months.\n" : ""
            }
            if seconds >= 1, entries > 0 { text += "\(Int(Double(entries) / seconds)) entries/s\n" }
            return text
        }

        private func place(_ fault: VerificationReport.Fault) -> String { fault.index.map { "entry \($0): " } ?? "" }
    }
}
