import Foundation

/// Usage: generate-log [--transfers N] [--subjects N] DIR
///
/// Makes DIR an installation with a valid log of N transfers over the year up to now, written by the ledger itself, so that every
/// command works on it: `waybill transfers list --config DIR/waybill.yaml`. Subjects are `email:person0@example.com` and so on, all
/// first seen by the log; person0 is in every hundredth transfer, the others share the rest evenly. A new installation is made by
/// `waybill init`: of the environment variable WAYBILL, else of the repository's release or debug build.
@main
struct GenerateLog {
    private var transfers = 1_000_000
    private var subjects = 100_000
    private var directory = ""

    static func main() {
        umask(0o077)
        do {
            let command = try GenerateLog(CommandLine.arguments.dropFirst())
            let installation = try Installation(URL(filePath: command.directory))
            try Generator(installation, transfers: command.transfers, subjects: command.subjects).run()
        } catch {
            say("generate-log: \(error)")
            exit(1)
        }
    }

    private init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let argument = rest.popFirst() {
            switch argument {
            case "--transfers": transfers = try Self.number(argument, rest.popFirst())
            case "--subjects": subjects = try Self.number(argument, rest.popFirst())
            case _ where argument.hasPrefix("-"): throw Installation.Unusable(description: "there is no option \(argument)")
            default: directory = argument
            }
        }
        if directory.isEmpty {
            throw Installation.Unusable(description: "name a directory: generate-log [--transfers N] [--subjects N] DIR")
        }
    }

    private static func number(_ name: String, _ text: String?) throws -> Int {
        guard let number = text.flatMap({ Int($0) }), number > 0 else {
            throw Installation.Unusable(description: "\(name) needs a number")
        }
        return number
    }

    static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
