import WaybillCore
import WaybillLedger

extension AgreementDesk {
    /// The draft of a document; refused if there is none.
    func opened(_ name: PolicyDocumentName) throws(DeskRefusal) -> PolicyLife.Draft {
        guard let draft = try lives()[name].draft else {
            throw DeskRefusal("no_draft", "There is no draft of this \(name.kind.rawValue); make one first.")
        }
        return draft
    }

    /// A draft may be wrong in every other way, but it must be the document that it is kept as.
    func head(_ name: PolicyDocumentName, _ text: [UInt8]) throws(DeskRefusal) -> PolicyHead {
        guard text.count <= Self.documentBytesMax else {
            throw DeskRefusal("too_large", "The document is larger than \(Self.documentBytesMax) bytes; split it.")
        }
        let head: PolicyHead
        do throws(PolicyProblem) {
            head = try PolicyLoader.head(path: name.path(version: 0), bytes: text)
        } catch {
            throw DeskRefusal(
                "document_malformed", "The document cannot be read: \(DeskProblem(error).sentence).", problems: [DeskProblem(error)])
        }
        guard head.id == name.id else {
            let problem = PolicyProblem(
                severity: .error, position: head.position, code: "other_id",
                message: "the document names another \(name.kind.rawValue) than the one it is a draft of",
                remedy: "write `\(name.kind.rawValue): \(name.id)`")
            throw DeskRefusal(
                "other_id", "The document is of another id: \(DeskProblem(problem).sentence).", problems: [DeskProblem(problem)])
        }
        return head
    }

    /// One at a time, off the actor: a large set takes its time, and a stop must never wait for it.
    private static let lintQueue = BlockingQueue("agreements.lint")
    static func apart<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws(DeskRefusal) -> Value {
        do { return try await lintQueue.run(work) } catch { throw DeskRefusal(error) }
    }

    /// The set as it would be with a draft in it, worked out now. Throws with everything that is wrong.
    func admissible(_ draft: PolicyLife.Draft, of name: PolicyDocumentName) async throws(DeskRefusal) -> PolicySet {
        let lives = try lives()
        let parts = parts
        let lint = try await Self.apart { try Self.lint(draft, of: name, lives, parts).lint }
        guard let set = lint.set else {
            let errors = lint.problems.filter(\.isError)
            let shown = errors.prefix(5).map { "\($0.file):\($0.sentence)" }.joined(separator: " · ")
            throw DeskRefusal("policy_invalid", "The policies would be broken with it: \(shown).", problems: lint.problems)
        }
        return set
    }

    /// `set` nil: it is broken. Warnings are those of the draft itself.
    typealias Lint = (set: PolicySet?, problems: [DeskProblem])

    /// Blocks, for seconds where there are thousands of agreements. Also the files that the set would be made of.
    static func lint(
        _ draft: PolicyLife.Draft, of name: PolicyDocumentName, _ lives: PolicyLives, _ parts: Parts
    ) throws -> (lint: Lint, files: [String: [UInt8]]) {
        let files = try candidate(draft, of: name, lives, parts)
        let path = name.path(version: draft.version)
        do {
            let (set, warnings) = try PolicyLoader.load(files: files, since: parts.set())
            let late = latecomer(draft, of: name, path, parts.set())
            guard late.isEmpty else { throw PolicyProblems(all: late) }
            try parts.check(set)
            return ((set, warnings.filter { $0.position.file == path }.map { DeskProblem($0) }), files)
        } catch let problems as PolicyProblems {
            let own = problems.all.filter { $0.position.file == path }
            return ((nil, (own + problems.all.filter { $0.position.file != path }).map { DeskProblem($0) }), files)
        } catch {
            throw DeskRefusal("not_admissible", "The policies could not come into force with it: \(error).")
        }
    }

    /// Files, what the store has in force, and the draft in the place of what it replaces.
    private static func candidate(
        _ draft: PolicyLife.Draft, of name: PolicyDocumentName, _ lives: PolicyLives, _ parts: Parts
    ) throws -> [String: [UInt8]] {
        var files = try parts.files()
        for (path, bytes) in try parts.store.files(of: lives, at: parts.clock()) { files[path] = bytes }
        guard let text = try parts.store.document(draft.digest) else { throw PolicyLifeProblem.documentLost }
        files[name.path(version: draft.version)] = text
        return files
    }

    /// A version that is not the newest would never govern.
    private static func latecomer(
        _ draft: PolicyLife.Draft, of name: PolicyDocumentName, _ path: String, _ set: PolicySet
    ) -> [PolicyProblem] {
        guard name.kind == .agreement else { return [] }
        let newest = set.agreements.filter { $0.id == name.id }.map(\.version).max() ?? 0
        guard draft.version <= newest else { return [] }
        return [
            PolicyProblem(
                severity: .error, position: SourcePosition(file: path, line: 1, column: 1), code: "version_too_low",
                message: "version \(newest) of the agreement exists, and of versions in force the newest counts",
                remedy: "write `version: \(newest + 1)`")
        ]
    }

    /// An agreement version of the files with this digest.
    func provisioned(_ name: PolicyDocumentName, _ digest: String) -> Agreement? {
        guard name.kind == .agreement else { return nil }
        return parts.set().agreements.first { agreement in
            agreement.id == name.id && agreement.digest == digest && !agreement.position.file.hasPrefix(PolicyDocumentName.storeFolder)
        }
    }
}
