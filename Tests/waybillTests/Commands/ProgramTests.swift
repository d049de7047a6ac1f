import Testing

@testable import waybill

@Suite("The program as built")
struct ProgramTests {
    @Test(
        "Wrong usage ends with 2 and says what is right",
        arguments: [
            ["nonsense"], ["lint"], ["lint", "a", "b"], ["ca", "show", "--nonsense"], ["lint", "--output", "xml", "."],
            ["ca", "show", "--set", "novalue"], ["init", "--id", "Not An Id", "x"], ["init", "--country", "Germany", "x"],
        ])
    func usage(arguments: [String]) throws {
        let ending = try Program.waybill(arguments)
        #expect(ending.status == 2)
        #expect(ending.error.contains("Usage:") && ending.output.isEmpty)
    }

    @Test("Help and version end with 0", arguments: [["--help"], ["--version"], ["help", "ca"], ["ca", "show", "--help"], []])
    func help(arguments: [String]) throws {
        let ending = try Program.waybill(arguments)
        #expect(ending.status == 0 && !ending.output.isEmpty && ending.error.isEmpty)
    }

    @Test("Completions are made for every shell", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let ending = try Program.waybill(["--generate-completion-script", shell])
        #expect(ending.status == 0 && ending.output.contains("waybill") && ending.output.contains("lint"))
        if shell == "bash" {
            let checked = try Program.run("/bin/bash", ["-n"], input: ending.output)
            #expect(checked.status == 0, "\(checked.error)")
        }
    }

    @Test(
        "A missing directory or configuration ends with 1 and one sentence",
        arguments: [["lint", "/nonexistent"], ["ca", "show", "--config", "/nonexistent.yaml"]])
    func missing(arguments: [String]) throws {
        let ending = try Program.waybill(arguments)
        #expect(ending.status == 1)
        #expect(ending.error.hasPrefix("waybill: there is no ") && ending.error.split(separator: "\n").count == 1)
    }

    @Test(
        "The reference pages in docs/ are what the code says",
        arguments: ["cli.md", "configuration.md", "metrics.md", "openapi.json", "operators.md", "permissions.md", "reason-codes.md"])
    func reference(file: String) throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let page = String(file.prefix { $0 != "." })
        let checkedIn = try Files.read("/\(root)/docs/reference/\(file)", bytesMax: 4 << 20)
        // Compared before they are shown: thousands of lines of difference help nobody.
        let isSame = try Program.waybill(["reference", page]).output == String(decoding: checkedIn, as: UTF8.self)
        #expect(isSame, "run: waybill reference \(page) > docs/reference/\(file)")
    }
}
