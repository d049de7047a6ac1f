import Testing
import WaybillCore

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "RFC 3339 text is read to the nanosecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1), ("1969-12-31T23:59:59.999999999Z", -1),
            ("2026-05-01T02:00:00+02:00", 1_777_593_600_000_000_000), ("2026-05-01T00:00:00Z", 1_777_593_600_000_000_000),
            ("2024-02-29T12:34:56.5Z", 1_709_210_096_500_000_000),
        ] as [(String, Int64)])
    func reads(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2026-05-01", "2026-05-01T00:00:00", "2026-05-01 00:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-05-01T24:00:00Z", "2026-05-01T00:60:00Z", "2026-05-01T00:00:60Z", "2026-05-01T00:00:00.Z",
            "2026-05-01T00:00:00.1234567890Z",
            "2026-05-01T00:00:00+2:00", "2026-05-01T00:00:00Zx", "26-05-01T00:00:00Z", "2026-05-01T00:00:00z", "9999-05-01T00:00:00Z",
        ])
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("text and instant agree in both directions over a wide range")
    func roundTrips() {
        for step in -2_000...2_000 {
            let instant = Timestamp(nanoseconds: Int64(step) * 3_456_789_012_345_678)
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
            #expect(Day(iso8601: instant.day.iso8601) == instant.day)
        }
    }

    @Test("the ends of what instants reach, where dates beyond them end up, have a text too")
    func ends() {
        #expect(Day(iso8601: "0001-01-01")?.start.rfc3339 == "1677-09-21T00:12:43.145224192Z")
        #expect(Day(iso8601: "9999-12-31")?.start.rfc3339 == "2262-04-11T23:47:16.854775807Z")
        #expect(Timestamp(nanoseconds: .min + 1).rfc3339 == "1677-09-21T00:12:43.145224193Z")
    }

    @Test("days follow the calendar", arguments: [(1900, 2, 29), (2026, 4, 31), (2026, 0, 1), (2026, 1, 0), (0, 1, 1)])
    func refusesDatesThatDoNotExist(year: Int, month: Int, day: Int) {
        #expect(Day(year: year, month: month, day: day) == nil)
    }

    @Test(
        "an age counts whole years, a leap-day birthday on 1 March",
        arguments: [
            ("1984-03-07", "2026-03-06", 41), ("1984-03-07", "2026-03-07", 42), ("2008-02-29", "2024-02-28", 15),
            ("2008-02-29", "2025-02-28", 16),
            ("2008-02-29", "2025-03-01", 17),
        ])
    func countsYears(born: String, on: String, years: Int) throws {
        let (birth, day) = (try #require(Day(iso8601: born)), try #require(Day(iso8601: on)))
        #expect(birth.years(until: day) == years)
    }

    @Test("adding saturates instead of trapping")
    func saturates() {
        #expect(Timestamp(seconds: 1).adding(seconds: .max).nanoseconds == .max)
        #expect(Timestamp(seconds: 1).adding(seconds: .min).nanoseconds == .min)
    }
}
