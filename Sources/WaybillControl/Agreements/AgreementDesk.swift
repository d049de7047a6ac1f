import Crypto
package import WaybillCore
package import WaybillLedger

/// Acts on vendors, agreements and callers beside the files, from the first draft to the end: each checked, entered in the log, kept, and
/// put in force.
///
/// An approval is entered before it takes effect; an end is in force first, like every stop.
package actor AgreementDesk {
    /// What the desk works with.
    package struct Parts: Sendable {
        package var store: any PolicyLifeStore
        package var administration: Administration
        /// In force.
        package var set: @Sendable () -> PolicySet
        /// The files as they are on disk now, without the store's.
        package var files: @Sendable () throws -> [String: [UInt8]]
        /// One of them; nil: there is none. Default: as `files` has it.
        package var file: @Sendable (String) throws -> [UInt8]?
        /// What else can keep a set from coming into force; throws `PolicyProblems` or a sentence.
        package var check: @Sendable (PolicySet) throws -> Void
        package var suspensions: @Sendable () throws -> Suspensions
        package var enter: @Sendable (LogNotice) async throws(RecordError) -> UInt64
        /// Which agreements are approved and ended, with the set in force: at once.
        package var putStanding: @Sendable () throws -> Void
        /// Reads files and store anew; why that failed, or nil.
        package var reload: @Sendable () async -> String?
        package var clock: @Sendable () -> Timestamp
        /// Transfers of the log, newest first, until the visitor answers false; nil: there is no log to ask. Blocks.
        package var transfers: (@Sendable (TransferFilter, (IndexedTransfer) throws -> Bool) throws -> Void)?
        package var impacts = ImpactQueue(limits: ImpactJob.limits)

        package init(
            store: any PolicyLifeStore, administration: Administration, set: @escaping @Sendable () -> PolicySet,
            files: @escaping @Sendable () throws -> [String: [UInt8]], check: @escaping @Sendable (PolicySet) throws -> Void,
            suspensions: @escaping @Sendable () throws -> Suspensions,
            enter: @escaping @Sendable (LogNotice) async throws(RecordError) -> UInt64,
            putStanding: @escaping @Sendable () throws -> Void, reload: @escaping @Sendable () async -> String?,
            clock: @escaping @Sendable () -> Timestamp
        ) {
            self.store = store
            self.administration = administration
            self.set = set
            self.files = files
            file = { try files()[$0] }
            self.check = check
            self.suspensions = suspensions
            self.enter = enter
            self.putStanding = putStanding
            self.reload = reload
            self.clock = clock
        }
    }
    package static let documentBytesMax = 1 << 20

    nonisolated let parts: Parts
    /// What was found out about drafts.
    nonisolated let found = FindingsCache()
    private var known = PolicyLives()
    /// Of the set in force, by id.
    private var agreements: (digest: String, byID: [String: [Agreement]]) = ("", [:])
    /// Ids in their order, as of a set and an event.
    var listed: [PolicyDocumentName.Kind: (digest: String, upTo: Int64, ids: [String])] = [:]
    /// One act at a time, from its check to its end.
    private var latest: Task<Void, Never>?

    package init(_ parts: Parts) { self.parts = parts }

    /// Every document's life, up to the last event.
    package func lives() throws(DeskRefusal) -> PolicyLives {
        try stored { try known.apply(try parts.store.lifeEvents(after: known.upTo)) }
        return known
    }

    /// Every version of an agreement in the set in force.
    func agreements(of id: String) -> [Agreement] {
        let set = parts.set()
        if agreements.digest != set.digest { agreements = (set.digest, Dictionary(grouping: set.agreements, by: \.id)) }
        return agreements.byID[id] ?? []
    }

    // MARK: Drafts

    /// A new draft, or a change of one. `tag`: of the draft that is changed, as it was seen; nil: there is none yet.
    package func draft(
        _ name: PolicyDocumentName, text: [UInt8], tag: String?, by: String
    ) async throws(DeskRefusal) -> VersionReport {
        let head = try head(name, text)
        try await alone { () async throws(DeskRefusal) in
            let life = try self.lives()[name]
            guard life.draft?.tag == tag else {
                guard tag != nil else {
                    throw DeskRefusal("draft_exists", "There is a draft already; change that one, or discard it.")
                }
                throw Self.changedMeanwhile
            }
            let version = head.version ?? (life.versions.last?.number ?? 0) + 1
            try await self.perform(.draft(version: version, digest: Self.digest(text)), on: name, by: by, document: text)
        }
        guard let report = try versions(of: name).first else { throw Self.unknown(name) }
        return report
    }

    /// `tag`: of the draft as it was seen; nil: whatever it reads now.
    package func discard(_ name: PolicyDocumentName, tag: String? = nil, by: String) async throws(DeskRefusal) {
        try await alone { () async throws(DeskRefusal) in
            if let tag, let draft = try self.lives()[name].draft, draft.tag != tag { throw Self.changedMeanwhile }
            try await self.perform(.discard, on: name, by: by)
        }
    }

    /// Puts the draft before approvers, with the text it has now. Refused in lint's words if the set were broken with it.
    package func submit(_ name: PolicyDocumentName, by: String) async throws(DeskRefusal) -> VersionReport {
        try await alone { () async throws(DeskRefusal) in
            let draft = try self.opened(name)
            _ = try await self.admissible(draft, of: name)
            try await self.perform(.submit(digest: draft.digest), on: name, by: by)
        }
        return try first(name)
    }

    /// `digest`: of the text that was read. Of an agreement in the files, under `approvals: required`, that of its file.
    package func approve(_ name: PolicyDocumentName, digest: String, by: String) async throws(DeskRefusal) -> VersionReport {
        try await alone { () async throws(DeskRefusal) in
            let life = try self.lives()[name]
            if life.draft?.digest != digest, let file = self.provisioned(name, digest) {
                try await self.perform(.confirm(version: file.version, digest: digest), on: name, by: by)
            } else {
                let draft = try self.opened(name)
                // The cheap refusals first: lint reads the whole set.
                try self.checked(.approve(digest: digest), on: name, by: by)
                let set = try await self.admissible(draft, of: name)
                let begins = Self.beginning(of: name, version: draft.version, in: set)
                try await self.perform(.approve(digest: digest, begins: begins), on: name, by: by)
            }
            if let why = await self.parts.reload() {
                throw DeskRefusal("not_in_force", "It is approved, and not yet in force: \(why). Mend that; it comes into force by itself.")
            }
        }
        let reports = try versions(of: name)
        guard let report = reports.first(where: { $0.digest == digest }) ?? reports.first else { throw Self.unknown(name) }
        return report
    }

    package func reject(_ name: PolicyDocumentName, digest: String, why: String, by: String) async throws(DeskRefusal) -> VersionReport {
        try check(why)
        try await alone { () async throws(DeskRefusal) in try await self.perform(.reject(digest: digest, why: why), on: name, by: by) }
        return try first(name)
    }

    // MARK: Stops

    /// For good: every version there is. In force before it is entered.
    package func terminate(_ name: PolicyDocumentName, why: String, by: String) async throws(DeskRefusal) -> [VersionReport] {
        try check(why)
        // Waits for no other act: what is under way on the document finds that it changed.
        let numbers = try versions(of: name).filter { $0.tag == nil }.map { $0.version ?? 1 }
        guard !numbers.isEmpty else { throw Self.unknown(name) }
        let event = PolicyLifeEvent(.terminate(versions: Set(numbers).sorted(), why: why), at: parts.clock(), by: by)
        try keep(event, on: name, document: nil)
        try stored { try parts.putStanding() }
        do throws(DeskRefusal) {
            try await enter(event, on: name)
        } catch {
            throw DeskRefusal(error.code, "It is terminated, but the log entry could not be written. \(error.message)")
        }
        return try versions(of: name)
    }

    /// The kill switch: in force with the next request. Whoever drafted what governs, or will, does not lift its stop.
    package func set(_ target: SuspensionEvent.Target, isStop: Bool, why: String, by: String) async throws(DeskRefusal) -> StopReport {
        if !isStop, let name = target.document {
            let drafted = try versions(of: name).contains { report in
                report.authors.contains(by) && [.active, .suspended, .approved].contains(report.state)
            }
            guard !drafted else {
                throw DeskRefusal("four_eyes", "Whoever drafted the \(name.kind.rawValue) does not resume it; ask another approver.")
            }
        }
        do {
            return StopReport(try await parts.administration.set(target, isStop: isStop, why: why, by: by))
        } catch {
            throw DeskRefusal(error.code, error.message)
        }
    }

    /// What is stopped now, by whom, when and why.
    package func stops() throws(DeskRefusal) -> [SuspensionEvent] {
        try stored { try parts.suspensions().stops.values.sorted { $0.target < $1.target } }
    }

    // MARK: Steps of an act

    /// Checks the act against the document's life, without doing it.
    @discardableResult
    private func checked(_ act: PolicyLifeEvent.Act, on name: PolicyDocumentName, by: String) throws(DeskRefusal) -> PolicyLifeEvent {
        let event = PolicyLifeEvent(act, at: parts.clock(), by: by)
        var life = try lives()[name]
        do { try life.apply(event) } catch { throw DeskRefusal(error.code, error.message) }
        return event
    }

    private func perform(
        _ act: PolicyLifeEvent.Act, on name: PolicyDocumentName, by: String, document: [UInt8]? = nil
    ) async throws(DeskRefusal) {
        let event = try checked(act, on: name, by: by)
        let count = try lives()[name].events.count
        try await enter(event, on: name)
        // An end waits for nobody: what was decided before it is not done after it.
        guard try lives()[name].events.count == count else {
            throw DeskRefusal("ended_meanwhile", "Somebody ended it meanwhile, and nothing was changed; look at it again.")
        }
        try keep(event, on: name, document: document)
    }

    private func keep(_ event: PolicyLifeEvent, on name: PolicyDocumentName, document: [UInt8]?) throws(DeskRefusal) {
        let life = try lives()[name]
        var next = life
        do { try next.apply(event) } catch { throw DeskRefusal(error.code, error.message) }
        try stored { try parts.store.append(event, to: name, count: life.events.count, document: document) }
        _ = try lives()
    }

    /// Words stay in the control store: an entry lasts, and words can name people.
    private func enter(_ event: PolicyLifeEvent, on name: PolicyDocumentName) async throws(DeskRefusal) {
        var detail = [name.kind.rawValue: name.id]
        switch event.act {
        case .draft(let version, let digest), .confirm(let version, let digest):
            (detail["version"], detail["sha256"]) = (String(version), digest)
        case .submit(let digest), .approve(let digest, _), .reject(let digest, _):
            (detail["version"], detail["sha256"]) = (try lives()[name].draft.map { String($0.version) }, digest)
        case .terminate(let versions, _): detail["versions"] = versions.map(String.init).joined(separator: " ")
        case .discard: break
        }
        do {
            _ = try await parts.enter(.config(act: "\(name.kind.rawValue).\(event.act.name)", detail: detail))
        } catch {
            throw DeskRefusal(error.code.rawValue, error.message)
        }
    }

    /// The actor lets others in while an act waits for the log; two acts on one document must not see the same state.
    private func alone(_ work: @escaping () async throws(DeskRefusal) -> Void) async throws(DeskRefusal) {
        while let running = latest {
            await running.value
            if latest == running { latest = nil }
        }
        let (done, end) = AsyncStream<Void>.makeStream()
        let mine = Task { for await _ in done {} }
        latest = mine
        defer {
            end.finish()
            if latest == mine { latest = nil }
        }
        try await work()
    }
}

extension AgreementDesk {
    static func digest(_ bytes: [UInt8]) -> String { hex(Array(SHA256.hash(data: bytes))) }

    static func unknown(_ name: PolicyDocumentName) -> DeskRefusal {
        DeskRefusal("unknown", "There is no such \(name.kind.rawValue); the list shows those there are.")
    }

    /// Nil: it is no agreement.
    private static func beginning(of name: PolicyDocumentName, version: Int, in set: PolicySet) -> Timestamp? {
        name.kind == .agreement ? set.agreements.first { $0.id == name.id && $0.version == version }?.from : nil
    }

    static let changedMeanwhile = DeskRefusal(
        "changed_meanwhile", "Somebody else changed the draft meanwhile; look at it and do it again.")

    private func check(_ why: String) throws(DeskRefusal) {
        guard !why.isEmpty, why.utf8.count <= Administration.textBytesMax else {
            throw DeskRefusal("text_unfit", "Say why, in at most \(Administration.textBytesMax) bytes.")
        }
    }

    nonisolated func stored<Value>(_ work: () throws -> Value) throws(DeskRefusal) -> Value {
        do { return try work() } catch { throw DeskRefusal(error) }
    }
}

extension DeskRefusal {
    /// Of whatever a store or a loader threw.
    init(_ error: any Error) {
        switch error {
        case let refusal as DeskRefusal: self = refusal
        case let problem as PolicyLifeProblem: self.init(problem.code, problem.message)
        default: self.init("control_store", "\(error)")
        }
    }
}

extension SuspensionEvent.Target {
    /// What is stopped, where it is a document.
    fileprivate var document: PolicyDocumentName? {
        switch self {
        case .agreement(let id): PolicyDocumentName(.agreement, id)
        case .vendor(let id): PolicyDocumentName(.vendor, id)
        case .field: nil
        }
    }
}
