import Synchronization
import Testing
import WaybillControl
import WaybillCore
import WaybillLedger

/// Stores in memory, and what happened in its order.
private final class Desk: EngagementStore, SuspensionStore {
    let happened = Mutex<[String]>([])
    let events = Mutex<[String: [EngagementEvent]]>([:])
    let stops = Mutex<[SuspensionEvent]>([])
    let logIsFull = Mutex(false)
    /// What happens while an act's entry is written.
    let meanwhile = Mutex<[String: @Sendable () async -> Void]>([:])

    func engagements() throws -> [Engagement] { events.withLock { $0 }.compactMap { Engagement(id: $0.key, events: $0.value) } }
    func engagement(_ id: String) throws -> Engagement? { events.withLock { $0[id] }.flatMap { Engagement(id: id, events: $0) } }
    func append(_ event: EngagementEvent, to id: String, number: Int) throws {
        events.withLock { $0[id, default: []].append(event) }
        note("kept \(event.act.name)")
    }
    func suspensionEvents() throws -> [SuspensionEvent] { stops.withLock { $0 } }
    func append(_ event: SuspensionEvent) throws {
        stops.withLock { $0.append(event) }
        note("kept \(event.isStop ? "stop" : "lift") of \(event.target.name)")
    }

    func note(_ what: String) { happened.withLock { $0.append(what) } }
    func take() -> [String] { happened.withLock { exchange(&$0, with: []) } }

    var administration: Administration {
        Administration(
            engagements: self, suspensions: self,
            known: { Administration.Known(agreements: ["hubspot": ["hubspot-news", "hubspot-sales"], "other": ["other-1"]]) },
            enter: { [self] (notice) async throws(RecordError) in
                guard !logIsFull.withLock({ $0 }) else { throw RecordError(code: .diskFull, message: "The disk is full; free space.") }
                if case .config(let act, _) = notice {
                    if let work = meanwhile.withLock({ $0.removeValue(forKey: act) }) { await work() }
                    note("entered \(act)")
                }
                return 0
            },
            log: { ("acme.example/waybill", 42) },
            putInForce: { [self] in note("in force: \(($0.vendors.union($0.agreements)).sorted().joined(separator: " "))") },
            clock: { Timestamp(seconds: 1_780_000_000) })
    }
}

@Suite("Administrative acts")
struct AdministrationTests {
    private let desk = Desk()
    private let scope = Engagement.Scope(
        vendor: "hubspot", subject: "all", from: Timestamp(seconds: 0), until: Timestamp(seconds: 10), hook: "GDPR Art. 28(3)(h)")

    private func finding(_ severity: Engagement.Finding.Severity, _ agreements: [String] = []) -> EngagementEvent.Act {
        .finding(
            .init(severity: severity, title: "No deletion", owner: "DPO", due: Day(number: 30_000), effect: .none, agreements: agreements))
    }

    @Test("A stop is in force before its entry is written; lifting it is entered first")
    func order() async throws {
        let administration = desk.administration
        _ = try await administration.set(.vendor("hubspot"), isStop: true, why: "breach", by: "dpo")
        #expect(desk.take() == ["kept stop of vendor hubspot", "in force: hubspot", "entered vendor.suspend"])
        _ = try await administration.set(.vendor("hubspot"), isStop: false, why: "mended", by: "dpo")
        #expect(desk.take() == ["entered vendor.resume", "kept lift of vendor hubspot", "in force: "])
    }

    @Test("A stop that comes while another is lifted stays")
    func stoppedAnew() async throws {
        let administration = desk.administration
        _ = try await administration.set(.vendor("hubspot"), isStop: true, why: "drill", by: "dpo")
        desk.meanwhile.withLock {
            $0["vendor.resume"] = {
                do {
                    _ = try await administration.set(.vendor("hubspot"), isStop: true, why: "breach", by: "ciso")
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        let failure = await #expect(throws: ControlFailure.self) {
            try await administration.set(.vendor("hubspot"), isStop: false, why: "over", by: "dpo")
        }
        #expect(failure?.code == "changed_meanwhile")
        #expect(Suspensions(try desk.suspensionEvents()).stops[.vendor("hubspot")]?.why == "breach")
        #expect(desk.take().last { $0.hasPrefix("in force") } == "in force: hubspot")
    }

    @Test("With a full disk a stop still binds and says what is missing; nothing is lifted")
    func fullDisk() async throws {
        let administration = desk.administration
        desk.logIsFull.withLock { $0 = true }
        await #expect(throws: ControlFailure.self) {
            try await administration.set(.agreement("hubspot-news"), isStop: true, why: "breach", by: "dpo")
        }
        #expect(desk.take() == ["kept stop of agreement hubspot-news", "in force: hubspot-news"])
        await #expect(throws: ControlFailure.self) {
            try await administration.set(.agreement("hubspot-news"), isStop: false, why: "mended", by: "dpo")
        }
        #expect(desk.take() == [])
    }

    @Test("A critical finding suspends every agreement with the vendor, or those it names, before it is kept")
    func critical() async throws {
        let administration = desk.administration
        let id = try await administration.open(scope, by: "auditor").id
        #expect(id == "2026-1")
        _ = desk.take()
        _ = try await administration.act(finding(.critical), on: id, by: "auditor")
        #expect(
            desk.take() == [
                "kept stop of agreement hubspot-news", "in force: hubspot-news", "entered agreement.suspend",
                "kept stop of agreement hubspot-sales", "in force: hubspot-news hubspot-sales", "entered agreement.suspend",
                "entered audit.finding", "kept audit.finding",
            ])
        _ = try await administration.act(finding(.critical, ["hubspot-news"]), on: id, by: "auditor")
        #expect(desk.take().count { $0.hasPrefix("kept stop") } == 1)
        let before = try #require(try desk.engagement(id))
        #expect(before.findings.allSatisfy { $0.effect == .suspend })
        _ = try await administration.act(finding(.high), on: id, by: "auditor")
        #expect(desk.take() == ["entered audit.finding", "kept audit.finding"])
    }

    @Test("A sample's seed is entered with the log's size before anybody can draw")
    func sample() async throws {
        let administration = desk.administration
        let id = try await administration.open(scope, by: "auditor").id
        let engagement = try await administration.sample(id, seed: "dice", count: 5, by: "auditor")
        #expect(engagement.samples == [.init(seed: "dice", count: 5, origin: "acme.example/waybill", size: 42)])
        #expect(try await administration.open(scope, by: "auditor").id == "2026-2")
    }

    @Test("What does not fit is refused, and nothing happens")
    func refused() async throws {
        let administration = desk.administration
        let id = try await administration.open(scope, by: "auditor").id
        _ = desk.take()
        var stranger = scope
        stranger.vendor = "nobody"
        var backwards = scope
        backwards.until = backwards.from
        let acts: [() async throws -> Void] = [
            { _ = try await administration.open(stranger, by: "auditor") },
            { _ = try await administration.open(backwards, by: "auditor") },
            { _ = try await administration.set(.vendor("nobody"), isStop: true, why: "x", by: "x") },
            { _ = try await administration.set(.agreement("nothing"), isStop: true, why: "x", by: "x") },
            { _ = try await administration.set(.vendor("other"), isStop: false, why: "x", by: "x") },
            { _ = try await administration.set(.vendor("other"), isStop: true, why: "", by: "x") },
            { _ = try await administration.set(.vendor("other"), isStop: true, why: String(repeating: "x", count: 2_001), by: "x") },
            { _ = try await administration.act(finding(.low), on: "2026-9", by: "auditor") },
            { _ = try await administration.act(finding(.critical, ["other-1"]), on: id, by: "auditor") },
            { _ = try await administration.act(.close(summary: "nothing was looked at"), on: id, by: "auditor") },
            { _ = try await administration.sample(id, seed: "", count: 5, by: "auditor") },
            { _ = try await administration.sample(id, seed: "dice", count: 10_001, by: "auditor") },
        ]
        for (number, act) in acts.enumerated() {
            await #expect(throws: ControlFailure.self, "\(number)") { try await act() }
        }
        #expect(desk.take() == [])
    }
}
