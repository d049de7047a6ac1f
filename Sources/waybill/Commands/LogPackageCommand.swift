import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogPackageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package", abstract: "An evidence package: what a vendor got in a period, or what was sent about one person.",
        discussion: """
            Writes a folder and a zip that anybody can verify without Waybill: `python3 verify.py` in it, or sha256sum and openssl as its \
            README.md says. Works beside a running gate. A vendor's package shows that none of its transfers is missing and holds no \
            other vendor's; a person's holds what opens these transfers and no others, and must be kept private.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @Option(name: .long, help: "Transfers to this vendor.")
    var vendor: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Transfers about the person known by this, like email:anna@example.com. The package names the person by it.", valueName: "id"))
    var subject: String?
    @Option(name: .long, help: ArgumentHelp("From this time on: RFC 3339, or a date. Default: the log's beginning.", valueName: "time"))
    var from: String?
    @Option(name: .long, help: ArgumentHelp("Before this time. Default: now.", valueName: "time"))
    var to: String?
    @Option(
        name: .long, help: ArgumentHelp("The folder to make; the zip gets its name and .zip.", valueName: "dir"), completion: .directory)
    var out: String
    @Option(name: .long, help: ArgumentHelp("A time-stamping authority (RFC 3161) instead of `evidence.timestamp_url`.", valueName: "url"))
    var timestamp: String?
    @Flag(name: .long, help: "Print what was written as JSON.")
    var json = false

    func validate() throws {
        guard (vendor == nil) != (subject == nil) else { throw ValidationError("name either --vendor or --subject") }
        if let from = try time(from, "--from"), let to = try time(to, "--to"), from >= to {
            throw ValidationError("--from must be before --to")
        }
    }

    private func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(rfc3339: text) ?? Day(iso8601: text)?.start else {
            throw ValidationError("\(option) needs a time like 2026-06-01T12:00:00Z or 2026-06-01")
        }
        return time
    }

    func run() async throws {
        keepFilesPrivate()
        let settings = try await installation.settings()
        let shards = try Wiring.logShards(settings)
        defer { for shard in shards { shard.reader.close() } }
        let reader = try shard(of: shards)
        let now = SystemWallClock().now()
        let place = try PackagePlace(out)
        let policies = knownPolicies(settings)
        let organisation = policies?.organisation.name ?? settings.log.origin
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let task = PackageTask(settings: settings, timestampURL: timestamp ?? settings.evidence.timestampURL)
        let about = try reading { try whose(settings, reader, policies) }
        let writer = PackageWriter(
            reader: reader, keys: try Wiring.logKeys(keys, keyring, create: false),
            surroundings: try task.surroundings(organisation: organisation, now: now))
        let beginning = try reading { try reader.time(ofEntry: 0)?.time } ?? now
        let (from, until) = (try time(from, "--from") ?? beginning, min(try time(to, "--to") ?? now, now))
        let summary = try place.fill { folder, zip in
            defer { task.clear() }
            do {
                return try reading { try writer.write(about, from: from, until: until, to: folder, zip: zip, name: place.name) }
            } catch let error as PackageError {
                throw CommandFailure(error.message.withoutFullStop)
            }
        }
        tell(summary, place, task)
    }

    /// The shard that the period lies in: each is a log of its own, with its own tree, so that a package is of one.
    private func shard(of shards: [LogShardReader]) throws -> SQLiteLogReader {
        let (low, high) = (try time(from, "--from"), try time(to, "--to"))
        let fitting = try reading {
            try shards.filter { shard in
                guard let head = try shard.reader.head(), let first = try shard.reader.time(ofEntry: 0)?.time else { return false }
                return low.map { $0 <= head.time } ?? true && high.map { first < $0 } ?? true
            }
        }
        guard fitting.count <= 1 else {
            let names = fitting.map(\.name).joined(separator: ", ")
            throw CommandFailure(
                "the period spans the shards \(names), each of which is a log of its own",
                remedy: "make a package for each, with --from and --to within its half-year")
        }
        guard let chosen = fitting.first ?? shards.last else { throw CommandFailure("the log has no entries yet") }
        return chosen.reader
    }

    /// A broken set must not keep evidence from being written: the log says what was in force.
    private func knownPolicies(_ settings: Settings) -> PolicySet? {
        do { return try Wiring.policies(settings).load().set } catch {
            StandardStreams.writeError("waybill: warning: the policies cannot be read, so names are missing from the report\n")
            return nil
        }
    }

    private func whose(_ settings: Settings, _ reader: SQLiteLogReader, _ policies: PolicySet?) throws -> PackageWriter.Subject {
        if let vendor {
            let name = policies?.vendors.first { $0.id == vendor }?.legalName
            return .vendor(id: vendor, name: name ?? vendor)
        }
        let text = subject ?? ""
        guard let trace = try Wiring.subjectTrace(text, settings, log: reader) else {
            throw CommandFailure("nobody is known by this identifier", remedy: "check it, or name the person by another one")
        }
        return .person(trace, named: [try Identifier(importText: text)])
    }

    private func tell(_ summary: PackageWriter.Summary, _ place: PackagePlace, _ task: PackageTask) {
        if json {
            return StandardStreams.writeOutput(
                JSONText.object([
                    ("folder", .text(place.path)), ("zip", .text(place.zip)), ("entries", .number(Int64(summary.entries))),
                    ("transfers", .number(Int64(summary.transfers))), ("denied", .number(Int64(summary.denied))),
                    ("complete", summary.isComplete.map { .bool($0) } ?? .null), ("timestamp", .bool(task.isStamped)),
                    ("checkpoint", .number(Int64(summary.checkpoint.size))), ("bytes", .number(Int64(summary.bytes))),
                    ("agreements_missing", .texts(summary.agreementsMissing)),
                ]).pretty + "\n")
        }
        var text = "\(place.path) and \(place.zip): \(summary.transfers) transfers, \(summary.denied) denials, \(summary.entries) entries\n"
        switch summary.isComplete {
        case true?: text += "Complete: the vendor's sequence has no gap, and both ends of the period are shown.\n"
        case false?: text += "An end of the period is not shown by an entry yet; a package made a minute later may show it (gaps.json).\n"
        case nil: text += "Keep it private: openings.ndjson tells about whom.\n"
        }
        if !summary.agreementsMissing.isEmpty {
            text += "Not kept any more, so not in it: \(summary.agreementsMissing.joined(separator: ", "))\n"
        }
        StandardStreams.writeOutput(text + "Check it: python3 \(place.path)/verify.py\n")
    }
}
