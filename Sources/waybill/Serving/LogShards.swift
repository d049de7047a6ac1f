import WaybillCore
import WaybillLedger
import WaybillStorage

/// A shard of the log, open for reading.
struct LogShardReader: Sendable {
    /// `2026h2`; of the first file: the half-year of its origin, else of its last entry.
    var name: String
    var file: LogShardFile
    var reader: SQLiteLogReader
    /// Takes entries.
    var isLive: Bool
}

extension Wiring {
    /// Every shard there is, oldest first, beside the gate or when none runs. Whoever follows the log reads them in this order; the cursor
    /// of a shard that is read to its end goes on at 0 of the next.
    static func logShards(_ settings: Settings) throws(CommandFailure) -> [LogShardReader] {
        let files = try failing { () throws(SystemError) in try settings.logShards() }
        guard !files.isEmpty else {
            throw CommandFailure("there is no transfer log at \(settings.logStore) yet", remedy: "start `waybill serve` to create it")
        }
        do throws(LogStoreError) { return try LogShardReader.open(files) } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }
}

extension LogShardReader {
    /// `files`: every shard, oldest first.
    static func open(_ files: [LogShardFile]) throws(LogStoreError) -> [LogShardReader] {
        var shards: [LogShardReader] = []
        for (i, file) in files.enumerated() {
            let reader = try SQLiteLogReader(path: file.path)
            shards.append(LogShardReader(name: try name(file, reader), file: file, reader: reader, isLive: i == files.count - 1))
        }
        return shards
    }

    static func name(_ file: LogShardFile, _ reader: SQLiteLogReader) throws(LogStoreError) -> String {
        if let half = file.half { return half.description }
        if let configured = try reader.identity()?.configured, let last = configured.split(separator: "/").last, let half = HalfYear(last) {
            return half.description
        }
        return try reader.head().map { HalfYear($0.time).description } ?? "new"
    }
}

extension ShardChainVerifier {
    init(_ shards: [LogShardReader], keys: LogKeys, outside: [UInt8]?) throws {
        self.init(
            shards: shards.map { Shard(name: $0.name, reader: $0.reader) }, publicKeys: try keys.publicKeys(), outside: outside, keys: keys)
    }
}
