import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillControl

@Suite("What is entered of refusals")
struct RefusalBookTests {
    private let now = Timestamp(seconds: 1_790_000_000)

    private func details(_ notices: [LogNotice]) -> [[String: String]] {
        notices.compactMap { if case .config(_, let detail) = $0 { detail } else { nil } }
    }

    struct Flood: Sendable {
        var reason: RefusalBook.Reason
        /// How many name themselves, and how often each is refused.
        var people: Int
        var times: Int
        var singles: Int
        /// Counts at the end of the minute that name who.
        var named: Int
    }
    static let floods = [
        Flood(reason: .notPermitted, people: 1, times: 10, singles: 10, named: 0),
        Flood(reason: .notPermitted, people: 1, times: 11, singles: 10, named: 1),
        Flood(reason: .notPermitted, people: 500, times: 20, singles: RefusalBook.provenSinglesMax, named: RefusalBook.namedCountsMax),
        Flood(reason: .password, people: 500, times: 20, singles: RefusalBook.singlesMax, named: RefusalBook.namedCountsMax),
        Flood(reason: .tokenUnknown, people: 0, times: 10_000, singles: RefusalBook.singlesMax, named: 0),
    ]

    @Test("However many there are, a minute has few entries, and none is lost from the count", arguments: floods)
    func flood(_ flood: Flood) {
        var book = RefusalBook()
        var singles = 0
        for time in 0..<flood.times {
            for person in 0..<max(1, flood.people) {
                let who = flood.people == 0 ? nil : "account:a\(person)"
                if book.note(flood.reason, who: who, now: now.adding(seconds: Int64(time % 60))) != nil { singles += 1 }
            }
        }
        #expect(singles == flood.singles)
        #expect(book.due(now: now.adding(seconds: 59)).isEmpty)
        let counts = details(book.due(now: now.adding(seconds: 60)))
        #expect(counts.count { $0["who"] != nil } == flood.named && counts.count { $0["who"] == nil } <= 1)
        let counted = counts.compactMap { $0["count"].flatMap { Int($0) } }.reduce(0, +)
        #expect(singles + counted == flood.times * max(1, flood.people))
        #expect(book.due(now: now.adding(seconds: 120)).isEmpty && !book.isCounting)
    }

    @Test("Whoever is unknown cannot make the refusals of somebody known vanish in a count")
    func apart() {
        var book = RefusalBook()
        for number in 0..<10_000 {
            let reason: RefusalBook.Reason = [.tokenUnknown, .password, .locked, .certificateUnknown][number % 4]
            _ = book.note(reason, who: number % 4 == 1 ? "account:a\(number)" : nil, now: now)
        }
        let notice = book.note(.notPermitted, who: "token:nightly", permission: .manageAccess, now: now)
        #expect(
            details([notice].compactMap(\.self)) == [["reason": "not_permitted", "who": "token:nightly", "permission": "access.manage"]])
    }

    @Test("What was counted is told before the minute is over when nothing comes after it")
    func last() {
        var book = RefusalBook()
        for _ in 0..<12 { _ = book.note(.notPermitted, who: "token:nightly", now: now) }
        #expect(book.due(now: now).isEmpty)
        #expect(details(book.due(now: now, isLast: true)) == [["reason": "not_permitted", "who": "token:nightly", "count": "2"]])
    }
}
