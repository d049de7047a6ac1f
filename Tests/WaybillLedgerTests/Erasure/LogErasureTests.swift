import Foundation
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillLedger

@Suite struct LogErasureTests {
    private let fixture = LogFixture()

    private func verify() throws -> VerificationReport {
        let keys = try LogKeys.testing()
        return LogVerifier(reader: fixture.store, publicKeys: try keys.publicKeys(), outside: try fixture.copy.read(), keys: keys).verify()
    }

    private func numbers() throws -> [UInt32] {
        try fixture.store.sideRows(from: 0, limit: 1_000).flatMap { row in
            try #require(SideRecord.records(inRow: row.body, first: row.first)).flatMap { $0.commitments.map(\.number) }
        }
    }

    private func several(_ number: UInt64, _ subjects: [(UInt32, String)]) -> TransferDraft {
        var draft = TransferDraft.testing(number)
        draft.subjects = subjects.map { subject, text in
            TransferDraft.Subject(
                number: subject, salt: InlineArray(repeating: UInt8(truncatingIfNeeded: subject)),
                identifiers: [Identifier(bytes: Array(text.utf8))])
        }
        return draft
    }

    @Test func `Numbers of one person go from every row, those of others stay, and the log verifies`() throws {
        let log = try fixture.open()
        for number in 1...40 as ClosedRange<UInt64> {
            log.record(several(number, [(7, "crm:7"), (8, "crm:8"), (9, "crm:9")]), ticket: number, for: fixture.listener)
            log.record(several(number + 100, [(8, "crm:8")]), ticket: number, for: fixture.listener)
        }
        #expect(fixture.listener.wait(for: 80))
        log.close()
        #expect(try verify().faults == [])
        let root = try verify().root
        let work = LogErasure(store: fixture.store, keys: try .testing())
        #expect(try work.transfers(of: [7, 9]) == 40)
        try work.sweep([7, 9])
        try work.sweep([7, 9])
        #expect(try work.transfers(of: [7, 9]) == 0)
        #expect(try work.transfers(of: [8]) == 80)
        #expect(Set(try numbers()) == [0, 8])
        #expect(try verify().faults == [])
        #expect(try verify().root == root)
    }

    @Test func `A row that somebody changed before still shows it after an erasure`() throws {
        let log = try fixture.open()
        log.record(several(1, [(7, "crm:7"), (8, "crm:8")]), ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        log.close()
        var rows = fixture.store.contents.side
        let at = try #require(rows.firstIndex { SideRecord.entries(inRow: $0.body, first: $0.first, naming: [8])?.isEmpty == false })
        let place = try #require(
            rows[at].body.indices.first { rows[at].body[$0..<min($0 + 4, rows[at].body.count)].elementsEqual([0, 0, 0, 8]) })
        rows[at].body[place + 3] = 6
        fixture.store.contents.side = rows
        #expect(try verify().faults.count == 1)
        try LogErasure(store: fixture.store, keys: try .testing()).sweep([7])
        #expect(try verify().faults.count == 1)
    }

    @Test func `What was prepared before an erasure is committed without the number, and makes nobody known`() throws {
        let log = try fixture.open()
        let known = try #require(try log.prepare(several(1, [(7, "crm:7"), (8, "crm:8")])))
        let unknown = try #require(try log.prepare(.testing(2, email: "guest@example.com")))
        let guest = try LogKeys.testing().fingerprint(Identifier(bytes: Array("email:guest@example.com".utf8)))
        log.forget(numbers: [7], fingerprints: [guest])
        log.record(known, ticket: 1, for: fixture.listener)
        log.record(unknown, ticket: 2, for: fixture.listener)
        log.record(.testing(3, email: "guest@example.com"), ticket: 3, for: fixture.listener)
        #expect(fixture.listener.wait(for: 3))
        log.close()
        #expect(fixture.store.contents.sightings.isEmpty)
        #expect(try Set(numbers()).isSuperset(of: [0, 8]))
        #expect(try !numbers().contains(7))
    }

    @Test func `A first-seen subject is overwritten, and their identifier goes from another's row`() throws {
        let log = try fixture.open()
        log.record(.testing(1, email: "guest@example.com"), ticket: 1, for: fixture.listener)
        var other = TransferDraft.testing(2, email: "other@example.com")
        other.subjects[0].identifiers.append(Identifier(bytes: Array("phone:+48601234567".utf8)))
        log.record(other, ticket: 2, for: fixture.listener)
        #expect(fixture.listener.wait(for: 2))
        log.close()
        let keys = try LogKeys.testing()
        let guest = keys.fingerprint(Identifier(bytes: Array("email:guest@example.com".utf8)))
        let phone = keys.fingerprint(Identifier(bytes: Array("phone:+48601234567".utf8)))
        let number = try #require(try LogErasure.sightings(in: fixture.store, of: [guest]).first).number
        let last = try fixture.store.lastSubjectNumber()
        let work = LogErasure(store: fixture.store, keys: keys)
        let gone = try work.blankSightings(of: [number]) { $0 == phone }
        #expect(gone.map(\.fingerprints.count) == [1, 1])
        #expect(try work.blankSightings(of: [number]) { $0 == phone }.isEmpty)
        #expect(try LogErasure.sightings(in: fixture.store, of: [guest, phone]).isEmpty)
        #expect(try fixture.store.lastSubjectNumber() == last)
        let kept = try #require(fixture.store.contents.sightings.first { !$0.sealed.isEmpty })
        #expect(try keys.open(kept.sealed, number: kept.number).map(\.bytes) == [Array("email:other@example.com".utf8)])
        try work.sweep([number])
        #expect(try verify().faults == [])
    }

    @Test func `The entry is found by what it says, and not where another one stands`() async throws {
        let log = try fixture.open()
        let mark = LogErasure.mark(of: [WaybillCore.Fingerprint(high: 1, low: 2)])
        let index = try await log.enter(.erasure(tombstone: mark, transfers: 3))
        log.close()
        let work = LogErasure(store: fixture.store, keys: try .testing())
        #expect(try work.entry(mark, from: 0) == index)
        #expect(try work.entry(mark, from: index + 1) == nil)
        #expect(try work.isEntry(mark, at: index))
        #expect(try !work.isEntry(mark, at: index - 1) && !work.isEntry(mark, at: 1 << 40))
        #expect(try work.entry(LogErasure.mark(of: []), from: 0) == nil)
    }

    @Test func `Recipients are told by vendor and agreement, with fields, times and the last outcome`() throws {
        let log = try fixture.open()
        for (number, vendor) in [(1, "hubspot"), (2, "mailchimp"), (3, "hubspot")] as [(UInt64, String)] {
            log.record(.testing(number, vendor: vendor, subjectNumber: 7), ticket: number, for: fixture.listener)
        }
        log.record(.testing(4, vendor: "segment", subjectNumber: 8), ticket: 4, for: fixture.listener)
        #expect(fixture.listener.wait(for: 4))
        for (number, result) in [(1, .ok), (3, .vendorError)] as [(UInt64, TransferOutcome.Result)] {
            log.record(TransferOutcome(xid: .testing(number), result: result, status: 200, sentBytes: 1, milliseconds: 1))
        }
        log.close()
        let found = try RecipientScan([fixture.store]).recipients(of: [7])
        #expect(found.transfers == 3)
        #expect(found.recipients.map(\.vendor) == ["hubspot", "mailchimp"])
        #expect(found.recipients.map(\.transfers) == [2, 1])
        #expect(found.recipients.map(\.lastOutcome) == ["vendor_error", "open"])
        #expect(found.recipients[0].agreement == "hubspot-newsletter" && found.recipients[0].versions == [3])
        #expect(found.recipients[0].fields == ["email"])
        #expect(try RecipientScan([fixture.store]).recipients(of: [99]).recipients.isEmpty)
    }
}
