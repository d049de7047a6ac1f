import WaybillLedger

/// A bar for each word and how often, most frequent first.
enum Bars {
    static let rowsMax = 20
    private static let width = 680.0
    private static let rowHeight = 22.0
    private static let labelWidth = 210.0
    private static let countWidth = 84.0

    /// Only the first `rowsMax`; what is told with it says how many there are.
    static func drawing(_ counts: [EvidenceReport.Count], of what: String) -> Drawing {
        let shown = counts.prefix(rowsMax)
        let highest = max(shown.map(\.count).max() ?? 0, 1)
        let rest = counts.count > rowsMax ? ", the first \(rowsMax) of \(ReportText.number(counts.count))" : ""
        var drawing = Drawing(
            width: width, height: Double(shown.count) * rowHeight + 6,
            summary: "Bars of \(what)\(rest). The table below has the same figures.")
        let scale = (width - labelWidth - countWidth) / Double(highest)
        for (i, one) in shown.enumerated() {
            let y = Double(i) * rowHeight + 4
            let length = max(Double(one.count) * scale, one.count > 0 ? 1 : 0)
            drawing.text(ReportText.cut(one.name), x: labelWidth - 10, y: y + 13, anchor: .end, widthMax: labelWidth - 12)
            drawing.rect(
                x: labelWidth, y: y, width: length, height: rowHeight - 6, ink: .first,
                title: "\(one.name): \(ReportText.number(one.count))")
            drawing.text(ReportText.number(one.count), x: labelWidth + length + 7, y: y + 13, ink: .muted)
        }
        drawing.line(labelWidth, 0, labelWidth, drawing.height - 2, ink: .axis)
        return drawing
    }
}
