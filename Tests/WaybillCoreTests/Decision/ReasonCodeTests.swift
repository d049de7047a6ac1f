import Testing

@testable import WaybillCore

@Suite("Reason codes")
struct ReasonCodeTests {
    @Test("each code is produced as primary, by files and facts or by input", arguments: ReasonTable.all.map { $0.code })
    func primary(_ code: ReasonCode) throws {
        for reason in ReasonTable.all where reason.code == code {
            let decision = try reason.example.decide()
            #expect(decision.primary == code, "\(decision.codes)")
            #expect(decision.permits == code.isFieldLevel)
        }
    }

    @Test("the fixture itself permits: each case fails for what it changes")
    func base() throws {
        let decision = try DecisionCase(name: "base").decide()
        #expect(decision.outcome == .allow)
        #expect(decision.codes.isEmpty)
        #expect(decision.bases == [.consent])
        #expect(decision.mechanisms == ["adequacy:EU-US-DPF"])
    }

    @Test("every code stands in the table or in the list of those not reachable", arguments: ReasonCode.allCases)
    func exhaustive(_ code: ReasonCode) {
        let isTested = ReasonTable.all.contains { $0.code == code }
        let isListed = notReachable.contains { $0.code == code }
        #expect(isTested != isListed)
    }

    @Test("codes come in the order of checks, whatever order they are found in", arguments: ReasonTable.all.map { $0.code })
    func ordered(_ code: ReasonCode) throws {
        for reason in ReasonTable.all where reason.code == code {
            let orders = try reason.example.decide().codes.map { $0.order }
            #expect(orders == orders.sorted())
            #expect(Set(orders).count == orders.count)
        }
    }

    @Test("a decision with a trace is the decision without", arguments: ReasonTable.all.map { $0.code })
    func traced(_ code: ReasonCode) throws {
        for reason in ReasonTable.all where reason.code == code {
            let input = try reason.example.input()
            var trace: [CheckTrace] = []
            let traced = withUnsafeMutablePointer(to: &trace) { Decider.decide(input, trace: $0) }
            let plain = Decider.decide(input)
            #expect(traced.codes == plain.codes && traced.outcome == plain.outcome && traced.plan.actions == plain.plan.actions)
            #expect(plain.permits || Set(trace.compactMap { $0.code }) == Set(plain.codes))
        }
    }

    @Test("a basis without its assessment or law is refused even if it was never linted")
    func assessment() throws {
        for purpose in ["analytics", "billing"] {
            let set = try DecisionCase(name: purpose).load().with { agreements in
                for i in agreements[0].purposes.indices { agreements[0].purposes[i].basisEvidence = [:] }
            }
            let example = DecisionCase(
                name: purpose, lines: [DecisionFixture.facts(#""countries":["DE"],"preference":3"#)], purposes: [purpose])
            #expect(Decider.decide(try example.input(set)).primary == .assessmentMissing)
        }
    }
}
