import Foundation
import WaybillLedger
import WaybillStorage

/// Every export format over a log of a hundred thousand entries on disk: bytes written a second, on one thread, the log in the page cache.
enum ExportBenchmark {
    static let transfersACommit = 512
    static let commits = 100

    static func groups() throws -> [BenchmarkGroup] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-export-benchmark")
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let writer = try WriterUnderTest(folder: folder)
        for _ in 0..<commits { _ = try writer.commit(transfersACommit) }
        let reader = try SQLiteLogReader(path: writer.path)
        let benchmarks = try ExportFormats.all.map { format in
            let bytes = try export(format, from: reader)
            return Benchmark(name: "\(format.name), \(bytes / 1_000_000) MB", work: .bytes(bytes)) { try export(format, from: reader) }
        }
        let size = try reader.head()?.size ?? 0
        let records = Benchmark(name: "records for sinks, in batches of 1,000", work: .operations(Int(size))) {
            var exporter = LogExporter(reader: reader)
            var (cursor, count) = (ExportCursor?.none, 0)
            while true {
                let batch = try exporter.records(from: cursor, entriesMax: 1_000, bytesMax: 1 << 22)
                (cursor, count) = (batch.next, count + batch.records.count)
                if batch.isAtEnd { return count }
            }
        }
        return [BenchmarkGroup(title: "Export: \(size) entries", benchmarks: benchmarks + [records])]
    }

    private static func export(_ format: any ExportFormat, from reader: SQLiteLogReader) throws -> Int {
        var exporter = LogExporter(reader: reader)
        var bytes = 0
        _ = try exporter.write(format, from: nil) { bytes += $0.count }
        return bytes
    }
}
