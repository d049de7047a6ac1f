import WaybillLedger

/// Who sends to whom and where, as a picture: three columns of bars, and bands between them as wide as there are transfers.
struct FlowPicture {
    /// Of one column; what is beyond is shown as one.
    static let barsMax = 10
    private static let width = 900.0
    private static let height = 360.0
    private static let top = 28.0
    private static let barWidth = 10.0
    private static let gap = 10.0
    /// Left edges of the bars.
    private static let columns = [150.0, 445.0, 740.0]

    private struct Bar {
        var name: String
        var count: Int
        var y: Double
        var height: Double
        /// How far down bands have been attached, to the left and to the right.
        var left = 0.0
        var right = 0.0
    }
    let json: JSONValue

    /// Null where nothing was sent.
    init(_ flows: [TransferStatistics.Counts.Flow: Int]) {
        let total = flows.values.reduce(0, +)
        guard total > 0 else {
            json = .null
            return
        }
        let kept = [\TransferStatistics.Counts.Flow.caller, \.vendor, \.region].map { Self.largest(flows, $0) }
        func names(_ flow: TransferStatistics.Counts.Flow) -> [String] {
            [flow.caller, flow.vendor, flow.region].enumerated().map { kept[$0].contains($1) ? $1 : "others" }
        }
        var sums: [[String: Int]] = [[:], [:], [:]]
        var bands: [[[String]: Int]] = [[:], [:]]
        for (flow, count) in flows {
            let names = names(flow)
            for i in 0..<3 { sums[i][names[i], default: 0] += count }
            for i in 0..<2 { bands[i][[names[i], names[i + 1]], default: 0] += count }
        }
        var bars = sums.map { Self.bars($0, total: total) }
        let scale = (Self.height - Self.top - Self.gap * Double(max(1, sums.map(\.count).max() ?? 1))) / Double(total)
        var paths: [JSONValue] = []
        for side in 0..<2 {
            let order = bands[side].sorted { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
            for (pair, count) in order {
                guard let from = bars[side].firstIndex(where: { $0.name == pair[0] }),
                    let to = bars[side + 1].firstIndex(where: { $0.name == pair[1] })
                else { continue }
                let thickness = max(1, Double(count) * scale)
                let (y0, y1) = (bars[side][from].y + bars[side][from].right, bars[side + 1][to].y + bars[side + 1][to].left)
                bars[side][from].right += Double(count) * scale
                bars[side + 1][to].left += Double(count) * scale
                paths.append(Self.band(side, y0 + thickness / 2, y1 + thickness / 2, thickness, "\(pair[0]) to \(pair[1]): \(count)"))
            }
        }
        json = .object([
            "width": .string(Self.text(Self.width)), "height": .string(Self.text(Self.height)), "bands": .array(paths),
            "bars": .array((0..<3).flatMap { column in bars[column].map { Self.bar($0, column) } }),
            "heads": .array(
                zip(["Callers", "Vendors", "Countries"], Self.columns).enumerated().map { place, head in
                    .object([
                        "text": .string(head.0), "x": .string(Self.text(place == 0 ? head.1 - 8 : head.1 + Self.barWidth + 8)),
                        "anchor": .string(place == 0 ? "end" : "start"),
                    ])
                }),
        ])
    }

    private static func largest(
        _ flows: [TransferStatistics.Counts.Flow: Int], _ path: KeyPath<TransferStatistics.Counts.Flow, String>
    ) -> Set<String> {
        var sums: [String: Int] = [:]
        for (flow, count) in flows { sums[flow[keyPath: path], default: 0] += count }
        guard sums.count > barsMax else { return Set(sums.keys) }
        return Set(sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(barsMax - 1).map(\.key))
    }

    private static func bars(_ sums: [String: Int], total: Int) -> [Bar] {
        let gaps = gap * Double(max(1, sums.count))
        var y = top
        return sums.sorted { ($0.key == "others" ? 1 : 0, $1.value, $0.key) < ($1.key == "others" ? 1 : 0, $0.value, $1.key) }
            .map { name, count in
                let height = (FlowPicture.height - top - gaps) * Double(count) / Double(total)
                defer { y += max(height, 2) + gap }
                return Bar(name: name, count: count, y: y, height: max(height, 2))
            }
    }

    private static func bar(_ bar: Bar, _ column: Int) -> JSONValue {
        let x = columns[column]
        return .object([
            "x": .string(text(x)), "y": .string(text(bar.y)), "width": .string(text(barWidth)), "height": .string(text(bar.height)),
            "label": .string("\(bar.name.count > 24 ? bar.name.prefix(23) + "…" : bar.name[...]) \(ConsolePart.grouped(bar.count))"),
            "label_x": .string(text(column == 0 ? x - 8 : x + barWidth + 8)), "label_y": .string(text(bar.y + bar.height / 2 + 4)),
            "anchor": .string(column == 0 ? "end" : "start"),
        ])
    }

    private static func band(_ side: Int, _ y0: Double, _ y1: Double, _ thickness: Double, _ label: String) -> JSONValue {
        let (x0, x1) = (columns[side] + barWidth, columns[side + 1])
        let middle = (x0 + x1) / 2
        return .object([
            "d": .string("M\(text(x0)) \(text(y0))C\(text(middle)) \(text(y0)) \(text(middle)) \(text(y1)) \(text(x1)) \(text(y1))"),
            "width": .string(text(thickness)), "label": .string(label),
        ])
    }

    private static func text(_ number: Double) -> String { String((number * 10).rounded() / 10) }
}
