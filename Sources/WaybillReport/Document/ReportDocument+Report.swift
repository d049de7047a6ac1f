import WaybillCore
import WaybillLedger

extension ReportDocument {
    /// Rows of one table; of more the rest is only counted.
    static let rowsMax = 2_000

    init(_ report: EvidenceReport) {
        self.init(
            title: ReportText.title(report), subtitle: "Evidence report of \(report.organisation)", author: report.organisation,
            made: String(decoding: EntryTime.text(report.made).prefix(19), as: UTF8.self) + "Z", sections: [])
        sections = [
            Section(title: "At a glance", level: 2, blocks: [.facts(Self.facts(report))]),
            Section(title: "What to know", level: 2, blocks: [Self.remarks(report)]),
            Section(title: "Transfers over time", level: 2, blocks: Self.time(report)),
            Section(title: "How transfers ended", level: 2, blocks: Self.bars(report.outcomes, "Outcome", "transfers by outcome")),
        ]
        sections += Self.fields(report)
        sections += [
            Section(title: "Denials by reason", level: 2, blocks: Self.bars(report.denialsByReason, "Reason", "denials by reason")),
            Section(
                title: "Countries of destination", level: 2,
                blocks: Self.bars(report.countries, "Country or region", "transfers by country")),
            Section(title: "Transfer mechanisms", level: 2, blocks: Self.bars(report.mechanisms, "Mechanism", "transfers by mechanism")),
            Section(title: "Agreements in force", level: 2, blocks: [Self.agreements(report)]),
            Section(title: "How to check this report", level: 2, blocks: [.paragraph(Self.check)]),
        ]
    }

    private static let check =
        "Every figure is counted from the entries of this package (entries.ndjson). The README tells how to check the signature, that the "
        + "entries belong to the signed checkpoint, and that none is missing: python3 verify.py does all of it."

    private static func facts(_ report: EvidenceReport) -> [(label: String, value: String)] {
        var facts: [(String, String)] = [("Organisation", report.organisation)]
        if case .vendor(let id, let name) = report.scope { facts.append(("Vendor", name == id ? id : "\(name) (\(id))")) }
        facts.append(("Period", ReportText.period(report.from, report.until)))
        facts.append(("Transfers", ReportText.number(report.transfers)))
        facts.append(("Records sent", ReportText.number(report.records)))
        facts.append(("Data sent", ReportText.bytes(report.bytes)))
        facts.append(("Denied requests", ReportText.number(report.refusedRequests)))
        if let first = report.firstIndex, let last = report.lastIndex { facts.append(("Entries", "\(first) to \(last)")) }
        facts.append(("Log", report.checkpoint.origin))
        facts.append(("Checkpoint", "\(ReportText.number(Int(clamping: report.checkpoint.size))) entries, root \(report.checkpoint.root)"))
        facts.append(("Made", ReportText.time(report.made)))
        return facts
    }

    private static func remarks(_ report: EvidenceReport) -> Block {
        report.remarks.isEmpty ? .paragraph("There is nothing to remark.") : .list(report.remarks)
    }

    private static func time(_ report: EvidenceReport) -> [Block] {
        let (unit, periods) = ReportPeriod.periods(report.days)
        guard !periods.isEmpty else { return [.paragraph("There were no transfers and no denied requests in this period.")] }
        let titles: [ReportPeriod.Unit: String] = [.day: "Day", .week: "Week from", .month: "Month", .year: "Year"]
        return [
            .chart(Timeline.drawing(periods, unit: unit)),
            .table(
                Table(
                    caption: "Transfers and denied requests by \(unit.rawValue)",
                    columns: [
                        .init(title: titles[unit] ?? ""), .init(title: "Transfers", isNumber: true),
                        .init(title: "Denied requests", isNumber: true),
                    ],
                    rows: periods.map { [$0.label, ReportText.number($0.transfers), ReportText.number($0.denied)] })),
        ]
    }

    private static func fields(_ report: EvidenceReport) -> [Section] {
        let title = "Fields by purpose"
        guard !report.fieldsByPurpose.isEmpty else {
            return [Section(title: title, level: 2, blocks: [.paragraph("No field was sent.")])]
        }
        let words = "How many transfers for each purpose had the field."
        return [Section(title: title, level: 2, blocks: [.paragraph(words)])]
            + report.fieldsByPurpose.map { purpose, fields in
                Section(title: purpose, level: 3, blocks: bars(fields, "Field", "transfers by field for the purpose \(purpose)"))
            }
    }

    private static func bars(_ counts: [EvidenceReport.Count], _ what: String, _ of: String) -> [Block] {
        // By count, then by name: the same report always looks the same.
        let sorted = counts.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
        guard !sorted.isEmpty else { return [.paragraph("There were none in this period.")] }
        var blocks: [Block] = [
            .chart(Bars.drawing(sorted, of: of)),
            .table(
                Table(
                    caption: of.prefix(1).uppercased() + of.dropFirst(),
                    columns: [.init(title: what, share: 3), .init(title: "Number", isNumber: true)],
                    rows: sorted.prefix(rowsMax).map { [$0.name, ReportText.number($0.count)] })),
        ]
        if sorted.count > rowsMax { blocks.append(.paragraph("And \(ReportText.number(sorted.count - rowsMax)) more; index.csv has all.")) }
        return blocks
    }

    private static func agreements(_ report: EvidenceReport) -> Block {
        guard !report.agreements.isEmpty else { return .paragraph("There was none.") }
        return .table(
            Table(
                caption: "Versions of agreements in force in the period",
                columns: [
                    .init(title: "Agreement", share: 2), .init(title: "Version", isNumber: true, share: 0.9),
                    .init(title: "From", share: 1.1),
                    .init(title: "Until", share: 1.1), .init(title: "Digest of the file", share: 3.1),
                ],
                rows: report.agreements.prefix(rowsMax).map { [$0.id, String($0.version), $0.from, $0.until ?? "open end", $0.digest] }))
    }
}
