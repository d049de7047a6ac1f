import Synchronization
import WaybillCore
package import WaybillLedger

/// Reads the logs for the API. Never blocks the caller's thread. Throws `ExportError` for a cursor that does not fit.
package protocol LogEntries: Sendable {
    /// Entries from `cursor` on (nil: the first there is), at most `entriesMax` looked at.
    func entries(_ filter: LogExporter.Filter, from cursor: ExportCursor?, entriesMax: Int) async throws -> ExportBatch
    /// Of the log that grows; nil: it has no entry yet.
    func origin() async throws -> String?
    /// The signed note to show; nil: none was signed since the gate started.
    func checkpoint() async throws -> String?
}

/// `/v1/log/entries`, `/v1/log/export`, `/v1/log/checkpoint`. Who is bound to a vendor gets that vendor's entries.
package enum LogOperations {
    /// Entries that one chunk of an export looks at.
    private static let entriesAtOnce = 10_000

    package static func all(_ log: any LogEntries) -> [APIOperation] {
        [
            APIOperation(
                "listEntries", .get, "/v1/log/entries", resource: "log", "Entries of the log, in its order.", permission: .readLog,
                parameters: APIParameter.paging + filters + [
                    .query("from_index", .index, "Begin at this entry of the log that grows; with cursor it is not looked at.")
                ], answer: .page(of: entry), problems: [.conflict]
            ) { call in
                guard let filter = filter(call) else { return .page(items: [], next: nil) }
                let batch = try await read(log, filter, from: try await start(call, log), entriesMax: call.page.limit)
                return .page(items: try batch.records.map(json), next: batch.isAtEnd ? nil : batch.next?.description)
            },
            APIOperation(
                "exportLog", .get, "/v1/log/export", resource: "log", "The log from a place on, whole, in any export format.",
                permission: .readLog,
                parameters: filters + [
                    .query("format", .oneOf(ExportFormats.all.map(\.name)), "Default: ndjson."),
                    .query("from_index", .index, "Begin at this entry of the log that grows; default: the first entry there is."),
                ], answer: .bytes(mediaTypes: Set(ExportFormats.all.map { essence($0.mediaType) }).sorted()), problems: [.conflict]
            ) { call in
                let format = ExportFormats.named(call.values["format"] ?? "ndjson") ?? ExportFormats.all[0]
                guard let filter = filter(call) else { return .stream(mediaType: format.mediaType) { nil } }
                let reading = ExportReading(log: log, filter: filter, format: format, cursor: try await start(call, log))
                // What does not fit is still a problem, not an answer that breaks off.
                try await reading.begin(entriesAtOnce)
                return .stream(mediaType: format.mediaType) { try await reading.next(entriesAtOnce) }
            },
            APIOperation(
                "getCheckpoint", .get, "/v1/log/checkpoint", resource: "log", "The newest signed checkpoint.", permission: .readLog,
                answer: .json(checkpoint)
            ) { _ in
                guard let note = try await log.checkpoint() else {
                    throw APIProblem(.unavailable, "the log has signed no checkpoint since the gate started; try again in a second")
                }
                let read = try LogProofs.read(note).checkpoint
                return .json(
                    .object([
                        "origin": .string(read.origin), "size": .int(Int64(clamping: read.size)), "root": .string(read.root.description),
                        "note": .string(note),
                    ]), etag: String(read.root.description.prefix(32)))
            },
        ]
    }

    /// Of OpenAPI's `content`: a media type without its parameters.
    private static func essence(_ mediaType: String) -> String { String(mediaType.prefix { $0 != ";" }) }

    private static let filters: [APIParameter] = [
        .query("vendor", .id, "Only transfers to this vendor."), .query("since", .time, "Not before."), .query("until", .time, "Before."),
    ]

    private static let entry = JSONShape.named(
        "LogEntry",
        .object([
            .required("index", .index), .required("log", .text(), "Its origin."),
            .required("kind", .oneOf(["intent", "denied", "outcome", "seal", "config", "keychange", "erasure"])),
            .required("time", .time), .required("leaf_hash", .sha256), .required("entry", .any, "As it stands in the log."),
        ]))

    private static let checkpoint = JSONShape.named(
        "Checkpoint",
        .object([
            .required("origin", .text()), .required("size", .count), .required("root", .sha256),
            .required("note", .text(bytes: 1...100_000), "The signed note (C2SP)."),
        ]))

    private static func json(_ record: ExportRecord) throws -> JSONValue {
        .object([
            "index": .int(Int64(clamping: record.index)), "log": .string(record.origin), "kind": .string(record.kind.rawValue),
            "time": .string(record.time.rfc3339), "leaf_hash": .string(record.leaf.description),
            "entry": try JSONValue(document: record.entry),
        ])
    }

    /// Nil: what is asked for is not theirs to see.
    private static func filter(_ call: APICall) -> LogExporter.Filter? {
        var filter = LogExporter.Filter()
        filter.vendor = call.values["vendor"]
        if let mine = call.principal.vendor {
            guard filter.vendor ?? mine == mine else { return nil }
            filter.vendor = mine
        }
        filter.since = call.values["since"].flatMap { Timestamp(rfc3339: $0) }
        filter.until = call.values["until"].flatMap { Timestamp(rfc3339: $0) }
        return filter
    }

    private static func start(_ call: APICall, _ log: any LogEntries) async throws -> ExportCursor? {
        if let cursor = call.page.cursor { return ExportCursor(cursor) }
        guard let index = call.values["from_index"].flatMap({ UInt64($0) }), let origin = try await log.origin() else { return nil }
        return ExportCursor(origin: origin, next: index)
    }

    static func read(
        _ log: any LogEntries, _ filter: LogExporter.Filter, from cursor: ExportCursor?, entriesMax: Int
    ) async throws -> ExportBatch {
        do {
            return try await log.entries(filter, from: cursor, entriesMax: entriesMax)
        } catch let error as ExportError {
            switch error.code {
            case .otherLog: throw APIProblem(.conflict, "the cursor is of another log; begin without one")
            case .beyondEnd: throw APIProblem(.conflict, "the log has no such entry yet; it ends before")
            case .unknownFormat: throw APIProblem(.failed, "no such format")
            }
        }
    }
}

/// An export under way: where it is.
private final class ExportReading: Sendable {
    private struct State {
        var cursor: ExportCursor?
        /// Read already, not given out.
        var begun: [UInt8]?
        var isAtEnd = false
    }
    private let log: any LogEntries
    private let filter: LogExporter.Filter
    private let format: any ExportFormat
    private let state: Mutex<State>

    init(log: any LogEntries, filter: LogExporter.Filter, format: any ExportFormat, cursor: ExportCursor?) {
        self.log = log
        self.filter = filter
        self.format = format
        state = Mutex(State(cursor: cursor))
    }

    /// Once, before `next`.
    func begin(_ entriesMax: Int) async throws {
        let first = format.header + (try await chunk(entriesMax) ?? [])
        state.withLock { $0.begun = first }
    }

    /// Nil: that was all.
    func next(_ entriesMax: Int) async throws -> [UInt8]? {
        let begun = state.withLock { state in
            defer { state.begun = nil }
            return state.begun
        }
        if let begun { return begun }
        return try await chunk(entriesMax)
    }

    private func chunk(_ entriesMax: Int) async throws -> [UInt8]? {
        let (cursor, isAtEnd) = state.withLock { ($0.cursor, $0.isAtEnd) }
        guard !isAtEnd else { return nil }
        let batch = try await LogOperations.read(log, filter, from: cursor, entriesMax: entriesMax)
        var bytes: [UInt8] = []
        for record in batch.records { format.append(record, to: &bytes) }
        state.withLock { state in
            state.cursor = batch.next
            state.isAtEnd = batch.isAtEnd
        }
        return bytes
    }
}
