/// An instant: nanoseconds since 1970-01-01T00:00:00Z, UTC, no leap seconds. Covers 1678 to 2262.
///
/// Core never reads a clock; every instant is an argument.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    /// Saturates at the ends of the range.
    package init(seconds: Int64) { self = Timestamp(nanoseconds: 0).adding(seconds: seconds) }

    package var seconds: Int64 { nanoseconds.flooredQuotient(by: 1_000_000_000) }
    package var milliseconds: Int64 { nanoseconds.flooredQuotient(by: 1_000_000) }
    package var day: Day { Day(number: Int32(truncatingIfNeeded: nanoseconds.flooredQuotient(by: 86_400_000_000_000))) }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Saturates at the ends of the range instead of trapping.
    package func adding(seconds: Int64) -> Timestamp {
        let (product, overflow1) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = nanoseconds.addingReportingOverflow(product)
        if overflow1 || overflow2 { return Timestamp(nanoseconds: seconds < 0 ? .min : .max) }
        return Timestamp(nanoseconds: sum)
    }
}

/// A calendar day (proleptic Gregorian), as days since 1970-01-01.
package struct Day: Hashable, Comparable, Sendable {
    package var number: Int32

    package init(number: Int32) { self.number = number }

    /// Nil if the date does not exist.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...Day.length(ofMonth: month, year: year)).contains(day)
        else { return nil }
        // Days from civil, era by era (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let y = month <= 2 ? year - 1 : year
        let era = y.flooredQuotient(by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        number = Int32(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }

    package var civil: (year: Int, month: Int, day: Int) {
        let z = Int(number) + 719_468
        let era = z.flooredQuotient(by: 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = m < 10 ? m + 3 : m - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
    }

    package var start: Timestamp { Timestamp(seconds: Int64(number) * 86_400) }
    package static func < (a: Day, b: Day) -> Bool { a.number < b.number }

    /// Whole years from this day (a birth date) to `other`; a 29 February birthday counts on 1 March in common years.
    package func years(until other: Day) -> Int {
        let (a, b) = (civil, other.civil)
        return b.year - a.year - ((b.month, b.day) < (a.month, a.day) ? 1 : 0)
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

extension BinaryInteger {
    func flooredQuotient(by divisor: Self) -> Self {
        let (q, r) = quotientAndRemainder(dividingBy: divisor)
        return r != 0 && (r < 0) != (divisor < 0) ? q - 1 : q
    }
}
