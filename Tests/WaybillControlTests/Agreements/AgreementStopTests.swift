import Dispatch
import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@testable import WaybillControl

@Suite("Stops and ends of documents")
struct AgreementStopTests {
    private let name = PolicyDocumentName(.agreement, DeskFixture.id)

    private func code(_ work: () async throws -> Void) async -> String? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? DeskRefusal)?.code ?? "\(error)"
        }
    }

    @Test("A caller of the files is ended though the files still name it, and so is a vendor")
    func endOfFiles() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        _ = try await desk.terminate(PolicyDocumentName(.caller, "crm-sync"), why: "replaced", by: "ben")
        _ = try await desk.terminate(PolicyDocumentName(.vendor, "hubspot"), why: "left", by: "ben")
        let standing = try fixture.control.lives().standing(of: fixture.set.withLock { $0 })
        #expect(standing.callersEnded == ["crm-sync"] && standing.vendorsNotApproved == ["hubspot"])
        for one in [PolicyDocumentName(.caller, "crm-sync"), PolicyDocumentName(.vendor, "hubspot")] {
            let report = try #require(try await desk.versions(of: one).first)
            #expect(report.state == .terminated && report.origin == .files && report.terminated?.by == "ben" && report.authors.isEmpty)
            #expect(await code { _ = try await desk.terminate(one, why: "again", by: "ben") } == "terminated")
        }
    }

    @Test("A stop and an end wait for no lint", .timeLimit(.minutes(2)))
    func stopDuringLint() async throws {
        let fixture = try DeskFixture()
        let (began, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let isSlow = Mutex(false)
        let desk = fixture.desk(check: { _ in
            guard isSlow.withLock({ $0 }) else { return }
            began.signal()
            goOn.wait()
        })
        let draft = try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna")
        _ = try await desk.submit(name, by: "anna")
        isSlow.withLock { $0 = true }
        let approval = Task { try await desk.approve(name, digest: draft.digest, by: "ben") }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                began.wait()
                continuation.resume()
            }
        }
        _ = try await desk.set(.vendor("mailchimp"), isStop: true, why: "breach", by: "ben")
        #expect(fixture.stops.withLock { $0.vendors } == ["mailchimp"])
        _ = try await desk.terminate(name, why: "the contract ended", by: "ben")
        goOn.signal()
        // What was decided before the end is looked at again.
        await #expect(throws: DeskRefusal.self) { try await approval.value }
        #expect(try await desk.versions(of: name).map(\.state) == [.draft, .terminated])
    }

    @Test("Whoever drafted what governs, or will, resumes neither agreement nor vendor; anybody else does")
    func fourEyes() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        try await fixture.approve(name, try fixture.next(), by: "anna", at: desk)
        let later = String(decoding: try fixture.next(), as: UTF8.self).replacing("version: 4 ", with: "version: 5 ")
            .replacing("from: 2026-04-01T00:00:00Z", with: "from: 2026-09-01T00:00:00Z")
        try await fixture.approve(name, Array(later.utf8), by: "carl", at: desk)
        let text = try #require(fixture.files["vendors/hubspot.yaml"])
        let vendor = PolicyDocumentName(.vendor, "nova")
        let nova = String(decoding: text, as: UTF8.self).replacing("vendor: hubspot", with: "vendor: nova")
            .replacing("api.hubapi.com", with: "api.nova.example")
        try await fixture.approve(vendor, Array(nova.utf8), by: "anna", at: desk)
        for (target, drafters) in [(SuspensionEvent.Target.agreement(DeskFixture.id), ["anna", "carl"]), (.vendor("nova"), ["anna"])] {
            _ = try await desk.set(target, isStop: true, why: "a question", by: "dora")
            for who in drafters {
                #expect(await code { _ = try await desk.set(target, isStop: false, why: "answered", by: who) } == "four_eyes")
            }
            _ = try await desk.set(target, isStop: false, why: "answered", by: "dora")
        }
        #expect(try await desk.stops().isEmpty)
    }

    @Test("The socket lifts stops of documents at their desk only")
    func socket() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        _ = try await desk.set(.vendor("hubspot"), isStop: true, why: "drill", by: "ben")
        let administration = AdministrationCommand(.suspension, desk.parts.administration)
        await #expect(throws: ControlFailure.self) {
            _ = try await administration.run(
                ["kind": "vendor", "id": "hubspot", "stop": "false", "why": "over", "by": "anna"], input: .none,
                output: ControlOutput { _ in })
        }
        #expect(try await desk.stops().count == 1)
        _ = try await DeskCommand(desk).run(
            ["kind": "vendor", "id": "hubspot", "act": "resume", "why": "over", "by": "anna"], input: .none, output: ControlOutput { _ in })
        #expect(try await desk.stops().isEmpty)
    }

    @Test("Versions that never govern again leave the set, and stay readable")
    func superseded() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        try await fixture.approve(name, try fixture.next(), at: desk)
        let fifth = String(decoding: try fixture.next("5000", "7000"), as: UTF8.self).replacing("version: 4 ", with: "version: 5 ")
        try await fixture.approve(name, Array(fifth.utf8), at: desk)
        let inSet = fixture.set.withLock { set in set.agreements.filter { $0.id == DeskFixture.id }.map(\.version) }
        #expect(inSet.sorted() == [3, 5])
        let versions = try await desk.versions(of: name)
        #expect(versions.map(\.version) == [5, 4, 3] && versions.map(\.state) == [.active, .superseded, .superseded])
        #expect(try await desk.text(of: versions[1]) == fixture.next())
        #expect(versions[0].supersedes == 4 && versions[2].supersededBy == 4)
        // Another desk over the same store: a restart. Of an end all versions are told.
        _ = try await fixture.desk().terminate(name, why: "ended", by: "ben")
        #expect(try await desk.versions(of: name).allSatisfy { $0.state == .terminated })
    }

    @Test("What is found about a draft is worked out once for a text and a set")
    func findings() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        let draft = try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna")
        let before = fixture.reads.withLock { $0 }
        for _ in 0..<3 { #expect(try await desk.show(name).problems.allSatisfy { !$0.isError }) }
        #expect(try await desk.findings(name).words.isEmpty == false)
        _ = try await desk.difference(name)
        #expect(fixture.reads.withLock { $0 } == before + 1)
        let broken = try fixture.next("vendor: hubspot\n", "vendor: hubspott\n")
        _ = try await desk.draft(name, text: broken, tag: draft.tag, by: "anna")
        #expect(try await desk.show(name).problems.contains { $0.code == "unknown_vendor" })
        #expect(fixture.reads.withLock { $0 } == before + 2)
    }

    @Test("A file that was changed and is not in force is not shown under the digest that people approve")
    func changedFile() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        let file = try #require(try await desk.versions(of: name).first)
        fixture.changed.withLock { $0["agreements/\(DeskFixture.id).yaml"] = Array("agreement: other".utf8) }
        #expect(await code { _ = try await desk.text(of: file) } == "file_changed")
    }

    @Test("A draft that somebody changed meanwhile is not discarded")
    func discard() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        let first = try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna")
        let second = try await desk.draft(name, text: fixture.next("5000", "7000"), tag: first.tag, by: "carl")
        #expect(await code { try await desk.discard(name, tag: first.tag, by: "anna") } == "changed_meanwhile")
        try await desk.discard(name, tag: second.tag, by: "anna")
        #expect(try await desk.lives()[name].draft == nil)
    }

    @Test(
        "Days that are left are whole ones, and none from the very moment on",
        arguments: [
            ("2026-03-01T00:00:00Z", "2026-02-28T00:00:00Z", 1), ("2028-03-01T00:00:00Z", "2028-02-28T00:00:00Z", 2),
            ("2026-06-01T12:00:00Z", "2026-06-01T11:59:59.999999999Z", 0), ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", -1),
            ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00.5Z", -1), ("2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z", -1),
            ("2026-06-01T12:00:00Z", "2026-06-02T12:00:00.000000001Z", -2), ("2026-06-02T12:00:00Z", "2026-06-01T12:00:00Z", 1),
        ])
    func days(_ date: String, _ now: String, _ expected: Int) throws {
        #expect(DueDate.days(try #require(Timestamp(rfc3339: date)), try #require(Timestamp(rfc3339: now))) == expected)
    }
}
