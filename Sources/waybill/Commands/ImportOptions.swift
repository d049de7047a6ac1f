import ArgumentParser
import Synchronization
import WaybillControl
import WaybillCore

/// A file of lines for the store, as `consent import` and `subject import` take it.
struct ImportOptions: ParsableArguments {
    @Argument(help: "The file; - is standard input.", completion: .file(extensions: ["ndjson", "jsonl", "json"]))
    var file: String
    @Flag(name: .long, help: "Import all lines or, if one is refused, none.")
    var strict = false
    @OptionGroup var format: OutputOptions

    func run(_ command: String, _ settings: Settings) async throws {
        let source = try failing { () throws(SystemError) in try FilePieces(file) }
        let progress = Mutex(Progress("imported"))
        let reply = try await StoreSession(settings: settings).run(
            ControlRequest(command: command, arguments: strict ? ["strict": "true"] : [:]),
            input: { () throws(ControlFailure) in
                do throws(SystemError) {
                    return try source.next()
                } catch {
                    throw ControlFailure(code: "input", message: error.failure.sentence)
                }
            },
            told: { reply in
                do {
                    switch reply.kind {
                    case .problem: StandardStreams.writeError("\(file): \(try reply.decode(LineProblem.self).text)\n")
                    case .progress:
                        let found = try reply.decode(ImportProgress.self)
                        progress.withLock { $0.update(done: found.imported + found.duplicates) }
                    case .result, .failure: break
                    }
                } catch {
                    StandardStreams.writeError("\(file): the gate said something that this version does not understand\n")
                }
            })
        progress.withLock { $0.clear() }
        try report(try reply.decode(ImportReport.self))
    }

    private func report(_ report: ImportReport) throws {
        for warning in report.warnings { StandardStreams.writeError("\(file): warning: \(warning.text)\n") }
        let counts: [(String, JSONText)] = [
            ("lines", .number(Int64(report.lines))), ("imported", .number(Int64(report.imported))),
            ("duplicates", .number(Int64(report.duplicates))), ("refused", .number(Int64(report.refused))),
            ("warned", .number(Int64(report.warned))),
        ]
        switch format.output {
        case .json: StandardStreams.writeOutput(JSONText.object(counts).pretty + "\n")
        case .ndjson: StandardStreams.writeOutput(JSONText.object(counts).compact + "\n")
        case .table, .csv:
            var table = Table(columns: counts.map(\.0), whenEmpty: "")
            table.append(counts.map(\.1))
            StandardStreams.writeOutput(table.text(format.output))
        }
        if report.refused > 0 { throw ExitStatus.failed.quietly }
    }
}
