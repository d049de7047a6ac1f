import WaybillCore

/// `Date` of the answers the gate makes itself (RFC 9110 §5.6.7), written once a second.
struct HTTPDate {
    private var second = Int64.min
    private var text = ""
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    mutating func at(_ now: Timestamp) -> String {
        guard now.seconds != second else { return text }
        second = now.seconds
        let day = now.day
        let (year, month, dayOfMonth) = day.civil
        let time = Int(second - day.start.seconds)
        let weekday = Self.weekdays[((Int(day.number) % 7) + 7) % 7]
        text =
            "\(weekday), \(Self.two(dayOfMonth)) \(Self.months[month - 1]) \(year) "
            + "\(Self.two(time / 3_600)):\(Self.two(time / 60 % 60)):\(Self.two(time % 60)) GMT"
        return text
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
