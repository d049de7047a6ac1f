import Testing

/// Each rule is shown able to fail, and to leave the harmless neighbour alone.
@Suite("The rules see what they are for")
struct RuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var path = "Sources/WaybillCore/X.swift"
        var text: String
        /// Lines on which some rule must complain.
        var lines: [Int]
        var testDescription: String { "\(path): \(text.prefix(50).replacing("\n", with: "⏎"))" }
    }

    static let cases: [Case] = [
        Case(text: "let a = b as! C", lines: [1]),
        Case(text: "let a = b as? C", lines: []),
        Case(text: "func f() { fatalError() }", lines: [1]),
        Case(text: "// fatalError() is not called", lines: []),
        Case(text: "let s = \"fatalError() in a string\"", lines: []),
        Case(text: "let s = \"before\"; fatalError()", lines: [1]),
        Case(text: "let s = \"a \\(x ? \"fatalError(\" : \"\") b\"", lines: []),
        Case(text: "let s = #\"a \" fatalError( \"#\nfatalError()", lines: [2]),
        Case(text: "let s = \"\"\"\n  try! \"quoted\"\n  \"\"\"\nlet x = try! f()", lines: [4]),
        Case(text: "/* try! /* nested */ try! */ let x = try! f()", lines: [1]),
        Case(text: "/* try! /* nested */ try! */", lines: []),
        Case(text: "extension X: @unchecked Sendable {}", lines: [1]),
        Case(text: "print(1)", lines: [1]),
        Case(text: "let f = fingerprint(1)", lines: []),
        Case(path: "Sources/waybill/Commands/Serve.swift", text: "print(1)", lines: []),
        Case(path: "Tests/WaybillCoreTests/X.swift", text: "print(1)", lines: []),
        Case(text: "let now = Date()", lines: [1]),
        Case(path: "Sources/WaybillProxy/X.swift", text: "let now = Date()", lines: []),
        Case(text: "let n = Int.random(in: 0..<9)", lines: [1]),
        Case(text: "let n = UUID()", lines: [1]),
        Case(path: "Sources/WaybillLedger/X.swift", text: "let q = \"SELECT 1\"", lines: [1]),
        Case(path: "Sources/WaybillStorage/X.swift", text: "let q = \"SELECT 1\"", lines: []),
        Case(text: "// " + "TO" + "DO: later", lines: [1]),
        Case(text: "let s = \"" + "FIX" + "ME\"", lines: [1]),
        Case(text: "// a to-do list", lines: []),
        Case(text: "let s = \"-----BEGIN EC PRIVATE " + "KEY-----\"", lines: [1]),
        Case(text: "let s = \"-----BEGIN CERTIFICATE-----\"", lines: []),
        Case(text: "let s = \"/ro" + "ot/x\"", lines: [1]),
        Case(text: "import NIOCore", lines: [1]),
        Case(text: "import Crypto\nimport struct GRDB.Row", lines: [2]),
        Case(text: "// import NIOCore", lines: []),
        Case(path: "Sources/WaybillProxy/X.swift", text: "import NIOCore\npackage import WaybillCore", lines: []),
        Case(path: "Sources/WaybillProxy/X.swift", text: "internal import WaybillStorage", lines: [1]),
        Case(path: "Sources/WaybillControl/X.swift", text: "package import WaybillProxy", lines: [1]),
        Case(path: "Sources/WaybillStorage/X.swift", text: "import WaybillControl", lines: [1]),
        Case(path: "Sources/WaybillLedger/X.swift", text: "import NIOHTTP1", lines: [1]),
        Case(path: "Sources/WaybillProxy/X.swift", text: "import AsyncHTTPClient", lines: [1]),
        Case(path: "Sources/Unheard/X.swift", text: "import Crypto", lines: [1]),
        Case(path: "Tests/WaybillCoreTests/X.swift", text: "import XCTest", lines: [1]),
        Case(path: "Tests/WaybillCoreTests/X.swift", text: "import WaybillStorage", lines: []),
        Case(text: String(repeating: "let a = 1\n", count: 500), lines: []),
        Case(text: String(repeating: "let a = 1\n", count: 501), lines: [501]),
        Case(path: "Tests/WaybillCoreTests/X.swift", text: String(repeating: "let a = 1\n", count: 800), lines: []),
        Case(path: "Tests/WaybillCoreTests/X.swift", text: String(repeating: "let a = 1\n", count: 801), lines: [801]),
        Case(text: "func f() {\n" + String(repeating: "    a()\n", count: 67) + "}", lines: []),
        Case(text: "func f() {\n" + String(repeating: "    a()\n", count: 68) + "}", lines: [1]),
        Case(text: "struct S {\n    init(\n        a: Int\n    ) {\n" + String(repeating: "a()\n", count: 66) + "    }\n}", lines: [2]),
        Case(
            text: "protocol P {\n    func f()\n    func g() -> Int\n}\nstruct S {\n" + String(repeating: "let a = 1\n", count: 90) + "}",
            lines: []),
        Case(text: "func f() -> Int\nwhere A: B\n{\n" + String(repeating: "a()\n", count: 70) + "}", lines: [1]),
        Case(text: "func f(a: () -> Void = { \"}\" }) {\n" + String(repeating: "a()\n", count: 70) + "}", lines: [1]),
    ]

    @Test("A snippet is complained about on exactly these lines", arguments: cases)
    func complaints(_ example: Case) {
        let file = SourceFile(path: example.path, text: example.text)
        let findings = Rule.all.flatMap { $0.check(file) }
        #expect(Set(findings.map(\.line)).sorted() == example.lines, "\(findings)")
    }

    @Test("Every rule complains about at least one snippet", arguments: Rule.all)
    func everyRuleCanFail(_ rule: Rule) {
        let findings = RuleTests.cases.flatMap { rule.check(SourceFile(path: $0.path, text: $0.text)) }
        #expect(!findings.isEmpty)
    }

    @Test("Every banned call and text is found where it is banned", arguments: Bans.calls + Bans.texts)
    func everyBanIsFound(_ ban: Bans.Ban) throws {
        let folder = try #require(ban.under.first)
        let file = SourceFile(path: "\(folder)X.swift", text: "x \(ban.text) y")
        #expect(Bans.rules.contains { !$0.check(file).isEmpty })
    }

    @Test("Blanking keeps every line in its place")
    func blankingKeepsLines() {
        let text = "let a = \"\"\"\n  x\n  \"\"\" // y\n/* z\n*/ let b = 1\n"
        let file = SourceFile(path: "Sources/WaybillCore/X.swift", text: text)
        #expect(file.code.count == file.lines.count)
        #expect(file.code.last == "   let b = 1")
    }
}
