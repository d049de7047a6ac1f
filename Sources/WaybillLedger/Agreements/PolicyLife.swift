package import WaybillCore

/// Why an act on a document does not fit. `message`: sentences with the remedy.
package struct PolicyLifeProblem: Error, Sendable, Equatable {
    package var code: String
    package var message: String
    package init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// The life of one vendor, agreement or caller beside the files: a fold over its events, and nothing else changes it.
package struct PolicyLife: Sendable {
    package struct Revision: Sendable, Equatable {
        package var digest: String
        package var stamp: EngagementEvent.Stamp
    }
    package struct Rejection: Sendable, Equatable {
        package var digest: String
        package var why: String
        package var stamp: EngagementEvent.Stamp
    }
    package struct Draft: Sendable, Equatable {
        package fileprivate(set) var version: Int
        /// Every text it had, the present one last; never empty.
        package fileprivate(set) var revisions: [Revision]
        /// Set while it is in review: the text that may be approved.
        package fileprivate(set) var submitted: Revision?
        package fileprivate(set) var rejections: [Rejection] = []

        package var digest: String { revisions.last?.digest ?? "" }
        package var authors: Set<String> { Set(revisions.map(\.stamp.by)) }
        package var state: LifeState { submitted == nil ? .draft : .inReview }
        /// What a change must name: another text, or the same text put back, is another one.
        package var tag: String { "\(version)-\(revisions.count)-\(digest.prefix(16))" }
    }
    package struct Version: Sendable, Equatable {
        package struct End: Sendable, Equatable {
            package var why: String
            package var stamp: EngagementEvent.Stamp
        }
        package fileprivate(set) var number: Int
        package fileprivate(set) var digest: String
        /// Who wrote it; of a version in the files nobody is known.
        package fileprivate(set) var authors: [String]
        /// Nil: it stands in the files, and no approval was asked for.
        package fileprivate(set) var approved: EngagementEvent.Stamp?
        package fileprivate(set) var isProvisioned: Bool
        /// Of an agreement approved here: when it comes into force; nil: not known.
        package fileprivate(set) var begins: Timestamp?
        package fileprivate(set) var terminated: End?

        /// Its end alone.
        package var withoutText: Version {
            Version(number: number, digest: "", authors: [], approved: nil, isProvisioned: true, terminated: terminated)
        }
    }

    package let name: PolicyDocumentName
    package private(set) var draft: Draft?
    /// By number, rising.
    package private(set) var versions: [Version] = []
    package private(set) var events: [PolicyLifeEvent] = []

    package init(_ name: PolicyDocumentName) { self.name = name }

    package func version(_ number: Int) -> Version? { versions.first { $0.number == number } }
    /// The newest approved version kept in the store.
    package var newest: Version? { versions.last { !$0.isProvisioned } }

    package mutating func apply(_ event: PolicyLifeEvent) throws(PolicyLifeProblem) {
        switch event.act {
        case .draft(let version, let digest): try change(version, Revision(digest: digest, stamp: event.stamp))
        case .discard:
            _ = try opened()
            draft = nil
        case .submit(let digest): try submit(digest, event.stamp)
        case .approve(let digest, let begins): try approve(digest, begins, event.stamp)
        case .reject(let digest, let why):
            _ = try reviewed(digest)
            draft?.rejections.append(Rejection(digest: digest, why: why, stamp: event.stamp))
            draft?.submitted = nil
        case .confirm(let number, let digest): try confirm(number, digest, event.stamp)
        case .terminate(let numbers, let why): try terminate(numbers, Version.End(why: why, stamp: event.stamp))
        }
        events.append(event)
    }

    private func opened() throws(PolicyLifeProblem) -> Draft {
        guard let draft else { throw PolicyLifeProblem("no_draft", "There is no draft of this \(name.kind.rawValue); make one first.") }
        return draft
    }

    /// A change takes a draft out of review: what was submitted is not what it says now.
    private mutating func change(_ version: Int, _ revision: Revision) throws(PolicyLifeProblem) {
        if let last = versions.last(where: { !$0.isProvisioned })?.number, version <= last {
            throw PolicyLifeProblem(
                "version_taken", "Version \(last) is approved, and an approved version is never changed; write version \(last + 1).")
        }
        guard draft != nil else {
            draft = Draft(version: version, revisions: [revision])
            return
        }
        guard draft?.version != version || draft?.digest != revision.digest else {
            throw PolicyLifeProblem("unchanged", "The draft reads exactly so already; nothing was changed.")
        }
        draft?.version = version
        draft?.revisions.append(revision)
        draft?.submitted = nil
    }

    private mutating func submit(_ digest: String, _ stamp: EngagementEvent.Stamp) throws(PolicyLifeProblem) {
        let draft = try opened()
        guard draft.submitted == nil else {
            throw PolicyLifeProblem("in_review", "It is in review already; approve or reject it, or change the draft.")
        }
        guard draft.digest == digest else { throw Self.otherText }
        self.draft?.submitted = Revision(digest: digest, stamp: stamp)
    }

    private func reviewed(_ digest: String) throws(PolicyLifeProblem) -> Draft {
        let draft = try opened()
        guard let submitted = draft.submitted else {
            throw PolicyLifeProblem("not_in_review", "The draft is not in review; submit it first.")
        }
        guard submitted.digest == digest else { throw Self.otherText }
        return draft
    }

    private mutating func approve(_ digest: String, _ begins: Timestamp?, _ stamp: EngagementEvent.Stamp) throws(PolicyLifeProblem) {
        let draft = try reviewed(digest)
        guard !draft.authors.contains(stamp.by) else {
            throw PolicyLifeProblem(
                "four_eyes", "Whoever drafted or changed a version does not approve it; ask another approver to look at it.")
        }
        insert(
            Version(
                number: draft.version, digest: digest, authors: draft.authors.sorted(), approved: stamp, isProvisioned: false,
                begins: begins))
        self.draft = nil
    }

    private mutating func confirm(_ number: Int, _ digest: String, _ stamp: EngagementEvent.Stamp) throws(PolicyLifeProblem) {
        if let known = version(number) {
            guard known.isProvisioned else {
                throw PolicyLifeProblem("version_taken", "Version \(number) was approved here; it does not stand in the files.")
            }
            guard known.terminated == nil else { throw Self.ended }
            guard known.digest != digest || known.approved == nil else {
                throw PolicyLifeProblem("approved", "This text is approved already; nothing was changed.")
            }
            versions.removeAll { $0.number == number }
        }
        insert(Version(number: number, digest: digest, authors: [], approved: stamp, isProvisioned: true))
    }

    private mutating func terminate(_ numbers: [Int], _ end: Version.End) throws(PolicyLifeProblem) {
        guard !numbers.isEmpty, !numbers.allSatisfy({ version($0)?.terminated != nil }) else { throw Self.ended }
        // Whoever approves the next version knows that the one before was ended.
        draft?.submitted = nil
        for number in numbers {
            if let at = versions.firstIndex(where: { $0.number == number }) {
                if versions[at].terminated == nil { versions[at].terminated = end }
            } else {
                insert(Version(number: number, digest: "", authors: [], approved: nil, isProvisioned: true, terminated: end))
            }
        }
    }

    private mutating func insert(_ version: Version) {
        versions.append(version)
        versions.sort { $0.number < $1.number }
    }

    private static let ended = PolicyLifeProblem("terminated", "It is terminated, which is final; draft a new version.")
    private static let otherText = PolicyLifeProblem(
        "digest_other", "The draft was changed, and reads otherwise than what you name; look at it again and name its digest.")
}
