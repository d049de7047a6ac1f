package import WaybillCore
package import WaybillLedger

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

    /// The set as it would be with a draft in it. Throws with everything that is wrong.
    func admissible(_ draft: PolicyLife.Draft, of name: PolicyDocumentName) throws(DeskRefusal) -> PolicySet {
        let (set, problems) = try lint(draft, of: name)
        guard let set else {
            let errors = problems.filter(\.isError)
            let shown = errors.prefix(5).map { "\($0.file):\($0.sentence)" }.joined(separator: " · ")
            throw DeskRefusal("policy_invalid", "The policies would be broken with it: \(shown).", problems: problems)
        }
        return set
    }

    /// Nil: it is broken. Warnings are those of the draft itself.
    package func lint(
        _ draft: PolicyLife.Draft, of name: PolicyDocumentName
    ) throws(DeskRefusal) -> (set: PolicySet?, problems: [DeskProblem]) {
        let files = try candidate(draft, of: name)
        let path = name.path(version: draft.version)
        do {
            let (set, warnings) = try PolicyLoader.load(files: files, since: parts.set())
            let late = latecomer(draft, of: name, path)
            guard late.isEmpty else { throw PolicyProblems(all: late) }
            try parts.check(set)
            return (set, warnings.filter { $0.position.file == path }.map { DeskProblem($0) })
        } catch let problems as PolicyProblems {
            let own = problems.all.filter { $0.position.file == path }
            return (nil, (own + problems.all.filter { $0.position.file != path }).map { DeskProblem($0) })
        } catch {
            throw DeskRefusal("not_admissible", "The policies could not come into force with it: \(error).")
        }
    }

    /// Files, what the store has in force, and the draft in the place of what it replaces.
    package func candidate(_ draft: PolicyLife.Draft, of name: PolicyDocumentName) throws(DeskRefusal) -> [String: [UInt8]] {
        let lives = try lives()
        return try stored {
            var files = try parts.files()
            for (path, bytes) in try parts.store.files(of: lives) { files[path] = bytes }
            guard let text = try parts.store.document(draft.digest) else { throw PolicyLifeProblem.documentLost }
            files[name.path(version: draft.version)] = text
            return files
        }
    }

    /// The set in force, as files.
    package func present() throws(DeskRefusal) -> [String: [UInt8]] {
        let lives = try lives()
        return try stored { try parts.files().merging(try parts.store.files(of: lives)) { _, stored in stored } }
    }

    /// A version that is not the newest would never govern.
    private func latecomer(_ draft: PolicyLife.Draft, of name: PolicyDocumentName, _ path: String) -> [PolicyProblem] {
        guard name.kind == .agreement else { return [] }
        let newest = parts.set().agreements.filter { $0.id == name.id }.map(\.version).max() ?? 0
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
