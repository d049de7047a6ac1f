import Testing

@testable import WaybillCore

@Suite("Policies that promise what is not built, or would stop the process")
struct LoaderAdversaryTests {
    private func codes(_ edits: [String: String]) -> [String] {
        do {
            _ = try PolicyLoader.load(files: GateFixture.files.merging(edits) { $1 }.mapValues { Array($0.utf8) })
            return []
        } catch {
            return error.all.map(\.code)
        }
    }

    @Test("holds are not built: whatever would hold a record is refused at load")
    func holds() {
        #expect(codes(["callers/crm-sync.yaml": GateFixture.caller(onDenied: "hold")]) == ["not_built_yet"])
        let vital = GateFixture.agreement.replacing("{gdpr: consent}", with: "vital_interest")
        #expect(codes(["agreements/mailer-newsletter.yaml": vital]).contains("not_built_yet"))
    }

    @Test("a date beyond what the gate can count is an error, not a crash", arguments: ["9999-12-31", "2262-04-12", "0001-01-01"])
    func dates(text: String) {
        let far = GateFixture.agreement.replacing("2027-04-01T00:00:00Z", with: text)
        #expect(codes(["agreements/mailer-newsletter.yaml": far]).contains("bad_date"))
    }

    @Test("a field of an import's scheme has that scheme's canonical form", arguments: ["phone", "email"])
    func canonicalForms(field: String) {
        let fields = (GateFixture.files["catalog/fields.yaml"] ?? "").replacing(", canonical: \(field)", with: "")
        #expect(codes(["catalog/fields.yaml": fields]).contains("canonical_missing"))
    }
}
