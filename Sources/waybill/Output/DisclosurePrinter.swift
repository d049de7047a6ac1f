import WaybillCore
import WaybillLedger

/// Writes what was disclosed about one subject, page by page. Only `table` waits for all of it, to align.
struct DisclosurePrinter {
    private static let columns = [
        "time", "vendor", "country", "purposes", "agreements", "fields", "basis", "outcome", "caller", "endpoint", "xid",
    ]
    private let format: OutputFormat
    private let subject: String
    private let prunedBefore: Timestamp?
    private var table = Table(columns: columns, whenEmpty: "no disclosures")
    private var count = 0

    init(format: OutputFormat, subject: String, prunedBefore: Timestamp?) {
        self.format = format
        self.subject = subject
        self.prunedBefore = prunedBefore
    }

    mutating func add(_ disclosures: [TransferFinder.Disclosure]) throws(SystemError) {
        var text = ""
        for disclosure in disclosures {
            switch format {
            case .table: table.append(Self.row(disclosure))
            case .csv:
                if count == 0 { text += Table.csvLine(Self.columns) }
                text += Table.csvLine(Self.row(disclosure).map(\.plain))
            case .json: text += (count == 0 ? opening : ",\n") + Self.object(disclosure).compact
            case .ndjson: text += Self.object(disclosure).compact + "\n"
            }
            count += 1
        }
        try StandardStreams.writeOrThrow(Array(text.utf8))
    }

    mutating func finish(next: String?) throws(SystemError) {
        let end =
            switch format {
            case .table: table.text(.table)
            case .csv: count == 0 ? Table.csvLine(Self.columns) : ""
            case .json: (count == 0 ? opening : "\n") + "],\"next\":\(JSONText.optional(next).compact)}\n"
            case .ndjson: ""
            }
        try StandardStreams.writeOrThrow(Array(end.utf8))
    }

    private var opening: String {
        "{\"subject\":\(JSONText.text(subject).compact),\"pruned_before\":\(JSONText.optional(prunedBefore?.rfc3339).compact),"
            + "\"disclosures\":[\n"
    }

    private static func row(_ disclosure: TransferFinder.Disclosure) -> [JSONText] {
        let summary = disclosure.transfer.summary
        return [
            .text(summary.time), .text(summary.vendor), .text(summary.region), .texts(summary.purposes), .texts(summary.agreements),
            .texts(disclosure.fields), .texts(disclosure.bases), .text(disclosure.outcome), .text(summary.caller), .text(summary.endpoint),
            .text(summary.xid),
        ]
    }

    private static func object(_ disclosure: TransferFinder.Disclosure) -> JSONText {
        let summary = disclosure.transfer.summary
        let terms = disclosure.transfer.terms.terms
        let records = disclosure.lines.map { line in
            JSONText.object([
                ("decision", .text(line.decision)), ("basis", .text(line.basis)), ("codes", .texts(line.codes)),
                ("fields", .texts(line.fields)),
            ])
        }
        return .object([
            ("index", .number(Int64(clamping: summary.index))), ("xid", .text(summary.xid)), ("time", .text(summary.time)),
            ("vendor", .text(summary.vendor)), ("destination", .text(summary.destination)), ("country", .text(summary.region)),
            ("caller", .text(summary.caller)), ("endpoint", .text(summary.endpoint)), ("purposes", .texts(summary.purposes)),
            ("agreements", .texts(summary.agreements)), ("mechanisms", .texts(terms.mechanisms)), ("basis", .texts(disclosure.bases)),
            ("fields", .texts(disclosure.fields)), ("records", .list(records)), ("records_known", .bool(!records.isEmpty)),
            ("outcome", .text(disclosure.outcome)), ("http_status", summary.ending.map { .number(Int64($0.status)) } ?? .null),
        ])
    }
}

extension TransferFinder.Disclosure {
    /// Of the records about the subject; of the whole transfer where those are not known.
    var fields: [String] { lines.isEmpty ? transfer.terms.terms.fields : Array(Set(lines.flatMap(\.fields))).sorted() }
    var bases: [String] {
        lines.isEmpty ? transfer.terms.terms.bases : Array(Set(lines.map(\.basis).filter { !$0.isEmpty })).sorted()
    }
    var outcome: String { transfer.ending?.result.rawValue ?? "open" }
}
