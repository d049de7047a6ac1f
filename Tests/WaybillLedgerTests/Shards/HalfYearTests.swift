import Testing
import WaybillCore
import WaybillLedger

@Suite struct HalfYearTests {
    @Test(arguments: [
        ("2026-01-01T00:00:00Z", "2026h1", "2026-01"), ("2026-06-30T23:59:59.999Z", "2026h1", "2026-06"),
        ("2026-07-01T00:00:00Z", "2026h2", "2026-07"), ("2026-12-31T23:59:59.999Z", "2026h2", "2026-12"),
        ("2027-01-01T00:00:00Z", "2027h1", "2027-01"),
    ]) func anInstantHasItsHalfYearAndMonth(time: String, half: String, month: String) throws {
        let time = try #require(Timestamp(rfc3339: time))
        #expect(HalfYear(time).description == half && LogMonth(time).description == month)
        #expect(HalfYear(half) == HalfYear(time) && LogMonth(month) == LogMonth(time))
    }

    @Test(arguments: ["", "2026h3", "2026h0", "2026H1", "026h1", "2026h11", "20x6h1", " 2026h1"])
    func whatIsNotWrittenLikeAHalfYearIsNone(text: String) { #expect(HalfYear(text) == nil) }

    @Test(arguments: ["", "2026-13", "2026-00", "2026-1", "2026/01", "202601"])
    func whatIsNotWrittenLikeAMonthIsNone(text: String) { #expect(LogMonth(text) == nil) }

    @Test func theyAreOrderedInTime() throws {
        let halves = ["2025h2", "2026h1", "2026h2", "2027h1"].compactMap { HalfYear($0) }
        #expect(halves.count == 4 && halves.sorted() == halves)
    }

    @Test(arguments: [
        ("2026-11", 0, "2026-11"), ("2026-11", 10, "2026-01"), ("2026-11", 11, "2025-12"), ("2026-01", 24, "2024-01"),
        ("2026-01", 1, "2025-12"),
    ])
    func monthsAreCountedBack(month: String, back: Int, expected: String) throws {
        #expect(try #require(LogMonth(month)).earlier(by: back).description == expected)
    }

    @Test func anOriginNamesItsHalfYear() throws {
        let half = try #require(HalfYear("2026h2"))
        #expect(half.origin(of: "acme.example/waybill") == "acme.example/waybill/2026h2")
        #expect(HalfYear(origin: "acme.example/waybill/2026h2", of: "acme.example/waybill") == half)
        for other in ["acme.example/waybill", "acme.example/waybill/2026h2/r1", "acme.example/other/2026h2"] {
            #expect(HalfYear(origin: other, of: "acme.example/waybill") == nil)
        }
    }
}
