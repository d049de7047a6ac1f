import WaybillCore
package import WaybillLedger

/// Sentences and figures that the HTML and the PDF of an evidence report share.
package enum ReportText {
    /// Characters of a name in a chart; the table has it whole.
    static let nameWidthMax = 30

    /// The report's title, without a person's identifier.
    package static func title(_ report: EvidenceReport) -> String {
        switch report.scope {
        case .vendor(_, let name): "Transfers to \(name)"
        case .subject: "Transfers about one person"
        }
    }

    /// `1,234,567`
    static func number(_ value: Int) -> String {
        var digits = [Character]()
        for (i, digit) in String(value.magnitude).reversed().enumerated() {
            if i > 0, i % 3 == 0 { digits.append(",") }
            digits.append(digit)
        }
        return (value < 0 ? "-" : "") + String(digits.reversed())
    }

    /// `1 transfer`, `2 transfers`
    static func count(_ value: Int, _ word: String) -> String { "\(number(value)) \(word)\(value == 1 ? "" : "s")" }

    /// `2026-03-09`
    static func date(_ day: WaybillCore.Day) -> String {
        let (year, month, day) = day.civil
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        return "\(year)-\(two(month))-\(two(day))"
    }

    /// `2026-03-09 14:05 UTC`
    static func time(_ time: Timestamp) -> String {
        let text = String(decoding: EntryTime.text(time), as: UTF8.self)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// Whole days are told as days.
    static func period(_ from: Timestamp, _ until: Timestamp) -> String {
        let day: Int64 = 86_400_000_000_000
        guard from.nanoseconds % day == 0, until.nanoseconds % day == 0, from < until else {
            return "\(time(from)) up to, not including, \(time(until))"
        }
        let last = WaybillCore.Day(number: until.day.number - 1)
        return from.day == last ? "\(date(last)) (UTC)" : "\(date(from.day)) to \(date(last)), both included (UTC)"
    }

    /// Of 1,234,567 bytes: `1,234,567 bytes (1.2 MB)`.
    static func bytes(_ value: Int) -> String {
        let units = ["kB", "MB", "GB", "TB"]
        guard value >= 1_000 else { return count(value, "byte") }
        var (tenths, at) = (value / 100, 0)
        while tenths >= 10_000, at < units.count - 1 {
            tenths /= 1_000
            at += 1
        }
        return "\(number(value)) bytes (\(number(tenths / 10)).\(tenths % 10) \(units[at]))"
    }

    /// A name as short as a chart needs it.
    static func cut(_ name: String) -> String {
        name.count <= nameWidthMax ? name : name.prefix(nameWidthMax - 1) + "…"
    }
}
