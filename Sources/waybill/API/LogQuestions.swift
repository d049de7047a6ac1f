import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Reads the logs for the API and the console, beside the writer: by connections and on threads of its own, so that a long export, a sample
/// and a list keep one another waiting least.
struct LogQuestions: TransferQueries, LogEntries, SampleDrawing {
    /// Of the entries of one answer.
    private static let entryBytesMax = 4 << 20

    private let logs: [any LogReader]
    private let exported: [any LogReader]
    private let index: SQLiteTransferIndex
    private let archive: PolicyArchive
    private let publication: any LogPublication
    private let lists = BlockingQueue("api.lists")
    private let exports = BlockingQueue("api.exports")
    private let scans = BlockingQueue("api.scans")

    init(_ settings: Settings, publication: any LogPublication) throws(CommandFailure) {
        logs = try Wiring.exportedLogs(settings)
        exported = try Wiring.exportedLogs(settings)
        index = Wiring.transferIndex(settings)
        archive = Wiring.archive(settings)
        self.publication = publication
    }

    private var search: TransferSearch { get throws { try TransferSearch(logs, index: index) } }

    func knows(_ cursor: ExportCursor) async throws -> Bool { try await lists.run { try search.knows(cursor) } }

    func list(_ filter: TransferFilter, limit: Int, from cursor: ExportCursor?) async throws -> TransferSearch.Page<IndexedTransfer> {
        try await lists.run { try search.list(filter, limit: limit, from: cursor) }
    }

    func statistics(_ filter: TransferFilter, by step: TransferStatistics.Step) async throws -> TransferStatistics {
        try await lists.run { try search.statistics(filter, by: step) }
    }

    func detail(_ xid: TransferID) async throws -> TransferDetail? {
        try await scans.run {
            for log in logs.reversed() { if let found = try TransferReader(reader: log).show(xid) { return found } }
            return nil
        }
    }

    func explanation(of detail: TransferDetail) async throws -> JSONValue {
        try await scans.run {
            let told = TransferExplanation(detail, policies: try TransferExplanation.policies(of: detail, archive))
            return try JSONValue(document: Array(told.json.compact.utf8))
        }
    }

    func entries(_ filter: LogExporter.Filter, from cursor: ExportCursor?, entriesMax: Int) async throws -> ExportBatch {
        try await exports.run {
            var exporter = ShardExporter(logs: exported, filter: filter)
            return try exporter.records(from: cursor, entriesMax: entriesMax, bytesMax: Self.entryBytesMax)
        }
    }

    func origin() async throws -> String? { try await exports.run { try exported.last?.identity()?.origin } }

    func checkpoint() async throws -> String? { try await publication.checkpoint() }

    func draw(_ sample: Engagement.Sample, of scope: Engagement.Scope) async throws -> AuditSample {
        try await scans.run {
            guard let log = try logs.first(where: { try $0.identity()?.origin == sample.origin }) else {
                throw APIProblem(.conflict, "the log that the sample is of is not here; draw it from the copy that was kept")
            }
            return try AuditSample(sample, of: scope, from: log)
        }
    }
}
