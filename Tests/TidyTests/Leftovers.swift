/// Notes to self, secrets and places of one machine. Looked for in whole lines, comments and strings included, of every text file.
enum Leftovers {
    // Put together here so that these lines do not find themselves.
    static let notes = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    static let privateKey = "PRIVATE " + "KEY-----"
    static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]

    static let rules = [
        Rule(name: "no note to self is left over") { file in
            finding(in: file) { line in
                notes.first { note in line.contains(note) && words(line).contains { $0 == note } }.map { "`\($0)` is left over" }
            }
        },
        Rule(name: "no private key is checked in") { file in
            finding(in: file) { $0.contains(privateKey) && $0.contains("BEGIN") ? "a private key does not belong in Git" : nil }
        },
        Rule(name: "nothing names a place of one machine") { file in
            finding(in: file) { line in machinePaths.first { line.contains($0) }.map { "`\($0)` is a place of one machine" } }
        },
    ]

    private static func finding(in file: SourceFile, _ complaint: (String) -> String?) -> [Finding] {
        file.lines.enumerated().compactMap { number, line in
            complaint(line).map { Finding(path: file.path, line: number + 1, message: $0) }
        }
    }

    private static func words(_ line: String) -> [Substring] { line.split { !($0.isLetter || $0.isNumber || $0 == "_") } }
}
