import FoundationEssentials
import Testing

@Suite("Documents keep what they promise")
struct DocumentTests {
    @Test("Every link between documents leads to a file")
    func linksLeadSomewhere() throws {
        var broken: [String] = []
        var count = 0
        for file in try Tree.textFiles() where file.path.hasSuffix(".md") {
            for (line, target) in links(in: file) {
                count += 1
                let path = resolve(target, from: file.path)
                if !FileManager.default.fileExists(atPath: "\(Tree.root)/\(path)") { broken.append("\(file.path):\(line): \(target)") }
            }
        }
        #expect(broken.isEmpty, "\(broken.joined(separator: "\n"))")
        #expect(count > 5)
    }

    @Test("Links are found, addresses and anchors are not links between documents")
    func linksAreFound() {
        let file = SourceFile(path: "docs/x.md", text: "[a](b.md) and [c](../d/e.md#f)\n[g](https://h.example) [i](#j)")
        #expect(links(in: file).map(\.target) == ["b.md", "../d/e.md"])
        #expect(resolve("../d/e.md", from: "docs/x.md") == "d/e.md")
        #expect(resolve("b.md", from: "docs/x.md") == "docs/b.md")
        #expect(resolve("b.md", from: "README.md") == "b.md")
    }

    private func links(in file: SourceFile) -> [(line: Int, target: String)] {
        file.lines.enumerated().flatMap { number, line in
            line.components(between: "](", and: ")").compactMap { link in
                guard !link.contains("://"), let target = link.split(separator: "#", omittingEmptySubsequences: false).first,
                    !target.isEmpty
                else {
                    return nil
                }
                return (number + 1, String(target))
            }
        }
    }

    private func resolve(_ target: String, from file: String) -> String {
        var parts = file.split(separator: "/").dropLast()
        for part in target.split(separator: "/") where part != "." {
            if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}

extension String {
    fileprivate func components(between opening: String, and closing: Character) -> [Substring] {
        var found: [Substring] = []
        var rest = self[...]
        while let start = rest.firstRange(of: opening) {
            rest = rest[start.upperBound...]
            found.append(rest.prefix { $0 != closing })
        }
        return found
    }
}
