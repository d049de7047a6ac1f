import Crypto
import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@testable import WaybillControl

@Suite("Evidence packages by API and console")
struct PackageDeskTests {
    /// Makes nothing but an answer; knows what was asked of it.
    private final class Shelf: PackageShelf {
        let made = Mutex<[PackageOrder]>([])
        let named = Mutex<[Identifier]>([])
        let forgotten = Mutex(0)
        let isGone = Mutex(false)
        func restored() throws -> [PackageJob] { [] }
        func keep(_ job: PackageJob) throws {}
        func forget(_ job: PackageJob) { forgotten.withLock { $0 += 1 } }
        func make(_ job: PackageJob, named: [Identifier], _ progress: JobProgress) throws -> PackageOutcome {
            made.withLock { $0.append(job.order) }
            self.named.withLock { $0 += named }
            return PackageOutcome(
                bytes: 3, sha256: String(repeating: "a", count: 64), manifestSHA256: String(repeating: "b", count: 64), entries: 5,
                transfers: 4, denied: 1, isComplete: true, isStamped: false, agreementsMissing: [])
        }
        func content(of job: PackageJob) throws -> @Sendable () async throws -> [UInt8]? {
            guard !isGone.withLock({ $0 }) else { throw JobFailure("It is gone.") }
            let rest = Mutex<[[UInt8]]>([[1, 2, 3]])
            return { rest.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        }
    }
    private struct Nothing: DisclosureFinding, SubjectErasing {
        func disclosures(of identifier: Identifier, limit: Int, from cursor: ExportCursor?) async throws(ControlFailure) -> DisclosurePage {
            DisclosurePage()
        }
        func erase(_ identifier: Identifier, isConfirmed: Bool) async throws(ControlFailure) -> JSONValue { .object([:]) }
    }

    /// A desk over real stores, whose log is a list and whose shelf makes nothing.
    private final class Place: Sendable {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("packages-\(UUID().uuidString)").path
        let shelf = Shelf()
        let access = FakeConsoleAccess()
        let entered = Mutex<[(act: String, detail: [String: String])]>([])
        let logWorks = Mutex(true)
        let control: ControlDatabase
        let store: SQLiteConsentStore
        let ids: OpaqueIDs

        init() throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let keyring = Keyring(master: SymmetricKey(data: Array(repeating: UInt8(3), count: 32)))
            store = try SQLiteConsentStore(
                path: directory + "/s.db", keyring: keyring, index: SubjectIndex(fingerprintKey: keyring.fingerprints), notices: [:])
            store.index.open()
            control = try ControlDatabase(path: directory + "/c.db")
            ids = OpaqueIDs(key: keyring.subjectIDs)
            let scope = Engagement.Scope(
                vendor: "hubspot", subject: "newsletter", from: Timestamp(seconds: 1_000_000), until: Timestamp(seconds: 2_000_000),
                hook: "Art. 28")
            let event = EngagementEvent(stamp: .init(at: Timestamp(seconds: 3_000_000), by: "anna"), act: .open(scope))
            try control.append(event, to: "2026-1", number: 0)
        }

        deinit {
            do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record("the scratch directory stays") }
        }

        func desk() throws -> PackageDesk {
            let keyring = Keyring(master: SymmetricKey(data: Array(repeating: UInt8(3), count: 32)))
            let subjects = SubjectDesk(
                SubjectParts(
                    records: store, register: control, disclosures: Nothing(), erasing: Nothing(), ids: ids,
                    links: PersonLinks(key: keyring.personLinks), policy: { nil },
                    enter: { [self] (notice) async throws(RecordError) in
                        guard logWorks.withLock({ $0 }) else { throw RecordError(code: .diskFull, message: "The disk is full.") }
                        if case .config(let act, let detail) = notice { entered.withLock { $0.append((act, detail)) } }
                        return 1
                    },
                    subjectKey: { salt in TreeHash(Array(repeating: salt[0], count: 32)) ?? MerkleHashing.leaf([]) },
                    sign: { _ in ("", "") }, random: { WaybillCore.Fingerprint(high: 1, low: 1) }, clock: { SystemWallClock().now() },
                    publicURL: nil))
            return try PackageDesk(shelf: shelf, engagements: control, subjects: subjects, access: access)
        }

        func person() async throws -> String {
            let line =
                #"{"subject":"email:anna@example.com","purpose":"newsletter","state":"given","recipients":["hubspot"],"event_time":"2026-05-01T00:00:00Z","proof":"form"}"#
            let batch = try await store.apply(
                [.consent(try ConsentLine(Array(line.utf8), line: 1))], atomically: true, now: SystemWallClock().now())
            return ids.subject(try #require(batch.entered.first).number)
        }
    }

    private static func principal(_ role: Role, vendor: String? = nil, engagement: String? = nil, scopes: Set<Permission>? = nil)
        -> Principal
    {
        var principal = Principal.of("account:\(role.rawValue)", [role])
        (principal.vendor, principal.engagement, principal.scopes) = (vendor, engagement, scopes)
        return principal
    }

    private func wanted(_ kind: PackageOrder.Kind, _ subject: String = "") -> PackageDesk.Wanted {
        var wanted = PackageDesk.Wanted(kind)
        (wanted.vendor, wanted.engagement, wanted.subject) = ("hubspot", "2026-1", subject)
        return wanted
    }

    /// Who asks, for what; what the answer is; nil: it is made.
    private static let rows: [(who: Principal, kind: PackageOrder.Kind, problem: APIProblem.Code?)] = [
        (principal(.auditor), .vendor, nil), (principal(.auditor), .engagement, nil), (principal(.auditor), .subject, .notPermitted),
        (principal(.privacyOfficer), .vendor, nil), (principal(.privacyOfficer), .engagement, nil),
        (principal(.privacyOfficer), .subject, nil),
        (principal(.privacyOfficer, scopes: [.readLog]), .subject, .notPermitted),
        (principal(.auditor, scopes: [.readLog]), .engagement, .notPermitted),
        (principal(.vendorAuditor, vendor: "hubspot"), .vendor, nil),
        (principal(.vendorAuditor, vendor: "mailchimp"), .vendor, .unprocessable),
        (principal(.vendorAuditor, vendor: "mailchimp"), .engagement, .unprocessable),
        (principal(.vendorAuditor, vendor: "hubspot", engagement: "2026-1"), .vendor, .notPermitted),
        (principal(.vendorAuditor, vendor: "hubspot", engagement: "2026-1"), .engagement, nil),
        (principal(.vendorAuditor, vendor: "hubspot", engagement: "2026-2"), .engagement, .unprocessable),
        (principal(.vendorAuditor, vendor: "hubspot"), .subject, .notPermitted),
    ]

    @Test("Who may have which package made", arguments: rows.indices)
    func rights(_ row: Int) async throws {
        let place = try Place()
        let (who, kind, problem) = Self.rows[row]
        let (desk, subject) = (try place.desk(), try await place.person())
        do {
            let job = try await desk.request(wanted(kind, subject), by: who)
            #expect(problem == nil)
            #expect(kind != .engagement || job.order.from == Timestamp(seconds: 1_000_000), "the engagement's own period")
            #expect(place.entered.withLock { $0.first?.act } == "package.request")
        } catch let refusal as APIProblem {
            #expect(refusal.code == problem, "\(refusal.detail)")
            #expect(place.entered.withLock { $0.isEmpty } && place.shelf.made.withLock { $0.isEmpty })
            #expect(place.access.refusals.withLock { $0.count } == (refusal.code == .notPermitted ? 1 : 0))
        }
    }

    @Test("Request and download are entered before they take effect, without a person's name; where the log refuses, nothing is done")
    func entered() async throws {
        let place = try Place()
        let (desk, officer) = (try place.desk(), Self.principal(.privacyOfficer))
        let job = try await desk.request(wanted(.subject, try await place.person()), by: officer)
        while try desk.one(job.id, seenBy: officer).state != .done { await Task.yield() }
        #expect(place.shelf.named.withLock { $0.map { String(decoding: $0.bytes, as: UTF8.self) } } == ["email:anna@example.com"])
        let content = try await desk.content(job.id, for: officer)
        #expect(try await content.next() == [1, 2, 3] && content.name.hasSuffix(".zip"))
        let told = place.entered.withLock { $0 }
        #expect(told.map(\.act) == ["package.request", "package.download"])
        #expect(told[0].detail["subject"]?.count == 64 && told[1].detail["sha256"] == content.outcome.sha256)
        #expect(!told.contains { $0.detail.values.contains { $0.contains("anna") } } && !content.name.contains("anna"))
        #expect(!String(decoding: try JSONEncoder().encode(job), as: UTF8.self).contains("anna"))

        place.logWorks.withLock { $0 = false }
        await #expect(throws: APIProblem.self) { try await desk.content(job.id, for: officer) }
        await #expect(throws: APIProblem.self) { try await desk.request(wanted(.vendor), by: officer) }
        await #expect(throws: APIProblem.self) { try await desk.remove(job.id, by: officer) }
        #expect(place.shelf.made.withLock { $0.count } == 1)
        #expect(desk.all(seenBy: officer).map(\.id) == [job.id])
        place.logWorks.withLock { $0 = true }
        try await desk.remove(job.id, by: officer)
        #expect(desk.all(seenBy: officer).isEmpty)
    }

    @Test("A package is seen by who could have it made; who is bound to a vendor sees only their own")
    func seen() async throws {
        let place = try Place()
        let desk = try place.desk()
        let (auditor, officer) = (Self.principal(.auditor), Self.principal(.privacyOfficer))
        let bound = Self.principal(.vendorAuditor, vendor: "hubspot")
        _ = try await desk.request(wanted(.vendor), by: auditor)
        _ = try await desk.request(wanted(.subject, try await place.person()), by: officer)
        let own = try await desk.request(wanted(.vendor), by: bound)
        #expect(desk.all(seenBy: officer).map(\.order.kind) == [.vendor, .subject, .vendor])
        #expect(desk.all(seenBy: auditor).map(\.order.kind) == [.vendor, .vendor])
        #expect(desk.all(seenBy: bound).map(\.id) == [own.id])
        // The same account, bound to another vendor since, or to an engagement.
        for moved in [("mailchimp", nil), ("hubspot", "2026-2")] {
            #expect(desk.all(seenBy: Self.principal(.vendorAuditor, vendor: moved.0, engagement: moved.1)).isEmpty)
        }
        let others = desk.all(seenBy: officer).filter { $0.id != own.id }
        for job in others {
            #expect(throws: APIProblem.self) { try desk.one(job.id, seenBy: bound) }
            await #expect(throws: APIProblem.self) { try await desk.remove(job.id, by: bound) }
        }
    }

    @Test("What an erasure removed is shown as ended once somebody asks for it, and no download is entered")
    func gone() async throws {
        let place = try Place()
        let (desk, officer) = (try place.desk(), Self.principal(.privacyOfficer))
        let job = try await desk.request(wanted(.subject, try await place.person()), by: officer)
        while try desk.one(job.id, seenBy: officer).state != .done { await Task.yield() }
        place.shelf.isGone.withLock { $0 = true }
        await #expect(throws: APIProblem.self) { try await desk.content(job.id, for: officer) }
        let ended = try desk.one(job.id, seenBy: officer)
        #expect(ended.state == .ended && ended.outcome == nil && ended.failure == "It is gone.")
        #expect(place.entered.withLock { $0.map(\.act) } == ["package.request"])
    }

    @Test("A period that ends before it begins, an unknown person and an erased one are refused")
    func refused() async throws {
        let place = try Place()
        let (desk, officer) = (try place.desk(), Self.principal(.privacyOfficer))
        var backwards = wanted(.vendor)
        (backwards.from, backwards.until) = (Timestamp(seconds: 2), Timestamp(seconds: 1))
        for wanted in [backwards, wanted(.subject, "nobody"), wanted(.subject)] {
            do {
                _ = try await desk.request(wanted, by: officer)
                Issue.record("it is made")
            } catch let problem as APIProblem {
                #expect(problem.code == .unprocessable && problem.pointer != nil)
            }
        }
    }
}
