import FoundationEssentials
import Testing

@testable import WaybillControl

@Suite("Templates of the console")
struct ConsoleTemplatesTests {
    private static let folder = "\(root)/Sources/WaybillControl/Console"
    private static let root = #filePath.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/\($1)" }

    @Test("Every one compiles, and takes in only others that are there")
    func compile() throws { _ = try ConsoleTemplates() }

    @Test("Every file is in the list, and says at its top what it takes")
    func listed() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder + "/Templates")
        #expect(files.allSatisfy { $0.hasSuffix(".mustache") })
        #expect(files.map { String($0.dropLast(9)) }.sorted() == ConsoleTemplateList.all.map(\.name).sorted())
        for (name, bytes) in ConsoleTemplateList.all {
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("{{! "), "\(name)")
            #expect(!String(decoding: bytes, as: UTF8.self).contains("style="), "\(name)")
        }
    }

    @Test("Every template that a page names is there")
    func named() throws {
        let templates = try ConsoleTemplates()
        var count = 0
        for file in try FileManager.default.subpathsOfDirectory(atPath: Self.folder) where file.hasSuffix(".swift") {
            let data = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(file)"))
            for match in String(decoding: data, as: UTF8.self).matches(of: /\.page\(\s*"([a-z-]+)",\s*title:/) {
                count += 1
                #expect(templates.names.contains(String(match.output.1)), "\(file): \(match.output.1)")
            }
        }
        #expect(count > 0)
    }

    static let broken: [(String, String)] = [
        ("{{>nowhere}}", "takes in nowhere, which is not there"), ("{{#a}}", "is malformed"),
        ("{{{a}}}", "shows a value without escaping it"),
        ("{{& a}}", "shows a value without escaping it"), ("{{% CONTENT_TYPE:TEXT}}", "shows a value without escaping it"),
    ]

    @Test("A broken one is refused", arguments: broken)
    func refused(text: String, why: String) {
        let problem = #expect(throws: ConsoleTemplates.Problem.self) { _ = try ConsoleTemplates([("x", Array(text.utf8))]) }
        #expect(problem?.what.hasPrefix(why) == true)
    }

    @Test(
        "A sign that makes one character with what stands beside it does not take it past the escaping",
        arguments: ["\u{600}<b>", "<\u{301}b>", "\"\u{301} onfocus=x", "'\u{20DD}", "\u{600}&lt;", ">\u{FE0F}"])
    func characters(text: String) throws {
        let templates = try ConsoleTemplates([
            ("x", Array("<i title=\"{{a}}\">{{>y}}{{#l}}{{.}}{{/l}}</i>".utf8)), ("y", Array("{{a}}".utf8)),
        ])
        let shown = try #require(templates.render("x", .object(["a": .string(text), "l": .strings([text])])))
        let values = shown.unicodeScalars.filter { ["<", ">", "\"", "'"].contains($0) }.map { String($0) }.joined()
        #expect(values == "<\"\"></i>".filter { "<>\"".contains($0) }, "\(shown)")
        #expect(!shown.contains("&lt;b&gt;&lt;") && shown.utf8.count > text.utf8.count * 3)
    }

    @Test("Null, false and an empty text are false, and hide what is further out")
    func nothing() throws {
        let templates = try ConsoleTemplates([("x", Array("{{#in}}{{#a}}yes{{/a}}{{^a}}no{{/a}}{{/in}}".utf8))])
        for (inner, text) in [(JSONValue.null, "no"), (.string(""), "no"), (.bool(false), "no"), (.string("b"), "yes"), (.int(0), "yes")] {
            #expect(templates.render("x", .object(["a": .string("out"), "in": .object(["a": inner])])) == text)
        }
    }

    @Test("What stands in a text area and in code keeps its lines as they are")
    func indentation() throws {
        let templates = try ConsoleTemplates()
        let code = JSONValue.object(["parts": .array([ConsolePart.part("code", ConsolePart.code("x", "a:\n  b\n\n c"))])])
        #expect(templates.render("parts", code)?.contains("<pre><code>a:\n  b\n\n c</code></pre>") == true)
    }
}
