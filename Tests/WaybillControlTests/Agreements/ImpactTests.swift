import Dispatch
import Synchronization
import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillControl

@Suite("The impact of a draft")
struct ImpactTests {
    private static let now = Timestamp(rfc3339: "2026-06-01T12:00:00Z") ?? Timestamp(seconds: 0)

    private static func transfer(
        _ number: Int, vendor: String = "hubspot", caller: String = "crm-sync", fields: [String] = ["email", "phone"], ageDays: Int64 = 1
    ) throws -> IndexedTransfer {
        let terms = CanonicalValue.object([
            "decision": .string("allow_redacted"), "vendor": .string(vendor), "caller": .string(caller),
            "destination": .string("api.hubapi.com"), "region": .string("US"), "method": .string("POST"),
            "endpoint": .string("contacts.create"), "route": .string(""), "purposes": .array([.string("newsletter")]),
            "fields": .array(fields.map { .string($0) }), "regimes": .array([.string("gdpr")]),
        ])
        let at = now.adding(seconds: -ageDays * 86_400)
        return IndexedTransfer(
            index: UInt64(number), milliseconds: at.milliseconds, xid: TransferID(now: at, random: (UInt64(number), 1)),
            terms: SharedTransferTerms(try #require(TransferTerms(bytes: terms.bytes))), records: 2, denied: 0, droppedMembers: 0, codes: []
        )
    }

    /// The shipped policies, and the same with the phone left out.
    private static func sets() throws -> (PolicySet, PolicySet) {
        let fixture = try DeskFixture()
        var files = fixture.files
        let path = "agreements/\(DeskFixture.id).yaml"
        let text = String(decoding: try #require(files[path]), as: UTF8.self)
        files[path] = Array(text.replacing("      phone: {mask: {keep_last: 2}}", with: "      phone: drop").utf8)
        return (fixture.set.withLock { $0 }, try PolicyLoader.load(files: files).set)
    }

    @Test("Fields that would stay behind are told by caller and call, with the transfers that had them")
    func fields() throws {
        let (before, after) = try Self.sets()
        let impact = try Impact.work(vendors: ["hubspot"], before: before, after: after, now: Self.now) { filter, visit in
            #expect(filter.vendor == "hubspot" && filter.since == Self.now.adding(seconds: -30 * 86_400))
            for number in 1...5 { _ = try visit(try Self.transfer(number)) }
            _ = try visit(try Self.transfer(6, fields: ["email"]))
            // Another kind of transfer that changes alike: no line of its own.
            _ = try visit(try Self.transfer(7, fields: ["email", "first_name", "phone"]))
        }
        #expect(impact.isWhole && impact.transfers == 7 && impact.records == 14)
        #expect(impact.recordsNewlyDenied == 0 && impact.recordsNewlyPermitted == 0)
        let line = try #require(impact.lines.first)
        #expect(impact.lines.count == 1 && line.transfers == 6 && line.records == 12 && line.samples.count == 3)
        #expect(line.fieldsMore.isEmpty && line.fieldsFewer.count == 1 && line.fieldsFewer[0].hasPrefix("phone"))
        #expect(impact.coverage.hasPrefix("All 7 transfers from 2026-05-02T12:00:00Z to 2026-06-01T12:00:00Z "))
    }

    @Test("Kinds of transfers held in memory are bounded: then only the newest are told, and the answer says how far back")
    func bounded() throws {
        let (before, after) = try Self.sets()
        var asked = 0
        let impact = try Impact.work(vendors: ["hubspot", "mailchimp"], before: before, after: after, now: Self.now) { filter, visit in
            #expect(filter.vendor == "hubspot")
            for number in 0... {
                asked = number
                guard try visit(try Self.transfer(number, caller: "caller-\(number)", ageDays: 3)) else { return }
            }
        }
        #expect(asked == Impact.casesMax && impact.transfers == Impact.casesMax && !impact.isWhole)
        #expect(impact.coveredSince == "2026-05-29T12:00:00Z" && impact.coverage.contains("back to 2026-05-29T12:00:00Z"))
    }

    @Test("Progress tells days of the period, and throwing there ends the work")
    func progress() throws {
        let (before, after) = try Self.sets()
        struct Enough: Error {}
        var told: [UInt64] = []
        let steps: [Int64] = [0, 7, 29]
        #expect(throws: Enough.self) {
            try Impact.work(
                vendors: ["hubspot"], before: before, after: after, now: Self.now,
                reached: { _, done, total in
                    #expect(total == 30)
                    told.append(done)
                    if done == 29 { throw Enough() }
                },
                each: { _, visit in
                    for days in steps { for number in 0..<1_000 { _ = try visit(try Self.transfer(number, ageDays: days)) } }
                })
        }
        #expect(told == [0, 0, 7, 29])
    }

    @Test("A small log is answered at once; a long replay goes on beside the gate, once, and is found when it is done")
    func beside() async throws {
        let fixture = try DeskFixture()
        let gate = DispatchSemaphore(value: 0)
        let isHeld = Atomic(false)
        var parts = fixture.desk().parts
        parts.transfers = { _, visit in
            if isHeld.load(ordering: .relaxed) { gate.wait() }
            _ = try visit(try Self.transfer(1))
        }
        let desk = AgreementDesk(parts)
        let name = PolicyDocumentName(.agreement, DeskFixture.id)
        let draft = try await desk.draft(
            name, text: fixture.next("      phone: {mask: {keep_last: 2}}", "      phone: drop"), tag: nil, by: "anna")
        guard case .known(let quick) = try await desk.impactStanding(of: name, by: "anna") else {
            Issue.record("a small log is not answered at once")
            return
        }
        #expect(quick.transfers == 1 && quick.lines.count == 1)
        #expect(try await desk.impact(of: name) == quick)

        _ = try await desk.draft(
            name, text: fixture.next("      phone: {mask: {keep_last: 2}}", "      phone: keep"), tag: draft.tag, by: "anna")
        isHeld.store(true, ordering: .relaxed)
        var seen: [String] = []
        for by in ["anna", "ben"] {
            guard case .working(let job) = try await desk.impactStanding(of: name, by: by, waitMilliseconds: 50) else {
                Issue.record("it is known already")
                return
            }
            seen.append(job.id)
        }
        #expect(seen[0] == seen[1], "two ask, one works")
        #expect(try await desk.impact(of: name) == nil)
        let operation = try #require(DocumentOperations.all(desk).first { $0.id == "getAgreementImpact" })
        var call = APICall(principal: .of("carl", [.approver]), now: Self.now)
        call.values = ["agreement": DeskFixture.id]
        guard case .json(let underWay, 202, nil, let location?) = try await operation.run(call) else {
            Issue.record("the API waits for it")
            return
        }
        #expect(location == "/v1/agreements/\(DeskFixture.id)/impact" && underWay["state"].text == "running")
        let page = try await ImpactParts(desk: desk, call: ConsoleCall(principal: nil, now: Self.now), path: "/console/agreements/x").parts(
            of: name)
        let answer = ConsolePart.page("Draft", page)
        guard case .page("parts", _, let values, _, _) = answer, let html = try ConsoleTemplates().render("parts", values) else {
            Issue.record("the page is none of parts")
            return
        }
        #expect(html.contains("data-reload=\"3\"") && html.contains("<a href=\"/console/agreements/x/draft\">Look again</a>"))
        #expect(html.contains("of 30 days replayed") && html.contains("max=\"100\" value=\"0\""))
        gate.signal()
        guard case .known(let late) = try await desk.impactStanding(of: name, by: "anna", waitMilliseconds: 5_000) else {
            Issue.record("it never ends")
            return
        }
        #expect(late.lines.first?.fieldsMore.first?.hasPrefix("phone") == true)
    }

    @Test("A log that cannot be read is told without its words")
    func broken() async throws {
        struct Secret: Error { var text = "anna@example.com" }
        let fixture = try DeskFixture()
        var parts = fixture.desk().parts
        parts.transfers = { _, _ in throw Secret() }
        let desk = AgreementDesk(parts)
        let name = PolicyDocumentName(.agreement, DeskFixture.id)
        _ = try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna")
        do {
            _ = try await desk.impactStanding(of: name, by: "anna")
            Issue.record("it was worked out")
        } catch let refusal as DeskRefusal {
            #expect(refusal.code == "impact_failed" && refusal.message.contains("waybill log verify"))
        }
    }
}
