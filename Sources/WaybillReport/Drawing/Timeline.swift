import WaybillLedger

/// Columns over time: transfers, and on top of them what was denied.
enum Timeline {
    private static let width = 680.0
    private static let height = 250.0
    private static let (left, right, top, bottom) = (64.0, 8.0, 34.0, 30.0)
    private static let labelsMax = 8
    private static let columnWidthMax = 36.0
    private static let ticksMax = 4

    static func drawing(_ periods: [ReportPeriod], unit: ReportPeriod.Unit) -> Drawing {
        let highest = periods.map { $0.transfers + $0.denied }.max() ?? 0
        let (step, top) = scale(highest)
        var drawing = Drawing(
            width: width, height: height,
            summary: "Columns of transfers and denied requests by \(unit.rawValue), at most \(ReportText.number(highest)) in one. "
                + "The table below has the same figures.")
        addLegend(to: &drawing)
        let plotBottom = height - bottom
        func y(_ value: Int) -> Double { plotBottom - (plotBottom - Self.top) * Double(value) / Double(max(top, 1)) }
        for value in stride(from: 0, through: top, by: step) {
            drawing.line(left, y(value), width - right, y(value), ink: value == 0 ? .axis : .grid)
            drawing.text(ReportText.number(value), x: left - 8, y: y(value) + 4, anchor: .end, ink: .muted)
        }
        let slot = (width - left - right) / Double(max(periods.count, 1))
        let column = min(slot * 0.78, columnWidthMax)
        for (i, period) in periods.enumerated() {
            let x = left + slot * (Double(i) + 0.5) - column / 2
            let title = "\(period.label): \(ReportText.number(period.transfers)) transfers, \(ReportText.number(period.denied)) denied"
            let middle = y(period.transfers)
            if period.transfers > 0 { drawing.rect(x: x, y: middle, width: column, height: plotBottom - middle, ink: .first, title: title) }
            guard period.denied > 0 else { continue }
            let high = y(period.transfers + period.denied)
            drawing.rect(x: x, y: high, width: column, height: middle - high, ink: .second, title: title)
        }
        addDates(periods, slot, plotBottom, to: &drawing)
        return drawing
    }

    private static func addLegend(to drawing: inout Drawing) {
        drawing.rect(x: left, y: 6, width: 11, height: 11, ink: .first)
        drawing.text("transfers", x: left + 17, y: 16)
        drawing.rect(x: left + 92, y: 6, width: 11, height: 11, ink: .second)
        drawing.text("denied requests", x: left + 109, y: 16)
    }

    private static func addDates(_ periods: [ReportPeriod], _ slot: Double, _ plotBottom: Double, to drawing: inout Drawing) {
        let every = max(1, (periods.count + labelsMax - 1) / labelsMax)
        for (i, period) in periods.enumerated() where i % every == 0 {
            let x = left + slot * (Double(i) + 0.5)
            drawing.line(x, plotBottom, x, plotBottom + 4, ink: .axis)
            // A label near the edge would stand out of the picture.
            let half = 34.0
            drawing.text(period.label, x: min(max(x, half), width - half), y: plotBottom + 19, anchor: .middle, ink: .muted)
        }
    }

    /// Whole steps of 1, 2 or 5 times a power of ten, and where they end.
    static func scale(_ highest: Int) -> (step: Int, top: Int) {
        guard highest > 0 else { return (1, 1) }
        var power = 1
        while true {
            for factor in [1, 2, 5] {
                let step = factor * power
                let count = highest / step + (highest % step == 0 ? 0 : 1)
                if count <= ticksMax || step > Int.max / 20 { return (step, step * count) }
            }
            power *= 10
        }
    }
}
