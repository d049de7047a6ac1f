import Testing

@testable import WaybillCore

/// Days of May 2026; `now` is noon of the 20th unless a case says otherwise.
private func may(_ day: Int, hour: Int = 0) -> Timestamp {
    Day(year: 2026, month: 5, day: day).map { $0.start.adding(seconds: Int64(hour) * 3_600) } ?? Timestamp(seconds: 0)
}

private let now = may(20, hour: 12)
private let notices = [
    "n-7": Notice(
        name: "n-7", from: may(2), purposes: ["newsletter"], recipients: ["hubspot"],
        position: SourcePosition(file: "catalog/notices.yaml", line: 1, column: 1))
]

private func event(
    _ state: ConsentEvent.State, _ at: Timestamp, purpose: String? = "newsletter", recipients: [String] = [], dateOnly: Bool = false,
    exportTimeOnly: Bool = false, notice: String? = nil, expires: Timestamp? = nil, actor: String? = nil, sequence: Int64 = 0
) -> ConsentEvent {
    ConsentEvent(
        state: state, purpose: purpose, recipients: recipients, eventTime: at, dateOnly: dateOnly, exportTimeOnly: exportTimeOnly,
        notice: notice, proof: "web-form", expires: expires, actor: actor, sequence: sequence)
}

private func fold(_ events: [ConsentEvent], at moment: Timestamp = now, objectionAt: Timestamp? = nil) -> ConsentFold.Result {
    ConsentFold.fold(events, notices: notices, now: moment, objectionAt: objectionAt)
}

struct LatestEventCase: Sendable, CustomTestStringConvertible {
    var name: String
    var events: [ConsentEvent]
    var state: ConsentEvent.State
    var testDescription: String { name }

    static let all: [LatestEventCase] = [
        LatestEventCase(name: "one grant", events: [event(.given, may(1))], state: .given),
        LatestEventCase(name: "withdrawn after given", events: [event(.given, may(1)), event(.withdrawn, may(3))], state: .withdrawn),
        LatestEventCase(name: "received out of order", events: [event(.withdrawn, may(3)), event(.given, may(1))], state: .withdrawn),
        LatestEventCase(name: "given again", events: [event(.withdrawn, may(3)), event(.given, may(4))], state: .given),
        LatestEventCase(name: "renewed", events: [event(.given, may(1), expires: may(4)), event(.renewed, may(3))], state: .renewed),
        LatestEventCase(
            name: "same time, later sequence wins",
            events: [event(.withdrawn, may(3), sequence: 1), event(.given, may(3), sequence: 2)], state: .given),
        LatestEventCase(
            name: "same time and sequence, the most restrictive wins", events: [event(.given, may(3)), event(.refused, may(3))],
            state: .refused),
        LatestEventCase(
            name: "same time and sequence, whatever the order", events: [event(.refused, may(3)), event(.given, may(3))], state: .refused),
        LatestEventCase(
            name: "a stop on a day beats a grant of the same day",
            events: [event(.withdrawn, may(3), dateOnly: true, sequence: 1), event(.given, may(3), dateOnly: true, sequence: 2)],
            state: .withdrawn),
        LatestEventCase(
            name: "a stop on a day beats a grant at an hour of it",
            events: [event(.withdrawn, may(3), dateOnly: true), event(.given, may(3, hour: 9), sequence: 2)], state: .withdrawn),
        LatestEventCase(
            name: "a grant two days later beats it",
            events: [event(.withdrawn, may(3), dateOnly: true), event(.given, may(5), dateOnly: true)], state: .given),
        LatestEventCase(
            name: "a stop in the future binds at once", events: [event(.given, may(1)), event(.withdrawn, may(30))], state: .withdrawn),
        LatestEventCase(name: "a stop dated today binds at once", events: [event(.withdrawn, may(20), dateOnly: true)], state: .withdrawn),
        LatestEventCase(name: "requested", events: [event(.requested, may(1))], state: .requested),
        LatestEventCase(name: "deferred after requested", events: [event(.requested, may(1)), event(.deferred, may(2))], state: .deferred),
        LatestEventCase(name: "expired by event", events: [event(.given, may(1)), event(.expired, may(2))], state: .expired),
        LatestEventCase(name: "a grant dated by an export", events: [event(.given, may(3), exportTimeOnly: true)], state: .unknown),
        LatestEventCase(name: "a grant before its notice", events: [event(.given, may(1), notice: "n-7")], state: .unknown),
        LatestEventCase(
            name: "a grant on the notice's first day", events: [event(.given, may(2), dateOnly: true, notice: "n-7")], state: .given),
        LatestEventCase(name: "a grant by default", events: [event(.given, may(3), actor: "default")], state: .unknown),
        LatestEventCase(name: "a grant for no purpose", events: [event(.given, may(3), purpose: nil)], state: .unknown),
        LatestEventCase(
            name: "an undated grant does not undo a withdrawal",
            events: [event(.withdrawn, may(3)), event(.given, may(19), exportTimeOnly: true)], state: .withdrawn),
    ]
}

@Suite("Consent fold")
struct ConsentFoldTests {
    @Test("the latest event decides", arguments: LatestEventCase.all)
    func latest(_ example: LatestEventCase) {
        #expect(fold(example.events).standings.map { $0.state } == [example.state])
    }

    @Test("a future grant counts from five minutes before its time, and not earlier")
    func futureGrant() {
        let start = may(25)
        let events = [event(.given, start)]
        let first = start.adding(seconds: -300)
        let result = fold(events, at: Timestamp(nanoseconds: first.nanoseconds - 1))
        #expect(result.standings.isEmpty)
        #expect(result.changesAt == first)
        #expect(fold(events, at: first).standings.map { $0.state } == [.given])
    }

    @Test("expiry is half-open: the last nanosecond permits, the instant itself does not")
    func expiry() {
        let events = [event(.given, may(1), expires: may(21))]
        let before = fold(events, at: Timestamp(nanoseconds: may(21).nanoseconds - 1))
        #expect(before.standings.map { $0.state } == [.given])
        #expect(before.changesAt == may(21))
        #expect(before.expiresAt == may(21))
        for moment in [may(21), Timestamp(nanoseconds: may(21).nanoseconds + 1)] {
            let after = fold(events, at: moment)
            #expect(after.standings.map { $0.state } == [.expired])
            #expect(after.changesAt == nil)
            #expect(after.expiresAt == nil)
        }
    }

    @Test("the next change is the one that shows")
    func nextChange() {
        // A grant to come that a stop of a later date keeps from ever counting.
        #expect(fold([event(.withdrawn, may(30)), event(.given, may(25))]).changesAt == nil)
        // A grant to come that does not alter what stands.
        #expect(fold([event(.given, may(1)), event(.given, may(25))]).changesAt == nil)
        #expect(fold([event(.withdrawn, may(1)), event(.given, may(25))]).changesAt == may(25).adding(seconds: -300))
        #expect(fold([event(.given, may(1), expires: may(22)), event(.given, may(25))]).changesAt == may(22))
        #expect(fold([event(.given, may(1))]).changesAt == nil)
        #expect(fold([]).changesAt == nil)
    }

    @Test("a grant stands once for each recipient, and for the notice's where it names none")
    func recipients() {
        let result = fold([event(.given, may(3), recipients: ["mailchimp", "hubspot"]), event(.given, may(3), purpose: "ads")])
        #expect(result.standings.map { $0.purpose } == ["ads", "newsletter", "newsletter"])
        #expect(result.standings.map { $0.recipient } == [nil, "hubspot", "mailchimp"])
    }

    @Test("a stop without purpose or recipient keeps both open")
    func stopForAll() {
        let result = fold([event(.withdrawn, may(3), purpose: nil)])
        #expect(result.standings == [ConsentStanding(purpose: nil, recipient: nil, state: .withdrawn, hasProof: true, recency: 1)])
    }

    @Test("neither a request nor an unknown hides the stop before it")
    func stopStays() {
        for later in [ConsentEvent.State.requested, .unknown] {
            let states = fold([event(.withdrawn, may(3)), event(later, may(4))]).standings.map { $0.state }
            #expect(Set(states) == [.withdrawn, later])
        }
        let lifted = fold([event(.withdrawn, may(3)), event(.given, may(4)), event(.requested, may(5))])
        #expect(lifted.standings.map { $0.state } == [.requested])
    }

    @Test("recency orders grants against stops and nothing else")
    func recency() {
        let result = fold([
            event(.given, may(1), purpose: "a"), event(.given, may(2), purpose: "b"), event(.withdrawn, may(3), purpose: nil),
            event(.refused, may(4), purpose: "c"), event(.given, may(5), purpose: "d"), event(.withdrawn, may(6), purpose: "e"),
        ])
        let byPurpose = Dictionary(uniqueKeysWithValues: result.standings.map { ($0.purpose ?? "*", $0.recency) })
        #expect(byPurpose == ["a": 0, "b": 0, "*": 1, "c": 1, "d": 1, "e": 2])
    }

    @Test("equal situations of different subjects give equal standings")
    func interning() {
        let one = fold([event(.given, may(1), purpose: "a"), event(.given, may(7), purpose: "b")])
        let other = fold([event(.given, may(9), purpose: "b", sequence: 4), event(.given, may(11), purpose: "a", sequence: 9)])
        #expect(one.standings == other.standings)
    }

    @Test("a grant later than the objection says so, an earlier one does not")
    func objection() {
        #expect(fold([event(.given, may(5))], objectionAt: may(4)).standings.map { $0.afterObjection } == [true])
        #expect(fold([event(.given, may(4))], objectionAt: may(4)).standings.map { $0.afterObjection } == [false])
        #expect(fold([event(.withdrawn, may(5))], objectionAt: may(4)).standings.map { $0.afterObjection } == [false])
    }

    @Test("proof, notice, explicitness and parent come with the event that decides")
    func details() {
        var given = event(.given, may(3), notice: "n-7", actor: "parent")
        given.explicit = true
        let standing = fold([event(.refused, may(1)), given]).standings
        #expect(
            standing == [
                ConsentStanding(
                    purpose: "newsletter", recipient: nil, state: .given, notice: "n-7", hasProof: true, explicit: true, byParent: true)
            ])
    }
}
