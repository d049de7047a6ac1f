package import WaybillCore
package import WaybillLedger

/// Why an act on a document was not done. `message`: sentences with the remedy; never words of people, nor text of the document.
package struct DeskRefusal: Error, Sendable, Equatable {
    package var code: String
    package var message: String
    /// What lint says, errors first.
    package var problems: [DeskProblem]

    package init(_ code: String, _ message: String, problems: [DeskProblem] = []) {
        self.code = code
        self.message = message
        self.problems = problems
    }
}

/// One problem of lint.
package struct DeskProblem: Sendable, Codable, Equatable {
    /// In the policy set.
    package var file: String
    package var line: Int
    package var column: Int
    package var severity: String
    package var code: String
    package var message: String
    package var remedy: String

    package init(_ problem: PolicyProblem) {
        (file, line, column) = (problem.position.file, problem.position.line, problem.position.column)
        severity = problem.severity.rawValue
        code = problem.code
        (message, remedy) = (problem.message, problem.remedy)
    }

    package var isError: Bool { severity == PolicyProblem.Severity.error.rawValue }
    package var sentence: String { "\(line):\(column): \(message); \(remedy)" }
}

/// Who stopped something, when, and why.
package struct StopReport: Sendable, Codable, Equatable {
    package var at: String
    package var by: String
    package var why: String

    package init(_ event: SuspensionEvent) { (at, by, why) = (event.stamp.at.rfc3339, event.stamp.by, event.why) }
    package init(_ rejection: PolicyLife.Rejection) {
        (at, by, why) = (rejection.stamp.at.rfc3339, rejection.stamp.by, rejection.why)
    }
    package init(_ end: PolicyLife.Version.End) { (at, by, why) = (end.stamp.at.rfc3339, end.stamp.by, end.why) }
}

/// One version of a vendor, an agreement or a caller, or a draft of one.
package struct VersionReport: Sendable, Codable, Equatable {
    package enum Origin: String, Sendable, Codable { case files, console }
    package var kind: PolicyDocumentName.Kind
    package var id: String
    /// Nil: vendors and callers in files have none.
    package var version: Int?
    package var state: LifeState
    package var origin: Origin
    /// For people: a vendor's legal name, an agreement's vendor.
    package var title: String
    package var vendor: String?
    package var owner: String?
    package var from: String?
    package var until: String?
    package var reviewNext: String?
    package var digest: String
    /// Of a draft: what a change must name (`ETag`).
    package var tag: String?
    package var authors: [String] = []
    package var approvedBy: String?
    package var approvedAt: String?
    package var supersedes: Int?
    package var supersededBy: Int?
    package var stop: StopReport?
    package var terminated: StopReport?
    /// Of a draft that was rejected: the last words.
    package var rejection: StopReport?

    init(_ name: PolicyDocumentName, state: LifeState, origin: Origin, title: String, digest: String) {
        (kind, id) = (name.kind, name.id)
        self.state = state
        self.origin = origin
        self.title = title
        self.digest = digest
    }
}

/// Everything about one document.
package struct DocumentReport: Sendable, Codable, Equatable {
    /// Newest first; a draft before all.
    package var versions: [VersionReport]
    /// The text of the first of `versions`.
    package var text: String
    /// Of a draft: what lint says of the set with it.
    package var problems: [DeskProblem]
    package var history: [HistoryLine]
}

package struct HistoryLine: Sendable, Codable, Equatable {
    package var at: String
    package var by: String
    package var act: String
    package var digest: String?
    package var why: String?

    init(_ event: PolicyLifeEvent) {
        (at, by, act) = (event.stamp.at.rfc3339, event.stamp.by, event.act.name)
        switch event.act {
        case .draft(_, let digest), .submit(let digest), .approve(let digest, _), .confirm(_, let digest): self.digest = digest
        case .reject(let digest, let why): (self.digest, self.why) = (digest, why)
        case .terminate(_, let why): self.why = why
        case .discard: break
        }
    }
}
