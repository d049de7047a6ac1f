package import WaybillCore
package import WaybillLedger

/// Evidence packages as the API and the console make them: jobs beside the gate, each request and each download entered in the log first.
package struct PackageDesk: Sendable {
    /// What is asked for, as it came.
    package struct Wanted: Sendable {
        package var kind: PackageOrder.Kind
        package var vendor: String?
        package var engagement: String?
        /// The id that a look-up answers.
        package var subject: String?
        package var from: Timestamp?
        package var until: Timestamp?
        package init(_ kind: PackageOrder.Kind) { self.kind = kind }
    }
    package struct Content: Sendable {
        package var name: String
        package var outcome: PackageOutcome
        package var next: @Sendable () async throws -> [UInt8]?
    }
    package static let mediaType = "application/zip"

    private let jobs: JobQueue<PackageOrder, PackageOutcome>
    private let shelf: any PackageShelf
    private let engagements: any EngagementStore
    private let subjects: SubjectDesk
    private let access: any Authenticating
    /// For the stores' reads and the shelf.
    private let queue = BlockingQueue("packages")

    /// Throws if the folder of packages cannot be read. `runner`: gives jobs a thread that yields to traffic.
    package init(
        shelf: any PackageShelf, engagements: any EngagementStore, subjects: SubjectDesk, access: any Authenticating,
        limits: JobLimits = JobLimits(), clock: any WallClock = SystemWallClock(),
        runner: @escaping JobQueue<PackageOrder, PackageOutcome>.Runner = JobQueue<PackageOrder, PackageOutcome>.onDispatch
    ) throws {
        self.shelf = shelf
        self.engagements = engagements
        self.subjects = subjects
        self.access = access
        jobs = JobQueue(
            limits: limits, clock: clock, runner: runner, bytes: \.bytes, keep: { try shelf.keep($0) }, forget: { shelf.forget($0) })
        jobs.restore(try shelf.restored())
    }

    // MARK: Looking

    /// Newest first.
    package func all(seenBy principal: Principal) -> [PackageJob] { jobs.all.filter { Self.sees(principal, $0) } }

    /// Throws 404, also where it is not theirs to see.
    package func one(_ id: String, seenBy principal: Principal) throws(APIProblem) -> PackageJob {
        guard let job = jobs.job(id), Self.sees(principal, job) else {
            throw APIProblem(.notFound, "there is no such package; it may have been removed after a day, so ask for it again")
        }
        return job
    }

    /// Who is bound to one vendor sees what they asked for themselves, of what they are bound to now; a person's package is for who may
    /// look people up.
    static func sees(_ principal: Principal, _ job: PackageJob) -> Bool {
        guard principal.vendor == nil, principal.engagement == nil else {
            return job.by == principal.id && principal.sees(vendor: job.order.vendor ?? "")
                && principal.sees(engagement: job.order.engagement ?? "")
        }
        switch job.order.kind {
        case .vendor: return true
        case .engagement: return principal.may(.readAudits)
        case .subject: return principal.may(.readSubjects)
        }
    }

    // MARK: Acting

    package func request(_ wanted: Wanted, by principal: Principal) async throws -> PackageJob {
        let (order, person) = try await order(wanted, principal)
        let job: PackageJob
        do throws(ControlFailure) { job = try jobs.add(order, by: principal.id) } catch {
            throw APIProblem(error.code == "jobs_full" ? .conflict : .unavailable, error.message)
        }
        do {
            try await note("package.request", job, person?.history.salt, by: principal)
        } catch {
            jobs.remove(job.id)
            throw error
        }
        let (shelf, named) = (shelf, person?.identifiers ?? [])
        jobs.start(job.id) { progress in try shelf.make(job, named: named, progress) }
        return job
    }

    /// Entered before the first byte.
    package func content(_ id: String, for principal: Principal) async throws -> Content {
        let job = try one(id, seenBy: principal)
        guard let outcome = job.outcome else {
            throw APIProblem(.conflict, job.state.isFinished ? "nothing was made; ask for it again" : "it is not made yet; look again")
        }
        let shelf = shelf
        let next: @Sendable () async throws -> [UInt8]?
        do { next = try await queue.run { try shelf.content(of: job) } } catch let failure as JobFailure {
            jobs.end(job.id, failure.message)
            throw APIProblem(.notFound, failure.message)
        }
        try await note("package.download", job, nil, by: principal)
        return Content(name: "\(job.order.name(id: job.id)).zip", outcome: outcome, next: next)
    }

    /// Cancels it if it is not done; its files go.
    package func remove(_ id: String, by principal: Principal) async throws {
        let job = try one(id, seenBy: principal)
        try await note("package.delete", job, nil, by: principal)
        jobs.remove(job.id)
    }

    /// When the gate stops.
    package func stop() async { await jobs.stop() }

    // MARK: Who may what

    private func order(_ wanted: Wanted, _ principal: Principal) async throws -> (PackageOrder, KnownSubject?) {
        if let from = wanted.from, let until = wanted.until, from >= until {
            throw APIProblem(.unprocessable, "the period ends before it begins; give an end after the beginning", pointer: "/until")
        }
        var order = PackageOrder(wanted.kind, from: wanted.from, until: wanted.until)
        switch wanted.kind {
        case .vendor:
            guard principal.engagement == nil else {
                throw await refused(principal, .readLog, "you may see one engagement; ask for the package of that")
            }
            guard let vendor = wanted.vendor else { throw APIProblem(.unprocessable, "name the vendor", pointer: "/vendor") }
            guard principal.sees(vendor: vendor) else {
                throw APIProblem(.unprocessable, "there is no such vendor that you may see", pointer: "/vendor")
            }
            order.vendor = vendor
            return (order, nil)
        case .engagement:
            guard principal.may(.readAudits) else {
                throw await refused(principal, .readAudits, "this needs the permission audits.read too")
            }
            let store = engagements
            guard let id = wanted.engagement, principal.sees(engagement: id),
                let found = try await queue.run({ try store.engagement(id) }), principal.sees(vendor: found.scope.vendor)
            else {
                throw APIProblem(.unprocessable, "there is no such engagement; GET /v1/engagements lists them", pointer: "/engagement")
            }
            // The period is the engagement's: who may see that one sees no more.
            (order.engagement, order.vendor) = (id, found.scope.vendor)
            (order.from, order.until) = (found.scope.from, found.scope.until)
            return (order, nil)
        case .subject:
            guard principal.may(.readSubjects) else {
                throw await refused(principal, .readSubjects, "a person's package needs the permission subjects.read too")
            }
            return (order, try await person(wanted.subject))
        }
    }

    private func person(_ id: String?) async throws(APIProblem) -> KnownSubject {
        let record: KnownSubject
        do throws(ControlFailure) { record = try await subjects.record(id: id ?? "") } catch {
            guard error.code == SubjectDesk.unknown.code else { throw APIProblem(subjects: error) }
            throw APIProblem(.unprocessable, "nobody is known by this id; look the person up first", pointer: "/subject")
        }
        guard !record.isErasing else {
            throw APIProblem(.conflict, "the person's erasure is under way; nothing about them leaves any more")
        }
        return record
    }

    private func refused(_ principal: Principal, _ permission: Permission, _ sentence: String) async -> APIProblem {
        await access.refused(principal, permission, now: subjects.now)
        var problem = APIProblem(.notPermitted, sentence)
        problem.isEntered = true
        return problem
    }

    private func note(_ act: String, _ job: PackageJob, _ salt: InlineArray<16, UInt8>?, by principal: Principal) async throws(APIProblem) {
        let order = job.order
        let detail = [
            "job": job.id, "kind": order.kind.rawValue, "vendor": order.vendor ?? "", "engagement": order.engagement ?? "",
            "from": order.from?.rfc3339 ?? "", "until": order.until?.rfc3339 ?? "", "sha256": job.outcome?.sha256 ?? "",
        ]
        do throws(ControlFailure) {
            try await subjects.note(act, salt, detail, by: SubjectActor(principal.id))
        } catch {
            throw APIProblem(.unavailable, "the log takes no entries now, so nothing was done: \(error.message)")
        }
    }
}
