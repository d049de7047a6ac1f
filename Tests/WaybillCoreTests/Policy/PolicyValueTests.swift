import Testing

@testable import WaybillCore

@Suite struct PolicyValueTests {
    static func value(_ yaml: String) throws -> PolicyValue { try YAMLDocument.parse(file: "a.yaml", bytes: Array(yaml.utf8)) }

    @Test(arguments: [
        ("a: 1", #"{"a":1}"#), ("a: -12.50e+3", #"{"a":-12.50e+3}"#), ("a: \"1\"", #"{"a":"1"}"#), ("a: '1'", #"{"a":"1"}"#),
        ("a: 007", #"{"a":"007"}"#),
        ("a: +1", #"{"a":"+1"}"#), ("a: .5", #"{"a":".5"}"#), ("a: 1.", #"{"a":"1."}"#), ("a: true", #"{"a":true}"#),
        ("a: True", #"{"a":"True"}"#),
        ("a: NO", #"{"a":"NO"}"#), ("a: null", #"{"a":null}"#), ("a: ~", #"{"a":"~"}"#), ("a:", #"{"a":null}"#), ("a: \"\"", #"{"a":""}"#),
        ("a: [1, x, {b: c}]", #"{"a":[1,"x",{"b":"c"}]}"#), ("a: 2026-05-01T00:00:00Z", #"{"a":"2026-05-01T00:00:00Z"}"#),
        ("a: {}", #"{"a":{}}"#),
        ("a: \"q\\\"\\\\\\n\\u0001é\"", #"{"a":"q\"\\\u000a\u0001é"}"#), ("a: |\n  two\n  lines\n", #"{"a":"two\u000alines\u000a"}"#),
        ("a: 0x1F", #"{"a":"0x1F"}"#),
    ])
    func `values become the JSON one would expect`(yaml: String, json: String) throws {
        #expect(String(decoding: try Self.value(yaml).json, as: UTF8.self) == json)
    }

    @Test func `Norway stays Norway, and positions count characters`() throws {
        let value = try Self.value("# é\nå: [NO, 1.10, off]\nb: {c: d}")
        #expect(
            value["å"]?.content
                == .list(
                    try ["NO", "1.10", "off"].enumerated().map { index, text in
                        PolicyValue(
                            content: .text(text, quoted: false),
                            position: SourcePosition(file: "a.yaml", line: 2, column: try #require([5, 9, 15].dropFirst(index).first)))
                    }))
        #expect(value["b"]?["c"]?.position == SourcePosition(file: "a.yaml", line: 3, column: 8))
    }

    @Test(arguments: [
        ("a: &x {b: c}\nd: *x", "yaml_alias"), ("&r\na: b", "yaml_alias"), ("a: !!int 1", "yaml_tag"), ("a: !<x> 1", "yaml_tag"),
        ("!!map\na: b", "yaml_tag"),
        ("a: ! b", "yaml_tag"), ("&k a: b", "yaml_alias"), ("a: [&x b]", "yaml_alias"), ("[a]: b", "key_not_text"),
        ("a: 1\n'a': 2", "duplicate_key"),
        ("a: {b: 1, b: 2}", "duplicate_key"), ("a: b\n...\n---\nc: d", "yaml_documents"), ("", "file_empty"), ("---\n", "file_empty"),
        ("# only", "file_empty"),
        ("a: 'b", "yaml_invalid"), ("a: \"\\x\"", "yaml_invalid"), ("a: b: c", "yaml_invalid"), ("a: @b", "yaml_invalid"),
        ("a: \u{1}", "yaml_invalid"),
        ("a: b\rc: d", "line_break_unusual"), ("a: b\u{85}c: d", "line_break_unusual"),
        ("a: " + String(repeating: "[", count: 70) + String(repeating: "]", count: 70), "yaml_too_deep"),
        (String(repeating: "[", count: 200_000), "yaml_invalid"), (String(repeating: "- ", count: 5_000), "yaml_invalid"),
        ("a: " + String(repeating: "x", count: 1 << 20), "file_too_large"),
    ])
    func `what could be read in two ways, or never ends, is refused`(yaml: String, code: String) {
        do throws(PolicyProblem) {
            let value = try YAMLDocument.parse(file: "a.yaml", bytes: Array(yaml.utf8))
            Issue.record("read as \(String(decoding: value.json, as: UTF8.self).prefix(100))")
        } catch {
            #expect(error.code == code)
            #expect(!error.remedy.isEmpty)
        }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: PolicyProblem.self) { try YAMLDocument.parse(file: "a.yaml", bytes: [0x61, 0x3A, 0x20, 0xFF]) }
    }

    @Test func `a byte order mark and Windows line ends change nothing`() throws {
        let value = try YAMLDocument.parse(file: "a.yaml", bytes: [0xEF, 0xBB, 0xBF] + Array("a: b\r\nc: d\r\n".utf8))
        #expect(String(decoding: value.json, as: UTF8.self) == #"{"a":"b","c":"d"}"#)
        #expect(value["c"]?.position == SourcePosition(file: "a.yaml", line: 2, column: 4))
    }
}
