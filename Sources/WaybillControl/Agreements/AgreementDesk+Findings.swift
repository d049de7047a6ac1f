import Crypto
import Synchronization
import WaybillCore
import WaybillLedger

/// What became of one policy test.
package struct DraftTestResult: Sendable, Equatable {
    package var name: String
    package var at: String
    package var passed: Bool
    package var failures: [String]
}

/// What can be said of a draft before anybody decides on it. It stands as long as neither the draft nor the set in force changes; whoever
/// submits or approves has it worked out anew.
package struct DraftFindings: Sendable {
    /// With the draft in it the set could come into force.
    package var isAdmissible: Bool
    package var problems: [DeskProblem]
    /// Of the files, run against the policies with the draft in them; empty where those are broken.
    package var tests: [DraftTestResult]
    /// The draft in words, for the console.
    var words: [JSONValue]
}

/// The findings about the drafts that were looked at last.
package final class FindingsCache: Sendable {
    struct Key: Hashable {
        var set: String
        var name: PolicyDocumentName
        var tag: String
    }
    static let draftsMax = 64
    private let kept = Mutex<(order: [Key], values: [Key: DraftFindings])>(([], [:]))

    subscript(key: Key) -> DraftFindings? { kept.withLock { $0.values[key] } }

    func keep(_ findings: DraftFindings, for key: Key) {
        kept.withLock { kept in
            if kept.values.updateValue(findings, forKey: key) == nil { kept.order.append(key) }
            while kept.order.count > Self.draftsMax { kept.values[kept.order.removeFirst()] = nil }
        }
    }
}

extension AgreementDesk {
    /// Of the draft as it reads now, with the set in force. Worked out once, off the actor: for a large set it takes seconds.
    func findings(_ name: PolicyDocumentName) async throws(DeskRefusal) -> DraftFindings {
        let draft = try opened(name)
        let (lives, report, parts, cache) = (try lives(), try first(name), parts, found)
        let key = FindingsCache.Key(set: parts.set().digest, name: name, tag: draft.tag)
        if let known = cache[key] { return known }
        return try await Self.apart {
            // Somebody else may have asked for the same before.
            if let known = cache[key] { return known }
            let found = try Self.find(draft, name, report, lives, parts)
            cache.keep(found, for: key)
            return found
        }
    }

    private static func find(
        _ draft: PolicyLife.Draft, _ name: PolicyDocumentName, _ report: VersionReport, _ lives: PolicyLives, _ parts: Parts
    ) throws -> DraftFindings {
        let (lint, files) = try lint(draft, of: name, lives, parts)
        guard let set = lint.set else { return DraftFindings(isAdmissible: false, problems: lint.problems, tests: [], words: []) }
        // Of dry runs only: hashes and pseudonyms in expected bodies are made with it.
        let master = SymmetricKey(data: [UInt8](repeating: 0, count: 32))
        let results = try PolicyLoader.tests(files: files).flatMap { PolicyTestRunner.run($0, policy: set, master: master) }
        return DraftFindings(
            isAdmissible: true, problems: lint.problems,
            tests: results.map { result in
                DraftTestResult(
                    name: result.name, at: result.position.description, passed: result.passed, failures: result.failures.map { "\($0)" })
            }, words: DocumentWords.parts(of: report, in: set))
    }
}
