import Testing
import WaybillStorage

@testable import WaybillCore

@Suite struct ConsentStoreRebuildTests {
    typealias Fixture = ConsentStoreFixture

    static func notices(from text: String) throws -> [String: Notice] {
        let from = try #require(Timestamp(rfc3339: text))
        let position = SourcePosition(file: "catalog/notices.yaml", line: 1, column: 1)
        return ["n-7": Notice(name: "n-7", from: from, purposes: ["newsletter"], recipients: ["hubspot"], position: position)]
    }

    @Test func `Other notices change every subject, and what is imported or refreshed from then on`() async throws {
        let fixture = try await Fixture(notices: try Self.notices(from: "2026-01-01T00:00:00Z"))
        defer { fixture.removeFiles() }
        let more = #","notice":"n-7","expires":"2026-12-01""#
        let names = (0..<4_500).map { "crm:\($0)" }
        try await fixture.importLines(.consents, names.map { Fixture.consent($0, "given", at: "2026-05-01T00:00:00Z", more: more) })
        for name in names { #expect(try fixture.entry(name)?.profile.consents.map(\.state) == [.given]) }
        // The grants are now older than the notice they cite.
        try await fixture.store.rebuild(notices: try Self.notices(from: "2026-05-15T00:00:00Z"), now: Fixture.now)
        for name in names { #expect(try fixture.entry(name)?.profile.consents.map(\.state) == [.unknown]) }
        try await fixture.importLines(.consents, [Fixture.consent("crm:new", "given", at: "2026-05-01T00:00:00Z", more: more)])
        try await fixture.store.refresh([try Identifier(importText: "crm:1")], now: Fixture.now)
        for name in ["crm:new", "crm:1"] { #expect(try fixture.entry(name)?.profile.consents.map(\.state) == [.unknown]) }
        try await fixture.store.rebuild(notices: try Self.notices(from: "2026-01-01T00:00:00Z"), now: Fixture.now)
        for name in names + ["crm:new"] { #expect(try fixture.entry(name)?.profile.consents.map(\.state) == [.given]) }
    }

    @Test func `A marketing objection stands until a later grant, dates of the day counting against the grant`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await fixture.importLines(
            .subjects, [#"{"ids":["crm:1"],"objections":[{"scope":"direct_marketing","at":"2026-05-01"}]}"#])
        try await fixture.importLines(.consents, [Fixture.consent("crm:1", "given", at: "2026-05-01T12:00:00Z")])
        #expect(try fixture.entry("crm:1")?.profile.objections.map(\.scope) == [.directMarketing])
        #expect(try fixture.entry("crm:1")?.profile.consents.map(\.afterObjection) == [false])
        try await fixture.importLines(.consents, [Fixture.consent("crm:1", "given", at: "2026-05-02T12:00:00Z")])
        #expect(try fixture.entry("crm:1")?.profile.consents.map(\.afterObjection) == [true])
    }
}
