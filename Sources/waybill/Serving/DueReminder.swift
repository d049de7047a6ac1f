import Logging
import Synchronization
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// What comes due, for monitoring: counted each hour, told in the gate's log once a day.
final class DueReminder: Sendable {
    private static let pauseMilliseconds = 3_600_000
    private static let soonDays = 30
    /// A day; the rest is one line with their number.
    private static let linesMax = 100
    private struct State {
        var overdue: UInt64 = 0
        var soon: UInt64 = 0
        var toldDay: Day?
    }
    private let state = Mutex(State())

    private static let due = MetricFamily.Definition(
        "waybill_due_dates", .gauge, labels: ["when"],
        "Reviews, ends, due diligence and certifications that are overdue, or due within 30 days (`soon`).")
    static let definitions = [due]

    var families: [MetricFamily] {
        let (overdue, soon) = state.withLock { ($0.overdue, $0.soon) }
        return [MetricFamily(Self.due, [.init(["overdue"], .count(overdue)), .init(["soon"], .count(soon))])]
    }

    /// `set`: in force.
    func work(_ parts: GateParts, set: @escaping @Sendable () -> PolicySet) -> BackgroundWork {
        BackgroundWork(name: "due dates", pauseMilliseconds: Self.pauseMilliseconds, logger: parts.logger) {
            let now = SystemWallClock().now()
            let dates = DueDate.all(in: set(), lives: try parts.control.lives(), now: now, within: Self.soonDays)
            let isNewDay = self.state.withLock { state in
                state.overdue = UInt64(dates.count { $0.daysLeft < 0 })
                state.soon = UInt64(dates.count { $0.daysLeft >= 0 })
                defer { state.toldDay = now.day }
                return state.toldDay != now.day
            }
            if isNewDay { Self.tell(dates, parts.logger) }
            return false
        }
    }

    private static func tell(_ dates: [DueDate], _ logger: Logger) {
        for date in dates.prefix(linesMax) {
            logger.warning(
                date.daysLeft < 0 ? "overdue" : "due soon",
                metadata: [
                    "kind": "\(date.kind.rawValue)", "id": "\(date.id)", "what": "\(date.what.rawValue)", "date": "\(date.date)",
                    "days_left": .stringConvertible(date.daysLeft), "stops": .stringConvertible(date.stops),
                ])
        }
        if dates.count > linesMax { logger.warning("more is due", metadata: ["more": .stringConvertible(dates.count - linesMax)]) }
    }
}
