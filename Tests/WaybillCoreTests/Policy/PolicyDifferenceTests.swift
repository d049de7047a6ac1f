import Foundation
import Testing

@testable import WaybillCore

@Suite("The difference in words")
struct PolicyDifferenceTests {
    static let agreement = """
        agreement: news
        version: 1
        vendor: mailer
        effective: {from: 2026-01-01T00:00:00Z, until: 2027-01-01T00:00:00Z}
        parties:
          - {org: acme, role: controller, exports: true}
          - {org: mailer, role: processor, imports: true}
        owner: privacy@acme.example
        purposes:
          - id: newsletter
            endpoints: [contacts.*]
            basis: {gdpr: consent, us: opt_out}
            fields: {email: keep, phone: drop}
            required: [email]
            retain: {for: P30D, after: purpose_end}
        regions: [US]
        transfer:
          - {mechanism: scc, module: 2, signed: 2026-03-20}
        limits: {records_per_day: 100}
        something_new: {deep: [1]}
        """

    struct Case: Sendable, CustomTestStringConvertible {
        var from: String
        var to: String
        var sentence: String
        var weight = PolicyDifference.Change.Weight.other
        var testDescription: String { sentence }
    }

    static let cases: [Case] = [
        Case(
            from: "phone: drop", to: "phone: {mask: {keep_last: 2}}",
            sentence: "For newsletter, `phone` is now sent, masked to its last 2 characters; before it was not sent.", weight: .wider),
        Case(
            from: "email: keep, phone: drop", to: "email: keep, birth_date: {generalize: year}, phone: drop",
            sentence: "For newsletter, `birth_date` is now sent, only its year; before it was not sent.", weight: .wider),
        Case(
            from: "email: keep", to: "email: drop", sentence: "For newsletter, `email` is no longer sent; before it was sent, as it is.",
            weight: .narrower),
        Case(from: "email: keep", to: "email: hash", sentence: "For newsletter, `email` is now sent as a keyed hash; before as it is."),
        Case(from: "regions: [US]", to: "regions: [US, IN]", sentence: "Data may be sent to IN; before, this was not so.", weight: .wider),
        Case(from: "regions: [US]", to: "regions: []", sentence: "No longer so: data may be sent to US.", weight: .narrower),
        Case(
            from: "gdpr: consent", to: "gdpr: legitimate_interest",
            sentence: "For newsletter the lawful basis under the GDPR is now legitimate interest; before consent."),
        Case(from: "for: P30D", to: "for: P90D", sentence: "For newsletter the vendor deletes after now P90D; before P30D."),
        Case(from: "role: processor", to: "role: third_party", sentence: "mailer acts as now third party; before processor."),
        Case(
            from: "until: 2027-01-01T00:00:00Z", to: "until: open", sentence: "The agreement ends now open; before 2027-01-01T00:00:00Z.",
            weight: .wider),
        Case(
            from: "records_per_day: 100", to: "records_per_day: 900", sentence: "The most records a day is now 900; before 100.",
            weight: .wider),
        Case(
            from: "required: [email]", to: "required: []",
            sentence: "No longer so: a record is refused without email, for newsletter.", weight: .wider),
        Case(from: "deep: [1]", to: "deep: [1, 2]", sentence: "`something_new.deep[2]` is listed; before, nothing was said."),
        Case(
            from: "owner: privacy@acme.example", to: "owner: privacy@acme.example # a word",
            sentence: "Only comments or the way it is written differ; it means the same."),
    ]

    private func changes(_ old: String, _ new: String) -> [PolicyDifference.Change] {
        PolicyDifference.between(["agreements/a.yaml": Array(old.utf8)], ["agreements/other-name.yaml": Array(new.utf8)])
    }

    @Test("Each change is one sentence that a counsel reads", arguments: cases)
    func sentences(_ given: Case) throws {
        let new = Self.agreement.replacing(given.from, with: given.to)
        try #require(new != Self.agreement)
        let changes = changes(Self.agreement, new)
        #expect(changes.contains { $0.sentence == given.sentence && $0.weight == given.weight }, "\(changes.map(\.sentence))")
    }

    @Test("Whatever value is changed, added or taken away, something is said about it")
    func nothingIsSilent() throws {
        let lines = Self.agreement.split(separator: "\n").map(String.init)
        for number in lines.indices {
            for word in lines[number].split(whereSeparator: { " {}[],".contains($0) }) where !word.hasSuffix(":") && word != "-" {
                var edited = lines
                edited[number] = lines[number].replacing(word, with: word.hasPrefix("P") ? "P1D" : "x\(word)")
                let text = edited.joined(separator: "\n")
                guard text != Self.agreement else { continue }
                #expect(!changes(Self.agreement, text).isEmpty, "\(edited[number])")
            }
        }
    }

    @Test("The same set has no difference, whatever its files are called")
    func same() { #expect(changes(Self.agreement, Self.agreement) == []) }

    @Test("A new version is compared with the one before; a new agreement is told whole")
    func versions() {
        let next = Self.agreement.replacing("version: 1", with: "version: 2").replacing("phone: drop", with: "phone: keep")
        let both = PolicyDifference.between(
            ["agreements/a.yaml": Array(Self.agreement.utf8)],
            ["agreements/a.yaml": Array(Self.agreement.utf8), "console/agreements/news@2.yaml": Array(next.utf8)])
        #expect(both.first?.sentence == "Version 2 of the agreement news comes; what follows says how it differs from version 1.")
        #expect(both.contains { $0.sentence == "For newsletter, `phone` is now sent, as it is; before it was not sent." })
        let whole = PolicyDifference.between([:], ["agreements/a.yaml": Array(Self.agreement.utf8)])
        #expect(whole.first?.sentence == "The agreement news is new, in version 1.")
        #expect(whole.contains { $0.sentence == "For newsletter, `email` is sent, as it is." }, "\(whole.map(\.sentence))")
        let gone = PolicyDifference.between(["agreements/a.yaml": Array(Self.agreement.utf8)], [:])
        #expect(gone.map(\.sentence) == ["Version 1 of the agreement news is no longer there; nothing goes under it."])
    }
}
