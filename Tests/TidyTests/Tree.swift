import FoundationEssentials
import Testing

/// The files of this repository, found from where this file lies.
enum Tree {
    static let root = String(#filePath.dropLast("/Tests/TidyTests/Tree.swift".count))

    /// Folders that hold code and text of ours.
    static let folders = ["Sources", "Tests", "Benchmarks", "scripts", "acceptance", "bench", "docs", "policies", "certs", ".ci"]
    static let textEndings = ["swift", "py", "lua", "conf", "json", "yaml", "md", "sh", "pem", "key", "h", "c", "ndjson"]

    /// Read and blanked once for all rules.
    private static let swift = Result { try paths(under: ["Sources", "Tests", "Benchmarks"]).filter { $0.hasSuffix(".swift") }.map(file) }

    static func swiftFiles() throws -> [SourceFile] { try swift.get() }

    /// Every text file, Swift or not; scripts without an ending included.
    static func textFiles() throws -> [SourceFile] {
        let top = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.hasSuffix(".md") || $0 == "Package.swift" }
        return try (top + paths(under: folders)).filter { path in
            let name = path.split(separator: "/").last ?? ""
            let ending = name.split(separator: ".").last.map(String.init) ?? ""
            return !name.contains(".") || textEndings.contains(ending)
        }.map(file)
    }

    private static func paths(under folders: [String]) throws -> [String] {
        try folders.flatMap { folder -> [String] in
            guard FileManager.default.fileExists(atPath: "\(root)/\(folder)") else { return [] }
            return try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").map { "\(folder)/\($0)" }
        }.filter { path in
            var isFolder = false
            let exists = FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder)
            return exists && !isFolder && !path.contains("/.build") && !path.contains("/__pycache__/")
        }.sorted()
    }

    private static func file(_ path: String) throws -> SourceFile {
        let data = try #require(FileManager.default.contents(atPath: "\(root)/\(path)"), "cannot read \(path)")
        return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
    }
}
