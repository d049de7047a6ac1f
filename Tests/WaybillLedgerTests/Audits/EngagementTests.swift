import Testing
import WaybillCore
import WaybillLedger

@Suite("The life of an engagement")
struct EngagementTests {
    private let day = Day(iso8601: "2026-12-01") ?? Day(number: 0)
    private let scope = Engagement.Scope(
        vendor: "hubspot", subject: "newsletter", from: Timestamp(seconds: 0), until: Timestamp(seconds: 10), hook: "GDPR Art. 28(3)(h)")

    private func event(_ act: EngagementEvent.Act) -> EngagementEvent {
        EngagementEvent(stamp: .init(at: Timestamp(seconds: 1), by: "auditor"), act: act)
    }
    private var sample: EngagementEvent.Act { .sample(.init(seed: "dice 4711", count: 3, origin: "acme.example/waybill", size: 9)) }
    private var evidence: EngagementEvent.Act { .evidence(.init(name: "dpa.pdf", sha256: "00", bytes: 1, note: "signed")) }
    private func finding(_ severity: Engagement.Finding.Severity) -> EngagementEvent.Act {
        .finding(.init(severity: severity, title: "No deletion", owner: "DPO", due: day, effect: .none, agreements: []))
    }

    @Test("Each act leads to the state that follows from it")
    func states() throws {
        let table: [(acts: [EngagementEvent.Act], state: Engagement.State)] = [
            ([], .opened),
            ([sample], .fieldwork),
            ([evidence], .fieldwork),
            ([sample, finding(.low)], .findings),
            ([sample, finding(.low), .settle(number: 1, how: .resolved, answer: "mended")], .remediation),
            ([sample, finding(.low), .settle(number: 1, how: .accepted, answer: "borne"), finding(.high)], .findings),
            ([sample, .close(summary: "nothing found")], .closed),
            ([evidence, finding(.critical), .settle(number: 1, how: .resolved, answer: "mended"), .close(summary: "done")], .closed),
        ]
        for (acts, state) in table {
            let engagement = try #require(Engagement(id: "2026-1", events: ([.open(scope)] + acts).map(event)))
            #expect(engagement.state == state)
            #expect(engagement.acts == acts.count + 1)
        }
    }

    @Test("An act that does not follow is refused, and so is a history that holds one")
    func refused() throws {
        let table: [(before: [EngagementEvent.Act], act: EngagementEvent.Act)] = [
            ([], .open(scope)),
            ([], .close(summary: "nothing was looked at")),
            ([sample, finding(.low)], .close(summary: "one is open")),
            ([sample], .settle(number: 1, how: .resolved, answer: "there is none")),
            ([sample, finding(.low)], .settle(number: .min, how: .resolved, answer: "no such number")),
            ([sample, finding(.low)], .settle(number: 0, how: .resolved, answer: "x")),
            ([sample, finding(.low)], .settle(number: 1, how: .open, answer: "x")),
            ([sample, finding(.critical)], .settle(number: 1, how: .accepted, answer: "critical ones are not borne")),
            (
                [sample, finding(.low), .settle(number: 1, how: .resolved, answer: "x")],
                .settle(number: 1, how: .accepted, answer: "twice")
            ),
            ([sample, .close(summary: "done")], sample),
        ]
        for (before, act) in table {
            var engagement = try #require(Engagement(id: "2026-1", events: ([.open(scope)] + before).map(event)))
            let unchanged = engagement
            #expect(throws: EngagementError.self) { try engagement.apply(event(act)) }
            #expect(engagement == unchanged)
            #expect(Engagement(id: "2026-1", events: ([.open(scope)] + before + [act]).map(event)) == nil)
        }
        #expect(Engagement(id: "2026-1", events: []) == nil)
        #expect(Engagement(id: "2026-1", events: [event(sample)]) == nil)
    }

    @Test("An open finding is overdue after its day, a settled one never")
    func overdue() throws {
        var engagement = try #require(Engagement(id: "2026-1", events: [event(.open(scope)), event(finding(.high))]))
        #expect(engagement.overdue(on: day) == 0)
        #expect(engagement.overdue(on: Day(number: day.number + 1)) == 1)
        try engagement.apply(event(.settle(number: 1, how: .resolved, answer: "mended")))
        #expect(engagement.overdue(on: Day(number: day.number + 1)) == 0)
    }

    @Test("The last word on a target counts")
    func suspensions() {
        func word(_ target: SuspensionEvent.Target, _ isStop: Bool) -> SuspensionEvent {
            SuspensionEvent(target: target, isStop: isStop, why: "x", stamp: .init(at: Timestamp(seconds: 0), by: "x"))
        }
        let standing = Suspensions([
            word(.vendor("a"), true), word(.agreement("a"), true), word(.vendor("a"), false), word(.agreement("b"), false),
            word(.vendor("c"), true),
        ])
        #expect(standing.vendors == ["c"])
        #expect(standing.agreements == ["a"])
    }
}
