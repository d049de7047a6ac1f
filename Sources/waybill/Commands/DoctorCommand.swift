import ArgumentParser

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is wrong with this installation and how to mend it; changes nothing.",
        discussion: """
            Works beside a running gate or without one. Ends with 1 if something must be mended, so that a monitor can ask by it; warnings \
            alone end with 0.
            """)
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var format: OutputOptions
    @Flag(name: .long, help: "Only what is wrong.")
    var quiet = false

    func run() async throws {
        let settings = try await installation.settings()
        var table = Table(columns: ["area", "level", "what", "remedy"], whenEmpty: "nothing is wrong")
        var (lines, worst) = ("", Finding.Level.ok)
        for examination in Examination.all {
            for finding in await examination.findings(settings) where !quiet || finding.level != .ok {
                worst = max(worst, finding.level)
                table.append([
                    .text(examination.area), .text(finding.level.rawValue), .text(finding.what), .optional(finding.remedy),
                ])
                lines += Self.lines(examination.area, finding)
            }
        }
        let isForPeople = format.output == .table
        StandardStreams.writeOutput(isForPeople ? (lines.isEmpty ? "nothing is wrong\n" : lines) : table.text(format.output))
        if worst == .error { throw ExitStatus.failed.quietly }
    }

    /// Sentences are too long for columns.
    private static func lines(_ area: String, _ finding: Finding) -> String {
        let level = finding.level.rawValue
        let head = level + String(repeating: " ", count: max(1, 9 - level.utf8.count))
        let what = finding.what.split(separator: "\n").map { Table.visible(String($0)) }.joined(separator: "\n           ")
        return "\(head)\(area): \(what)\n" + (finding.remedy.map { "         → \(Table.visible($0))\n" } ?? "")
    }
}
