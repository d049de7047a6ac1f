import Foundation
import Testing

@testable import WaybillCore

@Suite struct JSONStrictnessTests {
    static let refused: [(String, BodyError.Kind)] = [
        ("", .empty), (" \n", .empty), ("\u{FEFF}", .empty),
        ("{", .invalidSyntax), ("{}}", .invalidSyntax), ("{} x", .invalidSyntax), ("[1,]", .invalidSyntax), ("{\"a\":1,}", .invalidSyntax),
        ("[1 2]", .invalidSyntax), ("{\"a\" 1}", .invalidSyntax), ("{\"a\"}", .invalidSyntax), ("{a:1}", .invalidSyntax),
        ("{'a':1}", .invalidSyntax), ("// c\n{}", .invalidSyntax), ("{} /* c */", .invalidSyntax), ("[01]", .invalidSyntax),
        ("[-]", .invalidSyntax), ("[+1]", .invalidSyntax), ("[1.]", .invalidSyntax), ("[.5]", .invalidSyntax), ("[1e]", .invalidSyntax),
        ("[NaN]", .invalidSyntax), ("[nul]", .invalidSyntax), ("[truex]", .invalidSyntax), ("[fals", .invalidSyntax),
        ("tru", .invalidSyntax),
        ("[\"a", .invalidSyntax), ("[\"\\x\"]", .invalidSyntax), ("[\"\\u12g4\"]", .invalidSyntax), ("[\"\\u12", .invalidSyntax),
        ("[\"a\tb\"]", .invalidSyntax), ("[\"\u{1}\"]", .invalidSyntax), ("\u{FEFF}\u{FEFF}{}", .invalidSyntax),
        ("[\u{A0}1]", .invalidSyntax), ("[1,,2]", .invalidSyntax), ("[,1]", .invalidSyntax), ("{,}", .invalidSyntax),
        ("{\"a\":1,\"a\":2}", .duplicateName), ("{\"a\":1,\"\\u0061\":2}", .duplicateName), ("[{\"x\":{\"b\":1,\"b\":2}}]", .duplicateName),
        ("{\"\":1,\"\":2}", .duplicateName), ("{\"é\":1,\"\\u00e9\":2}", .duplicateName),
        ("[\"\\ud800\"]", .loneSurrogate), ("[\"\\udc00\"]", .loneSurrogate), ("[\"\\ud800\\u0041\"]", .loneSurrogate),
        ("[\"\\ud800\\ud800\"]", .loneSurrogate), ("{\"\\udfff\":1}", .loneSurrogate), ("[\"\\ud83dx\"]", .loneSurrogate),
        ("{\"a\\u0000\":1}", .nulInName), ("{\"x\":{\"\\u0000\":1}}", .nulInName),
        ("[" + String(repeating: "1", count: 65) + "]", .numberTooLong), ("[1." + String(repeating: "0", count: 63) + "]", .numberTooLong),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), .tooDeep),
        (String(repeating: "{\"a\":", count: 65) + "1" + String(repeating: "}", count: 65), .tooDeep),
        ("{" + (0...10_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}", .tooManyMembers),
    ]

    @Test(arguments: refused)
    func `what is not strict JSON is refused with its kind`(body: String, kind: BodyError.Kind) {
        #expect(bodyErrorKind { _ = try BodyRig.permissive.scan(body) } == kind)
    }

    @Test(arguments: refused.filter { ![.empty, .tooDeep, .tooManyMembers].contains($0.1) && !$0.0.hasPrefix("\u{FEFF}") })
    func `the parts that are left out are checked too`(body: String, kind: BodyError.Kind) {
        let rig = BodyRig(slots: [("email", 0)])
        #expect(bodyErrorKind { _ = try rig.scan("{\"email\":\"a@b.c\",\"unlisted\":\(body)}") } != nil)
    }

    static let accepted = [
        "{}", " { } ", "[]", "0", "-0", "-0.0e+1", "\"\"", "null", "true", "false", "[1,2.50,-3e9,1E-2]", "[\"\\u0000\"]",
        "[\"\\ud83d\\ude00 😀 \u{2028} \u{7F}\"]", "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}", "{\"A\":1,\"a\":2}",
        "{\"é\":1,\"e\u{301}\":2}",
        "[" + String(repeating: "1", count: 64) + "]", String(repeating: "[", count: 64) + String(repeating: "]", count: 64),
        "{" + (0..<10_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"1234567\\\"\", \"12345678\", \"123456789\"]",
    ]

    @Test(arguments: accepted)
    func `strict JSON passes byte for byte`(body: String) throws {
        let reduced = try BodyRig.permissive.reduce(body)
        #expect(reduced.bytes == Array(body.utf8))
        #expect(!reduced.isChanged)
    }

    static let badBytes: [([UInt8], BodyError.Kind)] = [
        ([0xFF, 0xFE, 0x7B, 0x00], .unsupportedEncoding), ([0xFE, 0xFF, 0x00, 0x7B], .unsupportedEncoding),
        ([0x7B, 0x00, 0x7D, 0x00], .unsupportedEncoding), ([0x00, 0x00, 0xFE, 0xFF], .unsupportedEncoding),
        (Array("[1]".utf8) + [0x00], .unsupportedEncoding), (Array("[1  ]".utf8) + [0x00], .invalidSyntax),
    ]

    @Test(arguments: badBytes)
    func `other encodings are told by their first bytes`(body: [UInt8], kind: BodyError.Kind) {
        #expect(bodyErrorKind { _ = try BodyRig.permissive.scan(body) } == kind)
    }

    static let badSequences: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x22], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
        [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xFC, 0x80, 0x80, 0x80, 0x80, 0x80], [0xFF],
    ]

    @Test(arguments: badSequences)
    func `bad UTF-8 is refused in values and in names`(sequence: [UInt8]) {
        for (head, tail) in [("[\"", "\"]"), ("[\"1234567", "12345678\"]"), ("{\"", "\":1}"), ("[\"é", "é\"]")] {
            let body = Array(head.utf8) + sequence + Array(tail.utf8)
            #expect(bodyErrorKind { _ = try BodyRig.permissive.scan(body) } == .invalidUTF8)
        }
    }

    @Test func `the ends of every UTF-8 range pass`() throws {
        for scalar: UInt32 in [
            0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x40000, 0xFFFFF, 0x10FFFF,
        ] {
            let text = String(Character(try #require(Unicode.Scalar(scalar))))
            #expect(!(try BodyRig.permissive.reduce("{\"\(text)\":\"x\(text)\"}").isChanged))
        }
    }

    @Test func `one byte order mark is dropped and counts as a change`() throws {
        let reduced = try BodyRig.permissive.reduce("\u{FEFF}{\"a\": 1}")
        #expect(String(decoding: reduced.bytes, as: UTF8.self) == "{\"a\": 1}")
        #expect(reduced.isChanged)
    }

    @Test(arguments: [2, 8, 9, 16, 17, 64, 65, 1_000])
    func `a repeated name is found in objects of any size`(count: Int) {
        let members = (0..<count).map { "\"name_\($0)_é\":{}" }
        #expect(bodyErrorKind { _ = try BodyRig.permissive.scan("{\(members.joined(separator: ","))}") } == nil)
        for repeated in [0, count / 2, count - 1] {
            let body = "{" + (members + ["\"name_\(repeated)_\\u00e9\":1"]).joined(separator: ",") + "}"
            #expect(bodyErrorKind { _ = try BodyRig.permissive.scan(body) } == .duplicateName)
            #expect(bodyErrorKind { _ = try BodyRig.permissive.scan("{\"inner\":[\(body)]}") } == .duplicateName)
        }
    }

    @Test func `an error's offset points at the fault`() {
        func offset(_ body: String) -> Int? {
            do {
                _ = try BodyRig.permissive.scan(body)
                return nil
            } catch { return (error as? BodyError)?.offset }
        }
        #expect(offset("{\"a\":x}") == 5)
        #expect(offset("{\"a\":1,\"a\":2}") == 7)
        #expect(offset("[1,\"\\ud800\"]") == 4)
    }

    @Test func `memory is bounded by the number of places a shape reaches`() {
        var rig = BodyRig(slots: [("tags[*]", 0)])
        rig.limits.placesMax = 100
        #expect(bodyErrorKind { _ = try rig.scan("{\"tags\":[\((0..<97).map(String.init).joined(separator: ","))]}") } == nil)
        #expect(bodyErrorKind { _ = try rig.scan("{\"tags\":[\((0..<100).map(String.init).joined(separator: ","))]}") } == .tooManyMembers)
    }
}

@Suite struct JSONCorpusTests {
    /// Valid by the RFC, refused by a rule of ours.
    static let refusedByRule: [String: BodyError.Kind] = [
        "y_object_duplicated_key.json": .duplicateName,
        "y_object_duplicated_key_and_value.json": .duplicateName,
        "y_object_escaped_null_in_key.json": .nulInName,
        "y_number_double_close_to_zero.json": .numberTooLong,
    ]

    @Test func `the JSON test suite is decided as it says`() throws {
        guard let directory = sharedDirectory()?.appending(path: "corpus/json-test-suite/test_parsing") else { return }
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".json") }
        #expect(files.count > 300)
        for name in files.sorted() {
            let body = Array(try Data(contentsOf: directory.appending(path: name)))
            let kind = bodyErrorKind { _ = try BodyRig.permissive.scan(body) }
            if name.hasPrefix("n_") { #expect(kind != nil, "\(name) was accepted") }
            if name.hasPrefix("y_") { #expect(kind == Self.refusedByRule[name], "\(name)") }
            let hasMark = body.starts(with: [0xEF, 0xBB, 0xBF])
            if kind == nil { #expect(try BodyRig.permissive.reduce(body).bytes == Array(body[(hasMark ? 3 : 0)...]), "\(name)") }
        }
    }

    @Test func `naughty strings survive as names and values`() throws {
        guard let file = sharedDirectory()?.appending(path: "corpus/naughty-strings.json") else { return }
        let strings = try JSONDecoder().decode([String].self, from: Data(contentsOf: file))
        #expect(strings.count > 400)
        let rig = BodyRig(slots: [("kept", 0)])
        for string in strings {
            var text: [UInt8] = []
            JSONText.append(string: string.utf8, to: &text)
            let value = String(decoding: text, as: UTF8.self)
            let scanned = try rig.scan("{\"kept\":\(value)}")
            let hit = try #require(scanned.records.first?.hits.first)
            guard case .string(let bytes) = JSONBody.value(Array("{\"kept\":\(value)}".utf8), hit.value) else {
                Issue.record("not a string")
                continue
            }
            #expect(bytes == Array(string.utf8))
            #expect(try rig.reduce("{\(value):1,\"kept\":\(value)}").bytes == Array("{\"kept\":\(value)}".utf8))
        }
    }

    @Test func `what we escape Foundation reads back`() throws {
        let all = String(String.UnicodeScalarView((0..<0x300).compactMap { Unicode.Scalar(UInt32($0)) })) + "\u{2028}\u{10FFFF}"
        var text: [UInt8] = []
        JSONText.append(string: all.utf8, to: &text)
        #expect(try JSONDecoder().decode([String].self, from: Data("[".utf8 + text + "]".utf8)) == [all])
        var unescaped: [UInt8] = []
        JSONLexer.unescape(text.span, from: 1, to: text.count - 1, into: &unescaped)
        #expect(unescaped == Array(all.utf8))
    }
}
