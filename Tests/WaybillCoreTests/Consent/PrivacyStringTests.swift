import Testing

@testable import WaybillCore

@Suite("Privacy strings")
struct PrivacyStringTests {
    @Test(
        "what the four characters say",
        arguments: [("1YNN", false), ("1NYN", true), ("1-Y-", true), ("1YYY", true), ("1NN-", false)])
    func optOut(_ text: String, _ isOut: Bool) throws {
        #expect(try USPrivacyString.parse(text) == .optedOut(isOut))
    }

    @Test("three dashes: the law does not apply")
    func notApplicable() throws {
        #expect(try USPrivacyString.parse("1---") == .doesNotApply)
    }

    @Test(
        "everything else is unreadable, and that denies",
        arguments: ["", "1", "1YN", "1YNNN", "2YNN", "1ynn", "1Y-N", "1--Y", "1YXN", " 1YNN", "1YNN ", "YYNN", "1ÝNN", "1Y\u{0}N"])
    func unreadable(_ text: String) {
        #expect(throws: USPrivacyString.Unreadable.self) { try USPrivacyString.parse(text) }
    }
}
