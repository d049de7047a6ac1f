import ArgumentParser
import Crypto
import FoundationEssentials
import WaybillCore
import WaybillLedger

struct DecideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "One decision, dry: nothing is sent and nothing is logged.",
        discussion: """
            Prints the decision as JSON, with every check that was made and the body that would leave. Exit code 0 if something would \
            be sent, 6 if not. Hashes and pseudonyms are made with a key for dry runs, so they differ from the real ones.
            """)
    static let bodyBytesMax = 256 << 20

    @Option(name: .long, help: ArgumentHelp("The policy directory.", valueName: "dir"), completion: .directory)
    var policies: String
    @Option(name: .long, help: "The caller, by id.")
    var caller: String
    @Option(name: .long, help: "HTTP method.")
    var method = "POST"
    @Option(name: .long, help: "The vendor's URL, as the CRM would call it.")
    var url: String
    @Option(name: .long, help: "Purposes, separated by commas.")
    var purpose: String?
    @Option(name: .long, help: ArgumentHelp("A request header; may be repeated.", valueName: "name: value"))
    var header: [String] = []
    @Option(name: .long, help: ArgumentHelp("The moment of the decision, RFC 3339; default now.", valueName: "time"))
    var at: String?
    @Option(name: .long, help: ArgumentHelp("Consent events, NDJSON.", valueName: "file"), completion: .file(extensions: ["ndjson"]))
    var consents: String?
    @Option(name: .long, help: ArgumentHelp("Facts about subjects, NDJSON.", valueName: "file"), completion: .file(extensions: ["ndjson"]))
    var subjects: String?
    @Option(name: .long, help: ArgumentHelp("The request's body; - is standard input.", valueName: "file"), completion: .file())
    var body: String?

    func validate() throws {
        for line in header where !line.contains(":") { throw ValidationError("--header needs `Name: value`") }
        if let at, Timestamp(rfc3339: at) == nil { throw ValidationError("--at needs a time like 2026-06-01T12:00:00Z") }
    }

    func run() throws {
        let set = try PolicyDirectory(policies).loadForCommand()
        guard let callerID = set.caller(named: caller) else {
            throw CommandFailure(
                "there is no caller `\(caller)` in \(policies)", remedy: "name one of \(set.callers.map(\.id).joined(separator: ", "))")
        }
        let now = at.flatMap { Timestamp(rfc3339: $0) } ?? SystemWallClock().now()
        let keyring = Keyring(master: SymmetricKey(data: [UInt8](repeating: 0, count: 32)))
        let index = try book().index(key: keyring.fingerprints, notices: set.notices, now: now)
        let gate = Gate(policy: set, subjects: index, keys: GateKeys(keyring: keyring, makeSalt: { InlineArray(repeating: 0) }))
        let content = try bodyBytes()
        let result = DryRun(gate: gate, caller: callerID, head: try head(in: set, hasBody: !content.isEmpty), body: content, now: now)
        StandardStreams.writeOutput(DecisionReport.json(result).pretty + "\n")
        if result.outcome == .deny { throw ExitStatus.denied.quietly }
    }

    private func head(in set: PolicySet, hasBody: Bool) throws -> RequestHead {
        let headers = header.map { line in
            let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: halves[0].trimmed(), value: halves[1].trimmed())
        }
        guard let head = RequestHead(method: method, url: url, headers: headers, purpose: purpose, hasBody: hasBody, in: set) else {
            let known = set.vendors.flatMap { $0.destinations.map { "\($0.scheme)://\($0.authority)" } }
            throw CommandFailure(
                "no vendor of \(policies) has the destination of this URL", remedy: "use one of \(known.joined(separator: ", "))")
        }
        return head
    }

    private func bodyBytes() throws(CommandFailure) -> [UInt8] {
        guard let body else { return [] }
        return try failing { () throws(SystemError) in
            if body == "-" { return try Files.readStandardInput(bytesMax: DecideCommand.bodyBytesMax) }
            return try Files.read(body, bytesMax: DecideCommand.bodyBytesMax)
        }
    }

    private func book() throws(CommandFailure) -> SubjectBook {
        var book = SubjectBook()
        // Facts first: they say which identifiers are one person.
        for (file, isFacts) in [(subjects, true), (consents, false)] {
            guard let file else { continue }
            for (bytes, line) in try lines(of: file) {
                do throws(LineProblem) {
                    try book.apply(isFacts ? .facts(FactsLine(bytes, line: line)) : .consent(ConsentLine(bytes, line: line)))
                } catch {
                    throw CommandFailure("\(file): \(error.text)")
                }
            }
        }
        return book
    }

    private func lines(of file: String) throws(CommandFailure) -> [(bytes: [UInt8], line: Int)] {
        let content = try failing { () throws(SystemError) in try Files.read(file, bytesMax: DecideCommand.bodyBytesMax) }
        var splitter = LineSplitter()
        var found: [([UInt8], Int)] = []
        for (position, line) in (splitter.feed(content) + [splitter.finish()].compactMap { $0 }).enumerated() {
            guard case .whole(let bytes) = line else {
                throw CommandFailure("\(file): line \(position + 1) is longer than \(LineSplitter.lineBytesMax) bytes")
            }
            if !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { found.append((bytes, position + 1)) }
        }
        return found
    }
}
