import WaybillCore
import WaybillLedger

/// Writes a list of transfers page by page, so that a long one needs no memory. Only `table` waits for all of it, to align.
struct TransferPrinter {
    private static let columns = ["time", "xid", "vendor", "endpoint", "decision", "records", "denied", "outcome", "http", "codes"]
    private static let opening = "{\"transfers\":[\n"
    private let format: OutputFormat
    private var table = Table(columns: columns, whenEmpty: "no transfers")
    private var count = 0

    init(format: OutputFormat) { self.format = format }

    mutating func add(_ transfers: [TransferSummary]) throws(SystemError) {
        var text = ""
        for transfer in transfers {
            switch format {
            case .table: table.append(TransferPrinter.row(transfer))
            case .csv:
                if count == 0 { text += Table.csvLine(TransferPrinter.columns) }
                text += Table.csvLine(TransferPrinter.row(transfer).map(\.plain))
            case .json: text += (count == 0 ? Self.opening : ",\n") + JSONText(transfer.json).compact
            case .ndjson: text += JSONText(transfer.json).compact + "\n"
            }
            count += 1
        }
        try StandardStreams.writeOrThrow(Array(text.utf8))
    }

    mutating func finish(next: String?) throws(SystemError) {
        let end =
            switch format {
            case .table: table.text(.table)
            case .csv: count == 0 ? Table.csvLine(TransferPrinter.columns) : ""
            case .json: (count == 0 ? Self.opening : "\n") + "],\"next\":\(JSONText.optional(next).compact)}\n"
            case .ndjson: ""
            }
        try StandardStreams.writeOrThrow(Array(end.utf8))
    }

    private static func row(_ transfer: TransferSummary) -> [JSONText] {
        let outcome = transfer.ending?.result.rawValue ?? (transfer.decision == .deny ? "" : "open")
        let codes = transfer.codes.sorted { $0.key < $1.key }.map { $0.value == 1 ? $0.key : "\($0.key)×\($0.value)" }
        return [
            .text(transfer.time), .text(transfer.xid), .text(transfer.vendor), .text(transfer.endpoint), .text(transfer.decision.rawValue),
            .number(Int64(transfer.records)), .number(Int64(transfer.denied)), .text(outcome),
            transfer.ending.map { .number(Int64($0.status)) } ?? .null, .texts(codes),
        ]
    }
}

extension JSONText {
    init(_ value: CanonicalValue) {
        switch value {
        case .int(let number): self = .number(Int64(number))
        case .string(let text): self = .text(text)
        case .bool(let flag): self = .bool(flag)
        case .array(let values): self = .list(values.map { JSONText($0) })
        case .object(let members): self = .object(members.sorted { $0.key < $1.key }.map { ($0.key, JSONText($0.value)) })
        }
    }
}
