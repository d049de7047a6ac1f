import Testing

@testable import WaybillCore

@Suite("Reason catalogue")
struct ReasonCatalogTests {
    @Test("every code has a title of its own, a remedy and a status that gateway.md names", arguments: ReasonCode.allCases)
    func complete(_ code: ReasonCode) {
        let entry = ReasonCatalog.entry(for: code)
        #expect(!entry.title.isEmpty && !entry.title.hasSuffix("."))
        #expect(entry.remedy.hasSuffix("."))
        #expect([400, 401, 403, 422, 429, 503].contains(entry.status))
        #expect(ReasonCode.allCases.filter { ReasonCatalog.entry(for: $0).title == entry.title } == [code])
    }

    @Test("the title of the example in gateway.md")
    func example() {
        #expect(ReasonCatalog.entry(for: .consentWithdrawn).title == "Consent was withdrawn")
        #expect(ReasonCatalog.entry(for: .consentWithdrawn).status == 403)
    }

    @Test("what could not be decided or recorded may be tried again")
    func unavailable() {
        let again = ReasonCode.allCases.filter { ReasonCatalog.entry(for: $0).status == 503 }
        #expect(again == [.policyUnavailable, .consentStoreUnavailable, .logUnavailable, .clockUntrusted, .dutyNotRecorded])
    }

    @Test("steps follow decisions.md")
    func steps() {
        #expect(ReasonCode.allCases.map { $0.step } == ReasonCode.allCases.map { $0.step }.sorted())
        #expect(ReasonCode.consentMissing.step == 5)
        #expect(ReasonCode.dutyNotRecorded.step == 11)
    }
}
