import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@testable import WaybillControl

@Suite("The desk for agreements")
struct AgreementDeskTests {
    private let name = PolicyDocumentName(.agreement, DeskFixture.id)

    private func refusal(_ code: String, _ work: () async throws -> Void) async {
        do {
            try await work()
            Issue.record("it was done, and \(code) was expected")
        } catch let refusal as DeskRefusal {
            #expect(refusal.code == code, "\(refusal.message)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("Drafted by one and approved by another, a version joins the set and the one before is superseded")
    func life() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        let draft = try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna")
        #expect(draft.state == .draft && draft.version == 4)
        _ = try await desk.submit(name, by: "anna")
        await refusal("four_eyes") { _ = try await desk.approve(name, digest: draft.digest, by: "anna") }
        #expect(fixture.set.withLock { $0.agreements.filter { $0.id == DeskFixture.id }.count } == 1)
        #expect(try await desk.approve(name, digest: draft.digest, by: "ben").state == .active)
        let versions = try await desk.versions(of: name)
        #expect(versions.map(\.state) == [.active, .superseded])
        #expect(versions.map(\.origin) == [.console, .files])
        #expect(versions[0].supersedes == 3 && versions[1].supersededBy == 4)
        #expect(fixture.takeEntries().map { $0.split(separator: " ")[0] } == ["agreement.draft", "agreement.submit", "agreement.approve"])
        // Another desk over the same store: a restart.
        #expect(try await fixture.desk().versions(of: name).map(\.approvedBy) == ["ben", nil])
    }

    @Test("A draft that would break the policies is refused at submit, in lint's words and at their lines")
    func lint() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        for (from, to, code) in [
            ("vendor: hubspot\n", "vendor: hubspott\n", "unknown_vendor"), ("version: 4 ", "version: 3 ", "duplicate_version"),
            ("version: 4 ", "version: 2 ", "version_too_low"),
        ] {
            let text = String(decoding: try fixture.next(), as: UTF8.self).replacing(from, with: to)
            let tag = try await desk.lives()[name].draft?.tag
            _ = try await desk.draft(name, text: Array(text.utf8), tag: tag, by: "anna")
            do {
                _ = try await desk.submit(name, by: "anna")
                Issue.record("\(code) was submitted")
            } catch {
                #expect(error.code == "policy_invalid")
                #expect(error.problems.contains { $0.code == code && $0.line > 0 }, "\(error.problems)")
            }
        }
        await refusal("other_id") {
            _ = try await desk.draft(PolicyDocumentName(.agreement, "other"), text: fixture.next(), tag: nil, by: "anna")
        }
        await refusal("document_malformed") { _ = try await desk.draft(name, text: Array("a: [".utf8), tag: nil, by: "anna") }
    }

    @Test("A change must name the draft as it was seen")
    func lostUpdate() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        let first = try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna")
        let second = try await desk.draft(name, text: fixture.next("5000", "7000"), tag: first.tag, by: "anna")
        await refusal("changed_meanwhile") {
            _ = try await desk.draft(name, text: fixture.next("5000", "8000"), tag: first.tag, by: "ben")
        }
        await refusal("draft_exists") { _ = try await desk.draft(name, text: fixture.next("5000", "8000"), tag: nil, by: "ben") }
        #expect(try await desk.versions(of: name).first?.digest == second.digest)
    }

    @Test("The difference and the tests are those of the draft in the whole set")
    func before() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        _ = try await desk.draft(
            name, text: fixture.next("phone: {mask: {keep_last: 2}}", "phone: keep"), tag: nil, by: "anna")
        let sentences = try await desk.difference(name).map(\.sentence)
        #expect(sentences.contains("For newsletter, `phone` is now sent as it is; before masked to its last 2 characters."), "\(sentences)")
        let results = try await desk.findings(name).tests
        #expect(results.contains { !$0.passed } && results.contains { $0.passed })
    }

    @Test("Terminated is final, and a new version can follow")
    func end() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        _ = try await desk.terminate(name, why: "it ended", by: "ben")
        let standing = try fixture.control.lives().standing(of: fixture.set.withLock { $0 })
        #expect(standing.agreements == ["\(DeskFixture.id)@3": .terminated])
        await refusal("terminated") { _ = try await desk.terminate(name, why: "again", by: "ben") }
        #expect(try await desk.draft(name, text: fixture.next(), tag: nil, by: "anna").state == .draft)
        #expect(!fixture.takeEntries().joined().contains("ended"))
    }

    @Test("Under `approvals: required` a file counts once its very text is approved")
    func required() async throws {
        let fixture = try DeskFixture {
            $0["organisation.yaml"] = $0["organisation.yaml"]?.replacing("approvals: files", with: "approvals: required")
        }
        let desk = fixture.desk()
        let file = try #require(try await desk.versions(of: name).first)
        #expect(file.state == .draft)
        await refusal("no_draft") { _ = try await desk.approve(name, digest: String(repeating: "0", count: 64), by: "ben") }
        _ = try await desk.approve(name, digest: file.digest, by: "ben")
        #expect(try await desk.versions(of: name).first?.state == .active)
        let set = fixture.set.withLock { $0 }
        #expect(try fixture.control.lives().standing(of: set).agreements["\(DeskFixture.id)@3"] == .approved)
        var changed = fixture.files
        changed["agreements/\(DeskFixture.id).yaml"] = try Array(
            String(decoding: fixture.next(), as: UTF8.self).replacing("version: 4 ", with: "version: 3 ").utf8)
        let other = try PolicyLoader.load(files: changed).set
        #expect(try fixture.control.lives().standing(of: other).agreements["\(DeskFixture.id)@3"] == .draft)
    }

    @Test("What is due comes with the days that are left and what happens then")
    func due() async throws {
        let fixture = try DeskFixture()
        fixture.now.withLock { $0 = Timestamp(rfc3339: "2027-03-03T00:00:00Z") ?? $0 }
        let dates = try await fixture.desk().due(within: 30)
        let review = try #require(dates.first { $0.id == DeskFixture.id && $0.what == .review })
        #expect(review.daysLeft == -2 && !review.stops)
        let diligence = try #require(dates.first { $0.id == "hubspot" && $0.what == .dueDiligence })
        #expect(diligence.daysLeft == -1 && !diligence.stops)
        #expect(try #require(dates.first { $0.id == DeskFixture.id && $0.what == .end }).daysLeft == 29)
    }
}
