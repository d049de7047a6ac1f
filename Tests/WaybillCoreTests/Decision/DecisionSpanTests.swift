import Testing

@testable import WaybillCore

/// A decision says between which instants it stays the same. The cache believes it, so it has to be true whatever the situation.
@Suite("How long a decision stands")
struct DecisionSpanTests {
    static let situations: [DecisionCase] =
        ReasonTable.all.map(\.example)
        + [
            AgreementRuleTests.dates, AgreementRuleTests.versions, AgreementRuleTests.standing, ConsentRuleTests.stops,
            ConsentRuleTests.parents, ConsentRuleTests.interest, FieldRuleTests.rights, FieldRuleTests.impersonal,
            RegimeRuleTests.unitedStates, TransferRuleTests.decisions,
        ].flatMap { $0 }.map(\.example)
    private static let years: Int64 = 4 * 366 * 86_400

    @Test("at every instant within its span it is the same", arguments: situations)
    func standsThroughout(_ situation: DecisionCase) throws {
        let input = try situation.input()
        let decision = Decider.decide(input)
        if decision.standsUntil <= input.now { return }
        #expect(decision.standsSince <= input.now)
        let first = max(decision.standsSince, input.now.adding(seconds: -Self.years))
        let last = min(Timestamp(nanoseconds: decision.standsUntil.nanoseconds - 1), input.now.adding(seconds: Self.years))
        let step = (last.nanoseconds - first.nanoseconds) / 40
        for i in 0...40 {
            var other = input
            other.now = i == 40 ? last : Timestamp(nanoseconds: first.nanoseconds + Int64(i) * step)
            // Years of age are a part of the cache's key, for which a birthday is no instant.
            guard other.age == input.age else { continue }
            #expect(Self.isSame(Decider.decide(other), decision), "at \(other.now.rfc3339)")
        }
    }

    @Test("it ends with the agreement, to the nanosecond, and began with it")
    func endsWithTheAgreement() throws {
        let input = try DecisionCase(name: "base").input()
        let decision = Decider.decide(input)
        let (from, until) = (input.policy.agreements[0].from, try #require(input.policy.agreements[0].until))
        #expect(decision.standsSince >= from && decision.standsUntil <= until)
        var early = input
        early.now = from
        #expect(Decider.decide(early).permits)
        early.now = Timestamp(nanoseconds: from.nanoseconds - 1)
        let refusal = Decider.decide(early)
        #expect(!refusal.permits && refusal.standsUntil == from)
    }

    private static func isSame(_ a: Decision, _ b: Decision) -> Bool {
        a.outcome == b.outcome && a.codes == b.codes && a.warnings == b.warnings && a.plan.actions == b.plan.actions
            && a.applied == b.applied && a.regimes == b.regimes && a.bases == b.bases && a.mechanisms == b.mechanisms
    }
}
