import ArgumentParser
import WaybillControl
import WaybillCore

/// `waybill consent import --from SOURCE`: an export of another system, read by its mapping file.
struct ConsentSourceImport {
    let file: String
    let source: String
    /// Nil: the one of the configured directory.
    let map: String?
    let format: OutputFormat
    let by: String

    func run(_ settings: Settings) async throws {
        guard ConsentSource.named(source) != nil else {
            throw CommandFailure(
                "--from \(source): no such source", remedy: "use one of \(ConsentSource.all.map(\.name).joined(separator: ", "))",
                status: .usage)
        }
        let path = map ?? Files.resolve("\(source).yaml", against: settings.consentMaps)
        let text = try Wiring.consentMap(source, file: path).text
        let pieces = try failing { () throws(SystemError) in try FilePieces(file) }
        let reply = try await StoreSession(settings: settings).run(
            ControlRequest(command: SubjectDeskCommand.Kind.importSource.rawValue, arguments: ["source": source, "map": text, "by": by]),
            input: { () throws(ControlFailure) in
                do throws(SystemError) { return try pieces.next() } catch {
                    throw ControlFailure(code: "input", message: error.failure.sentence)
                }
            })
        try tell(try reply.decode(SourceReport.self))
    }

    private func tell(_ report: SourceReport) throws {
        for line in report.lines { StandardStreams.writeError("\(file): line \(line.line): \(line.result.rawValue): \(line.why)\n") }
        let counts: [(String, JSONText)] = [
            ("records", .number(Int64(report.records))), ("taken", .number(Int64(report.taken))),
            ("unknown", .number(Int64(report.unknown))), ("facts", .number(Int64(report.facts))),
            ("refused", .number(Int64(report.refused))), ("imported", .number(Int64(report.imported))),
            ("duplicates", .number(Int64(report.duplicates))),
        ]
        switch format {
        case .json: StandardStreams.writeOutput(JSONText.object(counts).pretty + "\n")
        case .ndjson: StandardStreams.writeOutput(JSONText.object(counts).compact + "\n")
        case .table, .csv:
            var table = Table(columns: counts.map(\.0), whenEmpty: "")
            table.append(counts.map(\.1))
            StandardStreams.writeOutput(table.text(format))
        }
        if report.refused > 0 { throw ExitStatus.failed.quietly }
    }
}
