import Testing

@testable import WaybillCore

/// A situation and what must come of it: no codes means that it permits.
struct RuleCase: Sendable, CustomTestStringConvertible {
    var example: DecisionCase
    var codes: [ReasonCode]
    var testDescription: String { example.name }

    init(
        _ name: String, _ codes: [ReasonCode] = [], edits: [Edit] = [], lines: [String]? = nil, endpoint: String = "contacts.create",
        purposes: [String] = [], present: [String] = ["email"], now: String = "2026-06-01T12:00:00Z",
        _ adjust: @escaping @Sendable (inout DecisionInput) -> Void = { _ in }
    ) {
        self.codes = codes
        example = DecisionCase(
            name: name, edits: edits, lines: lines ?? [DecisionFixture.german, DecisionFixture.given], endpoint: endpoint,
            purposes: purposes,
            present: present, now: now, adjust: adjust)
    }

    func check() throws {
        let decision = try example.decide()
        #expect(decision.codes == codes)
        #expect(decision.permits == codes.allSatisfy { $0.isFieldLevel } || decision.outcome == .hold)
    }
}
