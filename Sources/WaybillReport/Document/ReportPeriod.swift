import WaybillCore
import WaybillLedger

/// A day, week, month or year of a report, whichever makes a readable number of them.
struct ReportPeriod: Equatable {
    enum Unit: String { case day, week, month, year }

    /// More of one unit take the next larger.
    static let countMax = 62
    /// Days beyond are not told one by one: the range itself is wrong.
    static let daysMax = 200 * 366

    /// `2026-03-09`, `2026-03`, `2026`.
    var label: String
    var transfers: Int
    var denied: Int

    /// Without gaps, from the first day with something to tell to the last.
    static func periods(_ days: [EvidenceReport.Day]) -> (unit: Unit, periods: [ReportPeriod]) {
        let told = days.filter { $0.transfers > 0 || $0.denied > 0 }.sorted { $0.day < $1.day }
        guard let first = told.first?.day, let last = told.last?.day else { return (.day, []) }
        let count = min(Int(last.number) - Int(first.number) + 1, daysMax)
        let unit: Unit = count <= countMax ? .day : count <= countMax * 7 ? .week : count <= countMax * 30 ? .month : .year
        var periods = [ReportPeriod]()
        var at = told.startIndex
        for number in 0..<count {
            let day = WaybillCore.Day(number: first.number + Int32(number))
            let label = label(day, unit)
            if periods.last?.label != label { periods.append(ReportPeriod(label: label, transfers: 0, denied: 0)) }
            while at < told.endIndex, told[at].day == day {
                periods[periods.count - 1].transfers += told[at].transfers
                periods[periods.count - 1].denied += told[at].denied
                at += 1
            }
        }
        return (unit, periods)
    }

    private static func label(_ day: WaybillCore.Day, _ unit: Unit) -> String {
        switch unit {
        case .day: return ReportText.date(day)
        case .week:
            // 1970-01-01 was a Thursday.
            let sinceMonday = ((day.number + 3) % 7 + 7) % 7
            return ReportText.date(WaybillCore.Day(number: day.number - sinceMonday))
        case .month: return String(ReportText.date(day).prefix(7))
        case .year: return String(ReportText.date(day).prefix(4))
        }
    }
}
