import FoundationEssentials
import Logging
import Synchronization
import Testing
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import waybill

@Suite("Where a gate keeps packages")
struct GatePackagesTests {
    private func files(_ scratch: Scratch) async throws -> GatePackages {
        let file = try scratch.write("waybill.yaml", "store: sqlite:var/waybill.db\n")
        let settings = try await SettingsReader.read(file: file, flags: [:], environment: [:])
        let policies = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/") + "/policies"
        let set = try PolicyDirectory(policies).loadForCommand()
        return GatePackages(
            settings: settings, policies: { set }, enter: { _ in nil },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func job(_ digit: Character, _ kind: PackageOrder.Kind, _ state: PackageJob.State) -> PackageJob {
        var job = PackageJob(
            id: String(repeating: digit, count: 32), order: PackageOrder(kind, vendor: kind == .vendor ? "hubspot" : nil),
            by: "account:anna",
            madeAt: Timestamp(seconds: 1_780_000_000))
        job.state = state
        if state == .done {
            job.outcome = PackageOutcome(
                bytes: 3, sha256: "", manifestSHA256: "", entries: 1, transfers: 1, denied: 0, isComplete: nil, isStamped: false,
                agreementsMissing: [])
        }
        return job
    }

    @Test("After a restart the unfinished and every person's package are shown as ended, and their files are gone")
    func restart() async throws {
        let scratch = try Scratch()
        let shelf = try await files(scratch)
        let made: [(PackageJob, String)] = [
            (job("a", .vendor, .done), "vendors"), (job("b", .vendor, .running), "vendors"), (job("c", .subject, .done), "subjects"),
        ]
        for (job, home) in made {
            var waiting = job
            (waiting.state, waiting.outcome) = (.waiting, nil)
            try shelf.keep(waiting)
            try shelf.keep(job)
            try scratch.write("var/packages/\(home)/\(job.id)/package.zip", "zip")
            try scratch.write("var/packages/\(home)/\(job.id)/making/entries.ndjson", "x")
        }
        try scratch.write("var/packages/vendors/left-over/package.zip", "zip")
        try scratch.write("var/packages/vendors/\(String(repeating: "d", count: 32))/job.json", "{")
        #expect(try scratch.mode("var/packages/vendors/\(made[0].0.id)") == 0o700)
        #expect(try scratch.mode("var/packages/vendors/\(made[0].0.id)/job.json") == 0o600)
        let restored = try shelf.restored().sorted { $0.id < $1.id }
        #expect(restored.map(\.state) == [.done, .ended, .ended])
        #expect(restored.map { $0.outcome == nil } == [false, true, true] && restored[1].failure != nil)
        let left = try FileManager.default.subpathsOfDirectory(atPath: scratch.file("var/packages")).filter { $0.hasSuffix("zip") }
        #expect(left == ["vendors/\(made[0].0.id)/package.zip"])
        #expect(try Files.names(in: scratch.file("var/packages/vendors")).count == 2)
        let again = try shelf.restored().sorted { $0.id < $1.id }
        #expect(again.map(\.state) == [.done, .ended, .ended])
    }

    @Test("An erasure takes every person's package, also from under one that is being made")
    func erasure() async throws {
        let scratch = try Scratch()
        let shelf = try await files(scratch)
        let (person, vendor) = (job("a", .subject, .waiting), job("b", .vendor, .waiting))
        for job in [person, vendor] { try shelf.keep(job) }
        try scratch.write("var/packages/subjects/\(person.id)/package.zip", "email:anna@example.com")
        try GatePackages.removeSubjects(shelf.settings)
        #expect(try Files.names(in: scratch.file("var/packages")) == ["vendors"])
        var done = person
        done.state = .done
        #expect(throws: JobFailure.self) { try shelf.keep(done) }
        #expect(throws: JobFailure.self) { try shelf.content(of: done) }
        #expect(throws: JobFailure.self) { try shelf.make(person, named: [], JobProgress()) }
        #expect(try Files.names(in: scratch.file("var/packages")) == ["vendors"])
        shelf.forget(vendor)
        shelf.forget(vendor)
        #expect(try Files.names(in: scratch.file("var/packages/vendors")).isEmpty)
    }

    @Test("Work on a yielding thread is done, at the lowest priority, and leaves this thread's as it is")
    func yields() async throws {
        let niceness = await withCheckedContinuation { continuation in
            YieldingThread.run { continuation.resume(returning: YieldingThread.ownNiceness) }
        }
        #expect(niceness == 19 && YieldingThread.ownNiceness < 19)
    }
}
