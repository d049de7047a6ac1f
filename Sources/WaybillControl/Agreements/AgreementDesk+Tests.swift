import Crypto
import WaybillCore
import WaybillLedger

/// What became of one policy test.
struct DraftTestResult: Sendable, Equatable {
    var name: String
    var at: String
    var passed: Bool
    var failures: [String]
}

extension AgreementDesk {
    /// The tests of the files, run against the policies with the draft in them.
    func tests(_ draft: PolicyLife.Draft, of name: PolicyDocumentName) throws(DeskRefusal) -> [DraftTestResult] {
        let files = try candidate(draft, of: name)
        do throws(PolicyProblems) {
            let set = try PolicyLoader.load(files: files, since: parts.set()).set
            let tests = try PolicyLoader.tests(files: files)
            // Of dry runs only: hashes and pseudonyms in expected bodies are made with it.
            let master = SymmetricKey(data: [UInt8](repeating: 0, count: 32))
            return tests.flatMap { PolicyTestRunner.run($0, policy: set, master: master) }.map { result in
                DraftTestResult(
                    name: result.name, at: result.position.description, passed: result.passed, failures: result.failures.map { "\($0)" })
            }
        } catch {
            throw DeskRefusal("policy_invalid", "The policies would be broken with it.", problems: error.all.map { DeskProblem($0) })
        }
    }
}
