import FoundationEssentials
import Logging
import WaybillControl
import WaybillCore
import WaybillLedger

/// The packages of a running gate: `packages/vendors/JOB/` and `packages/subjects/JOB/` beside the store, 0700, with the job and the zip.
/// A person's stand apart, so that an erasure can remove them all.
struct GatePackages: PackageShelf {
    /// Of one package, folder and zip together, while it is made.
    static let bytesMax = 2 << 30
    /// The log lies on the same disk, and without room for it nothing leaves.
    static let freeBytesMin: UInt64 = 512 << 20
    private static let jobBytesMax = 1 << 20
    private static let (jobFile, zipFile, workFolder) = ("job.json", "package.zip", "making")

    let settings: Settings
    let policies: @Sendable () -> PolicySet
    /// For threads that may block; nil: it is durable.
    let enter: @Sendable (LogNotice) -> RecordError?
    let logger: Logger

    private static func root(_ settings: Settings) -> String { Files.resolve("packages", against: settings.stateDirectory) }
    private static func subjects(_ settings: Settings) -> String { Files.resolve("subjects", against: root(settings)) }
    private func home(_ kind: PackageOrder.Kind) -> String {
        kind == .subject ? Self.subjects(settings) : Files.resolve("vendors", against: Self.root(settings))
    }
    private func folder(_ job: PackageJob) -> String { Files.resolve(job.id, against: home(job.order.kind)) }

    /// When somebody is erased: no package may hold them, and which one does is not known. One that is being made ends.
    static func removeSubjects(_ settings: Settings) throws(SystemError) { try Files.removeTree(subjects(settings)) }

    // MARK: Jobs

    func restored() throws -> [PackageJob] {
        var jobs: [PackageJob] = []
        for home in [home(.vendor), home(.subject)] {
            guard try failing({ () throws(SystemError) in try Files.facts(home) }) != nil else { continue }
            for name in try failing({ () throws(SystemError) in try Files.names(in: home, hidden: true) }) {
                let folder = Files.resolve(name, against: home)
                guard var job = try kept(in: folder), job.id == name, self.folder(job) == folder else {
                    try failing { () throws(SystemError) in try Files.removeTree(folder) }
                    continue
                }
                if !job.state.isFinished || job.order.kind == .subject {
                    let had = job.outcome != nil
                    (job.state, job.outcome) = (.ended, nil)
                    job.failure =
                        had
                        ? "A person's package does not outlive a restart of the gate; ask for it again."
                        : JobFailure.gateStopped.message
                    job.endedAt = job.endedAt ?? SystemWallClock().now()
                    try empty(folder)
                    try keep(job)
                }
                jobs.append(job)
            }
        }
        return jobs
    }

    /// Nil: there is none that can be read.
    private func kept(in folder: String) throws -> PackageJob? {
        let path = Files.resolve(Self.jobFile, against: folder)
        guard try failing({ () throws(SystemError) in try Files.facts(path) }) != nil else { return nil }
        let bytes = try failing { () throws(SystemError) in try Files.read(path, bytesMax: Self.jobBytesMax) }
        do { return try JSONDecoder().decode(PackageJob.self, from: Data(bytes)) } catch {
            logger.warning("a kept package cannot be read and is removed")
            return nil
        }
    }

    func keep(_ job: PackageJob) throws {
        let folder = folder(job)
        // What was removed under a running job stays away.
        let isThere = try Files.facts(folder) != nil
        guard job.state == .waiting || isThere else { throw JobFailure.removed }
        try Files.makeDirectory(Self.root(settings), mode: 0o700)
        try Files.makeDirectory(home(job.order.kind), mode: 0o700)
        try Files.makeDirectory(folder, mode: 0o700)
        let path = Files.resolve(Self.jobFile, against: folder)
        try Files.removeTree(path)
        try Files.create(path, content: Array(try JSONEncoder().encode(job)), mode: 0o600)
    }

    func forget(_ job: PackageJob) {
        do throws(SystemError) { try Files.removeTree(folder(job)) } catch {
            logger.error("a package could not be removed", metadata: ["job": "\(job.id)", "why": "\(error)"])
        }
    }

    /// All but the job itself.
    private func empty(_ folder: String) throws {
        try failing { () throws(SystemError) in
            for name in try Files.names(in: folder, hidden: true) where name != Self.jobFile {
                try Files.removeTree(Files.resolve(name, against: folder))
            }
        }
    }

    // MARK: Making

    func make(_ job: PackageJob, named: [Identifier], _ progress: JobProgress) throws -> PackageOutcome {
        do {
            return try made(job, named, progress)
        } catch {
            if try Files.facts(folder(job)) != nil { try empty(folder(job)) }
            switch error {
            case is JobFailure: throw error
            case let failure as CommandFailure:
                throw JobFailure("\(failure.sentence.prefix(1).uppercased())\(failure.sentence.dropFirst()).")
            default:
                logger.error("a package could not be made", metadata: ["job": "\(job.id)", "error": "\(type(of: error))"])
                throw error
            }
        }
    }

    private func made(_ job: PackageJob, _ named: [Identifier], _ progress: JobProgress) throws -> PackageOutcome {
        let folder = folder(job)
        let (work, name) = (Files.resolve(Self.workFolder, against: folder), job.order.name(id: job.id))
        let room = PackageRoom(folder: folder)
        try room.look()
        let watch = PackageWatch(
            reached: { stage, done, total in
                try progress.reached(stage, done, total)
                try room.lookNowAndThen()
            },
            warn: { logger.warning("a package goes without its time-stamp", metadata: ["job": "\(job.id)", "why": "\($0)"]) })
        let about: PackageRecipe.About = job.order.vendor.map { .vendor($0) } ?? .person(named: named)
        let recipe = PackageRecipe(
            settings: settings, policies: policies(), timestampURL: settings.evidence.timestampURL, now: SystemWallClock().now())
        let made = try recipe.make(
            about, from: job.order.from, until: job.order.until, folder: work, zip: work + ".zip", name: name, watch: watch)
        let outcome = try failing { () throws(SystemError) in
            let manifest = try Files.digest(Files.resolve(PackageLayout.manifest, against: work), bytesMax: Self.bytesMax)
            let zip = try Files.digest(work + ".zip", bytesMax: Self.bytesMax)
            try Files.removeTree(work)
            try Files.move(work + ".zip", to: Files.resolve(Self.zipFile, against: folder))
            let summary = made.summary
            return PackageOutcome(
                bytes: zip.bytes, sha256: zip.sha256, manifestSHA256: manifest.sha256, entries: summary.entries,
                transfers: summary.transfers, denied: summary.denied, isComplete: summary.isComplete, isStamped: made.isStamped,
                agreementsMissing: summary.agreementsMissing)
        }
        try progress.reached("entering it in the log", 1, 1)
        let notice = LogNotice.config(
            act: "package.made",
            detail: [
                "job": job.id, "sha256": outcome.sha256, "manifest_sha256": outcome.manifestSHA256, "entries": String(outcome.entries),
                "transfers": String(outcome.transfers),
            ])
        if let error = enter(notice) { throw JobFailure("The log takes no entries now, so the package was not kept. \(error.message)") }
        return outcome
    }

    func content(of job: PackageJob) throws -> @Sendable () async throws -> [UInt8]? {
        let pieces: FilePieces
        do throws(SystemError) { pieces = try FilePieces(Files.resolve(Self.zipFile, against: folder(job))) } catch {
            throw JobFailure("It is not there any more; ask for it again.")
        }
        let queue = BlockingQueue("packages.content")
        return { try await queue.run { try pieces.next() } }
    }
}

extension JobFailure {
    static let removed = JobFailure("It was removed while it was made, because somebody was erased; ask for it again.")
}

/// The room a package may take: of its own, and of the disk that the log needs.
private final class PackageRoom {
    private static let secondsBetween = 1.0
    private let folder: String
    private var lastLook = monotonicSeconds()

    init(folder: String) { self.folder = folder }

    func lookNowAndThen() throws {
        guard monotonicSeconds() - lastLook >= Self.secondsBetween else { return }
        try look()
        lastLook = monotonicSeconds()
    }

    func look() throws {
        guard let bytes = try Self.bytes(of: folder) else { throw JobFailure.removed }
        guard bytes <= GatePackages.bytesMax else {
            throw JobFailure(
                "The package is larger than \(GatePackages.bytesMax >> 20) MiB; choose a shorter period, or use `waybill log package`.")
        }
        guard try Files.freeBytes(folder) >= GatePackages.freeBytesMin else {
            throw JobFailure(
                "Less than \(GatePackages.freeBytesMin >> 20) MiB are free on the gate's disk, which the log needs; free some disk space.")
        }
    }

    /// Nil: it is not there. What goes while it is counted counts nothing.
    private static func bytes(of path: String) throws(SystemError) -> Int? {
        guard let found = try Files.facts(path) else { return nil }
        guard found.isDirectory else { return found.bytes }
        var total = 0
        for name in try Files.names(in: path, hidden: true) { total += try bytes(of: Files.resolve(name, against: path)) ?? 0 }
        return total
    }
}
