import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct AuditReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "A vendor's own list of what it received, against the log.",
        discussion: """
            The list holds transfer ids (xid): one a line, CSV with a column xid, or NDJSON with a member xid. Told are lines whose transfer \
            never passed the gate (never_sent), went to another vendor or at another time (elsewhere), stand there twice, or cannot be read; \
            and what was sent and the list lacks, by outcome. What failed, was given up or is still open may rightly be missing.

            Exit code 1: something is to be explained (never_sent, elsewhere, unreadable, or a lacking transfer that the vendor took).
            """)
    static let listedMax = 1_000

    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions
    @Option(name: .long, help: "The vendor's id.")
    var vendor: String
    @OptionGroup var range: TimeRange
    @Flag(name: .long, help: "Every difference, not the first 1000 of each kind in a table or JSON.")
    var all = false
    @Argument(help: "The list; - is standard input.", completion: .file(extensions: ["csv", "ndjson", "jsonl", "txt"]))
    var file: String

    func run() async throws {
        let logs = try Wiring.exportedLogs(try await installation.settings())
        let source = try failing { () throws(SystemError) in try FilePieces(file) }
        var table = Table(columns: ["difference", "line", "xid", "outcome"], whenEmpty: "no differences")
        var told: [String: Int] = [:]
        func tell(_ what: String, line: Int?, id: TransferID?, outcome: String? = nil) {
            told[what, default: 0] += 1
            guard all || format.output == .ndjson || format.output == .csv || told[what, default: 0] <= Self.listedMax else { return }
            table.append([
                .text(what), line.map { .number(Int64($0)) } ?? .null, id.map { .text($0.description) } ?? .null, .optional(outcome),
            ])
        }
        do {
            var progress = Progress("entries")
            let (since, until) = try range.times
            var work = try reading {
                try Reconciliation(logs: logs, vendor: vendor, since: since, until: until) { progress.update(done: Int($0)) }
            }
            progress.clear()
            let lines = try compare(source, &work) { verdict, line, id in tell(verdict.rawValue, line: line, id: id) }
            for (line, id, verdict) in try reading({ try work.finish() }) { tell(verdict.rawValue, line: line, id: id) }
            work.forEachLacking { id, outcome in tell("lacking", line: nil, id: id, outcome: outcome) }
            report(work, lines: lines, table)
            if work.hasDifferences { throw ExitStatus.failed.quietly }
        } catch is Reconciliation.Problem {
            throw CommandFailure(
                "the period holds more than \(Reconciliation.transfersMax) transfers", remedy: "shorten it with --since and --until")
        }
    }

    /// Lines of the list.
    private func compare(
        _ source: FilePieces, _ work: inout Reconciliation, tell: (Reconciliation.Verdict, Int, TransferID?) -> Void
    ) throws -> Int {
        var splitter = LineSplitter()
        var list = VendorList()
        var (number, count) = (0, 0)
        func take(_ line: LineSplitter.Line) {
            number += 1
            let id: TransferID??
            switch line {
            case .whole(let bytes): id = list.id(in: bytes)
            case .tooLong: id = .some(nil)
            }
            guard case .some(let found) = id else { return }
            count += 1
            if let verdict = work.take(found, line: number), verdict != .matched { tell(verdict, number, found) }
        }
        while let piece = try failing({ () throws(SystemError) in try source.next() }) { for line in splitter.feed(piece) { take(line) } }
        if let last = splitter.finish() { take(last) }
        return count
    }

    private func report(_ work: Reconciliation, lines: Int, _ table: Table) {
        let counts = Reconciliation.Verdict.allCases.map { ($0.rawValue, JSONText.number(Int64(work.counts[$0, default: 0]))) }
        let lacking = work.lacking.sorted { $0.key < $1.key }.map { ($0.key, JSONText.number(Int64($0.value))) }
        let sums: [(String, JSONText)] =
            [("sent", .number(Int64(work.sentCount))), ("listed", .number(Int64(lines)))] + counts + [("lacking", .object(lacking))]
        switch format.output {
        case .json: StandardStreams.writeOutput(JSONText.object(sums + [("differences", .list(table.objects))]).pretty + "\n")
        case .ndjson, .csv: StandardStreams.writeOutput(table.text(format.output))
        case .table:
            var summary = Table(columns: sums.map(\.0), whenEmpty: "")
            summary.append(sums.map(\.1))
            StandardStreams.writeOutput(summary.text(.table) + "\n" + table.text(.table))
        }
    }
}
