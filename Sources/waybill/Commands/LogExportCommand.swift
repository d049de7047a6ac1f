import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Entries by index, gapless; works beside a running gate.",
        discussion: """
            NDJSON: each line is exactly one leaf of the log's tree. The other formats are views; docs/exports.md says what stands where.

            At the end the cursor to go on from is printed on standard error. With --cursor-file it is read at the start and replaced \
            once everything is written, so a job that runs again and again gives every entry out at least once.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @Option(
        name: .long, help: "One of \(ExportFormats.all.map(\.name).joined(separator: ", ")).",
        completion: .list(ExportFormats.all.map(\.name)))
    var format = "ndjson"
    @Option(name: .long, help: ArgumentHelp("Go on from here: what an export before this one printed.", valueName: "cursor"))
    var cursor: String?
    @Option(name: .long, help: ArgumentHelp("Keep the cursor in this file.", valueName: "file"), completion: .file())
    var cursorFile: String?
    @Option(name: .long, help: ArgumentHelp("The first entry, of the log that grows.", valueName: "index"))
    var fromIndex: UInt64 = 0
    @Option(name: .long, help: "Only transfers to this vendor.")
    var vendor: String?
    @OptionGroup var range: TimeRange
    @Option(
        name: .long, help: ArgumentHelp("Write a new file instead of standard output, whole or not at all.", valueName: "file"),
        completion: .file())
    var output: String?

    func validate() throws {
        guard ExportFormats.named(format) != nil else {
            throw ValidationError("--format is one of \(ExportFormats.all.map(\.name).joined(separator: ", "))")
        }
        guard cursor == nil || cursorFile == nil else { throw ValidationError("give --cursor or --cursor-file, not both") }
        guard cursor == nil && cursorFile == nil || fromIndex == 0 else {
            throw ValidationError("give --from-index or a cursor, not both")
        }
        if let cursor, ExportCursor(cursor) == nil {
            throw ValidationError("--cursor is what an export before this one printed, like 4711@acme.example/waybill")
        }
    }

    func run() async throws {
        guard let format = ExportFormats.named(format) else { return }
        var filter = LogExporter.Filter()
        (filter.fromIndex, filter.vendor) = (fromIndex, vendor)
        (filter.since, filter.until) = try range.times
        let kept = cursorFile.map { CursorFile(path: $0) }
        let start = try kept?.read() ?? cursor.flatMap { ExportCursor($0) }
        let logs = try Wiring.exportedLogs(try await installation.settings())
        let isShown = StandardStreams.errorIsTerminal && (output != nil || !StandardStreams.outputIsTerminal)
        var progress = Progress("bytes", isShown: isShown)
        let next = try reading {
            let target = try ExportTarget(path: output)
            defer { target.abandon() }
            if !format.header.isEmpty { try target.write(format.header) }
            var exporter = ShardExporter(logs: logs, filter: filter)
            var bytesWritten = 0
            let next = try exporter.write(format, from: start) { bytes in
                try target.write(bytes)
                bytesWritten += bytes.count
                progress.update(done: bytesWritten)
            }
            try target.finish()
            if let next { try kept?.replace(with: next) }
            return next
        }
        progress.clear()
        if let next { StandardStreams.writeError("next cursor: \(next)\n") }
    }
}

/// Where a job that exports again and again keeps how far it is.
private struct CursorFile {
    private static let bytesMax = 4_096
    let path: String

    /// Nil: the file is not there yet.
    func read() throws -> ExportCursor? {
        try failing { () throws(SystemError) in try Files.facts(path) }.map { _ in
            let text = String(
                decoding: try failing { () throws(SystemError) in try Files.read(path, bytesMax: Self.bytesMax) }, as: UTF8.self)
            guard let cursor = ExportCursor(text.hasSuffix("\n") ? text.dropLast() : text[...]) else {
                throw CommandFailure("\(path) holds no cursor", remedy: "restore it, or remove it to export everything again")
            }
            return cursor
        }
    }

    /// Whole or not at all, and durable on return.
    func replace(with cursor: ExportCursor) throws(SystemError) {
        let fresh = path + ".next"
        try Files.removeTree(fresh)
        try Files.create(fresh, content: Array("\(cursor)\n".utf8), mode: 0o600)
        try Files.move(fresh, to: path)
    }
}
