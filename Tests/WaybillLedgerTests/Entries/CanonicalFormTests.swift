import Foundation
import Testing
import WaybillCore
import WaybillLedger

@Suite struct CanonicalFormTests {
    /// The published cases of RFC 8785 that the restricted form has, and why it has not the others.
    static let published: [(name: String, refusedBecause: String?)] = [
        ("structures", nil), ("unicode", nil), ("arrays", "a null"), ("french", "names beyond ASCII"), ("values", "floats and nulls"),
        ("weird", "names beyond ASCII"),
    ]

    @Test(.enabled(if: SharedVectors.areThere, "shared/reference/tlog-vectors.json is missing"), arguments: published)
    func publishedOutputsAreAcceptedWhereTheRestrictedFormHasThem(name: String, refusedBecause: String?) throws {
        struct Section: Decodable { var cases: [String: Case] }
        struct Case: Decodable { var output_hex: String }
        let cases = try SharedVectors.load("jcs_rfc8785", as: Section.self).cases
        #expect(cases.count == Self.published.count)
        let item = try #require(cases[name])
        let output = try #require([UInt8](hex: item.output_hex))
        let value = CanonicalParser.parse(output)
        if let refusedBecause {
            #expect(value == nil, "should be refused for \(refusedBecause)")
        } else {
            #expect(try #require(value).bytes == output)
        }
    }

    static let refused = [
        "", " {}", "{} ", "{}\n", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":2}", "{\"a\": 1}", "{\"a\":01}", "{\"a\":-0}", "{\"a\":1.0}",
        "{\"a\":1e3}",
        "{\"a\":9007199254740992}", "{\"a\":null}", "{\"a\":1,}", "{\"a\"}", "[1,]", "[1 ]", "\"\\u0041\"", "\"\\/\"", "\"\\u000a\"",
        "\"\\u001F\"",
        "\"\u{1}\"", "\"a", "{\"ä\":1}", "tru", "[[[[[[[[[]]]]]]]]]", "-", "+1",
    ]

    @Test(arguments: refused) func whatTheEncoderCannotHaveWrittenIsRefused(text: String) {
        #expect(!CanonicalScanner.isCanonical(Array(text.utf8)))
    }

    @Test(arguments: [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80], [0xff]] as [[UInt8]])
    func brokenUTF8IsRefused(bytes: [UInt8]) { #expect(!CanonicalScanner.isCanonical([0x22] + bytes + [0x22])) }

    static let accepted = [
        "{}", "[]", "{\"\":1,\"A\":2,\"a\":3,\"aa\":4}", "{\"a\":9007199254740991,\"b\":-9007199254740991,\"c\":0}",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\u{7f}\"",
        "[true,false,\"ä€😀\",[],{}]",
    ]

    @Test(arguments: accepted) func whatTheEncoderWritesIsReadAndWrittenAgain(text: String) throws {
        #expect(try #require(CanonicalParser.parse(Array(text.utf8))).bytes == Array(text.utf8))
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("2026-11-21T21:20:00.007Z", 1_795_296_000_007), ("1969-12-31T23:59:59.999Z", -1),
        ] as [(String, Int64)]) func timesHaveOneForm(text: String, milliseconds: Int64)
    {
        let time = Timestamp(nanoseconds: milliseconds * 1_000_000)
        #expect(String(decoding: EntryTime.text(time), as: UTF8.self) == text)
        #expect(EntryTime.parse(Array(text.utf8)) == time)
        #expect(EntryTime.parse(Array(text.replacing("Z", with: "+00:00").utf8)) == nil)
    }
}
