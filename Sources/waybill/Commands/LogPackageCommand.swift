import ArgumentParser
import WaybillCore
import WaybillLedger

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
        let place = try PackagePlace(out)
        let recipe = PackageRecipe(
            settings: settings, policies: knownPolicies(settings), timestampURL: timestamp ?? settings.evidence.timestampURL,
            now: SystemWallClock().now())
        let about = try whose()
        let terminal = PackageTerminal()
        let made = try place.fill { folder, zip in
            defer { terminal.clear() }
            return try recipe.make(
                about, from: try time(from, "--from"), until: try time(to, "--to"), folder: folder, zip: zip, name: place.name,
                watch: terminal.watch)
        }
        tell(made.summary, place, isStamped: made.isStamped)
    }

    /// A broken set must not keep evidence from being written: the log says what was in force.
    private func knownPolicies(_ settings: Settings) -> PolicySet? {
        do { return try Wiring.policies(settings).load().set } catch {
            StandardStreams.writeError("waybill: warning: the policies cannot be read, so names are missing from the report\n")
            return nil
        }
    }

    private func whose() throws(CommandFailure) -> PackageRecipe.About {
        if let vendor { return .vendor(vendor) }
        do {
            return .person(named: [try Identifier(importText: subject ?? "")])
        } catch {
            throw CommandFailure("the subject \(error.rawValue)", remedy: "name it as scheme:value, like email:anna@example.com")
        }
    }

    private func tell(_ summary: PackageWriter.Summary, _ place: PackagePlace, isStamped: Bool) {
        if json {
            return StandardStreams.writeOutput(
                JSONText.object([
                    ("folder", .text(place.path)), ("zip", .text(place.zip)), ("entries", .number(Int64(summary.entries))),
                    ("transfers", .number(Int64(summary.transfers))), ("denied", .number(Int64(summary.denied))),
                    ("complete", summary.isComplete.map { .bool($0) } ?? .null), ("timestamp", .bool(isStamped)),
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
