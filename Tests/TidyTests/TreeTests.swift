import FoundationEssentials
import Testing

@Suite("The source tree is tidy")
struct TreeTests {
    @Test("Every Swift file keeps the rule", arguments: Rule.all)
    func everySwiftFileKeeps(_ rule: Rule) throws {
        let findings = try Tree.swiftFiles().flatMap(rule.check)
        #expect(findings.isEmpty, "\(findings.map(\.description).joined(separator: "\n"))")
    }

    @Test("Scripts, documents and policies hold no leftovers either", arguments: Leftovers.rules)
    func everyTextFileKeeps(_ rule: Rule) throws {
        let findings = try Tree.textFiles().flatMap(rule.check)
        #expect(findings.isEmpty, "\(findings.map(\.description).joined(separator: "\n"))")
    }

    @Test("The tree that is checked is the real one")
    func theTreeIsThere() throws {
        let paths = try Set(Tree.swiftFiles().map(\.path))
        #expect(paths.contains("Tests/TidyTests/TreeTests.swift"))
        #expect(paths.contains("Sources/WaybillCore/PolicySet.swift") || paths.contains { $0.hasPrefix("Sources/WaybillCore/") })
        #expect(paths.count > 40)
    }

    @Test("Every module under Sources has its line in the table of imports, and its tests")
    func everyModuleIsKnown() throws {
        let modules = try Set(Tree.swiftFiles().compactMap(\.module))
        #expect(modules.subtracting(Imports.ours.keys).isEmpty)
        let tests = try Set(Tree.swiftFiles().filter(\.isTest).map { String($0.path.split(separator: "/")[1]) })
        for module in modules where module != "WaybillTesting" { #expect(tests.contains("\(module)Tests")) }
    }

    @Test("The package turns on no experimental feature and keeps warnings as errors")
    func packageSettings() throws {
        let data = try #require(FileManager.default.contents(atPath: "\(Tree.root)/Package.swift"))
        let text = String(decoding: data, as: UTF8.self)
        #expect(!text.contains("enableExperimentalFeature"))
        #expect(!text.contains("unsafeFlags"))
        #expect(text.contains(".treatAllWarnings(as: .error)"))
        #expect(text.contains(".swiftLanguageMode(.v6)"))
    }

    @Test("README stays short enough to be read")
    func readmeIsShort() throws {
        let data = try #require(FileManager.default.contents(atPath: "\(Tree.root)/README.md"))
        #expect(String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).count <= 150)
    }

    @Test("Scripts that people start can be started")
    func scriptsAreExecutable() {
        for path in ["scripts/demo", "scripts/test", "bench/compare", ".ci/run"] {
            #expect(FileManager.default.isExecutableFile(atPath: "\(Tree.root)/\(path)"), "\(path)")
        }
    }
}
