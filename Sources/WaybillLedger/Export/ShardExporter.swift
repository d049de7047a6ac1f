/// The logs of one installation one after the other: closed shards, then the log that grows. Otherwise as `LogExporter`.
///
/// At the end of a closed shard an export goes on at entry 0 of the next.
package struct ShardExporter {
    private let logs: [any LogReader]
    private var exporters: [LogExporter]
    private let startsAtLast: Bool

    /// `logs`: oldest first. `filter.fromIndex` is an index of the last one.
    package init(logs: [any LogReader], filter: LogExporter.Filter = LogExporter.Filter()) {
        self.logs = logs
        startsAtLast = filter.fromIndex > 0
        var whole = filter
        whole.fromIndex = 0
        exporters = logs.enumerated().map { LogExporter(reader: $1, filter: $0 == logs.count - 1 ? filter : whole) }
    }

    package mutating func records(from cursor: ExportCursor?, entriesMax: Int, bytesMax: Int) throws -> ExportBatch {
        guard var at = try start(cursor) else { return ExportBatch(records: [], next: cursor, isAtEnd: true) }
        var cursor = cursor
        while true {
            var batch = try exporters[at].records(from: cursor, entriesMax: entriesMax, bytesMax: bytesMax)
            guard batch.isAtEnd, let next = try following(at) else { return batch }
            // A batch is of one log.
            guard batch.records.isEmpty else {
                batch.isAtEnd = false
                return batch
            }
            (at, cursor) = (next.index, next.start)
        }
    }

    package mutating func write(
        _ format: any ExportFormat, from cursor: ExportCursor?, sink: ([UInt8]) throws -> Void
    ) throws -> ExportCursor? {
        guard var at = try start(cursor) else { return cursor }
        var cursor = cursor
        while true {
            let end = try exporters[at].write(format, from: cursor, sink: sink)
            guard let next = try following(at) else { return end }
            (at, cursor) = (next.index, next.start)
        }
    }

    /// Where to begin; a cursor of none of the logs is left for the last to refuse. Nil: there is no log.
    private func start(_ cursor: ExportCursor?) throws -> Int? {
        guard let cursor else { return startsAtLast ? logs.indices.last : logs.indices.first }
        return try logs.firstIndex { try $0.identity()?.origin == cursor.origin } ?? logs.indices.last
    }

    /// The next log with entries.
    private func following(_ index: Int) throws -> (index: Int, start: ExportCursor)? {
        for next in logs.indices.dropFirst(index + 1) {
            if let origin = try logs[next].identity()?.origin { return (next, ExportCursor(origin: origin, next: 0)) }
        }
        return nil
    }
}
