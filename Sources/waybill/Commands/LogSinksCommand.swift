import ArgumentParser
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage

struct LogSinksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sinks", abstract: "How far each sink is, and what is wrong with it; works beside a running gate.",
        discussion: """
            `behind` counts entries that a sink has not acknowledged. It ends with 1 if a sink fails, so that a monitor can ask by it.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try await installation.settings()
        var table = Table(
            columns: ["sink", "kind", "format", "cursor", "behind", "moved", "failing_since", "failure"],
            whenEmpty: "no sinks are configured; see docs/sinks.md")
        let isFailing = try Self.fill(&table, settings)
        StandardStreams.writeOutput(table.text(format.output))
        if isFailing { throw ExitStatus.failed.quietly }
    }

    /// True: a sink fails.
    private static func fill(_ table: inout Table, _ settings: Settings) throws -> Bool {
        guard !settings.sinks.isEmpty else { return false }
        let logs = try logs(settings)
        let cursors = try cursors(settings)
        var isFailing = false
        for sink in settings.sinks {
            let row = try controlling { try cursors?.row(ofSink: sink.name) } ?? SinkCursors.Row()
            isFailing = isFailing || row.failure != nil
            table.append([
                .text(sink.name), .text(sink.kind.name), .text(sink.kind.takesFormat ? sink.format.name : "otlp"),
                .optional(row.cursor?.description), behind(row.cursor, logs), .optional(row.movedAt?.rfc3339),
                .optional(row.failingSince?.rfc3339), .optional(row.failure),
            ])
        }
        return isFailing
    }

    private static func logs(_ settings: Settings) throws -> [SinkLog] {
        let feed = LedgerFeed(try Wiring.exportedLogs(settings))
        return try reading { try feed.logs() }
    }

    /// Nil: no gate has run with sinks yet.
    private static func cursors(_ settings: Settings) throws -> SinkCursors? {
        guard try failing({ () throws(SystemError) in try Files.facts(settings.controlStore) }) != nil else { return nil }
        return SinkCursors(try Wiring.control(settings), clock: SystemWallClock())
    }

    /// Null: the sink stands in a log that is not here.
    private static func behind(_ cursor: ExportCursor?, _ logs: [SinkLog]) -> JSONText {
        let all = logs.reduce(UInt64(0)) { $0 + $1.size }
        guard let cursor else { return .number(Int64(clamping: all)) }
        guard let at = logs.firstIndex(where: { $0.origin == cursor.origin }), cursor.next <= logs[at].size else { return .null }
        return .number(Int64(clamping: logs[at...].reduce(UInt64(0)) { $0 + $1.size } - cursor.next))
    }

    private static func controlling<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as ControlDatabaseError {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }
}
