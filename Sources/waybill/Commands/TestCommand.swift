import ArgumentParser
import Crypto
import WaybillCore

struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the policy tests of a set.",
        discussion: "Exit code 0 if every case passes, 3 if the set does not load, 4 if a case fails.")

    @Argument(help: "The policy directory.", completion: .directory)
    var directory: String

    @OptionGroup var format: OutputOptions

    func run() throws {
        let policies = PolicyDirectory(directory)
        let files = try policies.read()
        let set: PolicySet
        let tests: [PolicyTestFile]
        do throws(PolicyProblems) {
            set = try PolicyLoader.load(files: files).set
            tests = try PolicyLoader.tests(files: files)
        } catch {
            throw policies.failure(error)
        }
        // Of dry runs only: what hashes and pseudonyms in expected bodies are made with.
        let master = SymmetricKey(data: [UInt8](repeating: 0, count: 32))
        var results: [PolicyTestRunner.Result] = []
        for file in tests { results += PolicyTestRunner.run(file, policy: set, master: master) }
        report(results, policies)
        if results.contains(where: { !$0.passed }) { throw ExitStatus.policyTestFailed.quietly }
    }

    private func report(_ results: [PolicyTestRunner.Result], _ policies: PolicyDirectory) {
        if format.output == .table {
            var lines = ""
            for result in results where !result.passed {
                let place = Files.resolve(result.position.description, against: policies.path)
                for failure in result.failures { lines += Table.visible("\(place): \(result.name): \(failure)") + "\n" }
            }
            let failed = results.count { !$0.passed }
            StandardStreams.writeOutput(lines + "\(results.count - failed) passed, \(failed) failed\n")
            return
        }
        var table = Table(columns: ["file", "line", "column", "name", "passed", "failures"], whenEmpty: "")
        for result in results {
            table.append([
                .text(Files.resolve(result.position.file, against: policies.path)), .number(Int64(result.position.line)),
                .number(Int64(result.position.column)), .text(result.name), .bool(result.passed), .texts(result.failures),
            ])
        }
        StandardStreams.writeOutput(table.text(format.output))
    }
}
