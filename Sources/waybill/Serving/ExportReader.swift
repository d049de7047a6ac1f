import Dispatch
import WaybillControl
import WaybillLedger
import WaybillStorage

/// Reads pages of the logs for whoever pulls them, on a thread of its own, one page after another.
final class ExportReader: ExportPulls {
    /// Of the entries of one page.
    private static let pageBytesMax = 4 * 1_024 * 1_024
    private let logs: [any LogReader]
    private let queue = DispatchQueue(label: "waybill.export")

    /// `logs`: oldest first.
    init(_ logs: [any LogReader]) { self.logs = logs }

    func page(_ pull: ExportPull) async throws -> ExportPage {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.read(pull) }) }
        }
    }

    private func read(_ pull: ExportPull) throws -> ExportPage {
        var filter = LogExporter.Filter()
        (filter.vendor, filter.since, filter.until) = (pull.vendor, pull.since, pull.until)
        var exporter = ShardExporter(logs: logs, filter: filter)
        let batch = try exporter.records(from: pull.cursor, entriesMax: pull.entriesMax, bytesMax: Self.pageBytesMax)
        var bytes = pull.format.header
        for record in batch.records { pull.format.append(record, to: &bytes) }
        return ExportPage(bytes: bytes, next: batch.next, isAtEnd: batch.isAtEnd)
    }
}

extension Wiring {
    /// What is given out: every log of the installation, oldest first, beside the gate or when none runs. However long they are kept, a
    /// shard that has ended can still be frozen.
    static func exportedLogs(_ settings: Settings) throws(CommandFailure) -> [any LogReader] {
        try endedLogs(settings) + [logReader(settings)]
    }
}
