import Synchronization
import WaybillCore
import WaybillLedger

/// Lines appended to a file that only its owner reads, synced before they count as delivered.
///
/// A file may be renamed or removed between batches by whoever rotates or ships it: the next batch begins a new one.
struct FileSink: DeliverySink {
    private static let path = SinkOption(
        "path", .path, isRequired: true,
        "The file; `{date}` stands for the UTC day of its entries, `{index}` for the index of its first entry. Its directory must exist.")
    private static let rotateBytes = SinkOption(
        "rotate_bytes", .integer(0...(1 << 40)), fallback: "0",
        "Begins a new file once one is this large; needs `{index}` in `path`. 0: never.")
    static let kind = SinkKind(
        name: "file", summary: "Lines appended to a file (0600), synced before they count as delivered.", options: [path, rotateBytes],
        make: { values, surroundings throws(DeliveryFailure) in try FileSink(values, surroundings) })

    private struct Current {
        /// With every placeholder filled in; empty: none yet.
        var path = ""
        var day: Day?
        /// The last append is known to have ended well.
        var isWhole = false
    }

    let pace: SinkPace
    private let pattern: String
    private let rotateBytes: Int
    private let format: any ExportFormat
    private let current: CurrentFile

    private final class CurrentFile: Sendable {
        let file = Mutex(Current())
    }

    init(_ values: SinkValues, _ surroundings: SinkSurroundings) throws(DeliveryFailure) {
        pace = values.pace()
        pattern = try values.required(Self.path)
        rotateBytes = values.integer(Self.rotateBytes) ?? 0
        format = surroundings.format
        current = CurrentFile()
        guard rotateBytes == 0 || pattern.contains("{index}") else {
            throw DeliveryFailure("`rotate_bytes` needs `{index}` in `path`, so that files have different names; add it.")
        }
    }

    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure) {
        try current.file.withLock { current throws(DeliveryFailure) in
            var rest = records[...]
            while let first = rest.first {
                let day = first.time.day
                let run = pattern.contains("{date}") ? rest.prefix { $0.time.day == day } : rest
                try append(Array(run), day, &current)
                rest = rest.dropFirst(run.count)
            }
        }
    }

    private func append(_ records: [ExportRecord], _ day: Day, _ current: inout Current) throws(DeliveryFailure) {
        var lines: [UInt8] = []
        for record in records { format.append(record, to: &lines) }
        guard let first = records.first, !lines.isEmpty else { return }
        let isOtherDay = pattern.contains("{date}") && current.day != day
        if current.path.isEmpty || isOtherDay { current = Current(path: name(first.index, day), day: day) }
        var file = try AppendedFile(current.path)
        if rotateBytes > 0, file.bytes >= rotateBytes {
            current = Current(path: name(first.index, day), day: day)
            file = try AppendedFile(current.path)
        }
        // What a crash or a full disk cut off in the middle of a line comes again whole.
        if !current.isWhole { try file.dropUnfinishedLine() }
        current.isWhole = false
        try file.append(file.bytes == 0 ? format.header + lines : lines)
        current.isWhole = true
    }

    private func name(_ index: UInt64, _ day: Day) -> String {
        let digits = String(index)
        return pattern.replacing("{date}", with: day.iso8601)
            .replacing("{index}", with: String(repeating: "0", count: max(0, 12 - digits.count)) + digits)
    }
}
